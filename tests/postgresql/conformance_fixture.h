// The kernel of PostgreSQL as the conformance suite wants it: three real servers a, b and c, their
// agents, the real kernel process, asked over its socket.
#pragma once
#include "chaos/postgresql/cluster.h"
#include "tests/kernel/conformance.h"
#include "tests/support/scratch_folder.h"
#include "transport/keys.h"

namespace aeromq::postgresql {

class PostgresqlKernelFixture final : public kernel::KernelFixture {
 public:
  explicit PostgresqlKernelFixture(std::filesystem::path bin_dir);
  ~PostgresqlKernelFixture() override;

  /// The servers of before where they can be brought back by acts, else new ones.
  void fresh() override;
  void restart() override;
  std::unique_ptr<kernel::Connection> open(std::uint8_t dispatcher) override;
  std::uint64_t kernel_ms() override;
  void pass_ms(std::uint64_t ms) override;
  /// Every standby streams from the primary and has all of it; without one all have the same.
  void settle() override;
  void settle_only(const std::string&) override { settle(); }
  void silence(const std::string& node, std::uint64_t stale_after_ms) override;

  std::string word(const std::string& code) const override;
  std::vector<std::string> overrides() const override;
  std::string judge(const std::string& holder, const Act& act) const override;

 private:
  void make_cluster();
  bool bring_back();
  bool settled() const;
  void start_kernel();
  void stop_kernel();

  std::filesystem::path bin_dir_;
  std::unique_ptr<chaos::postgresql::Cluster> cluster_;
  std::unique_ptr<test::ScratchFolder> folder_;
  std::unique_ptr<chaos::Child> kernel_;
  bool silenced_ = false;
};

}  // namespace aeromq::postgresql
