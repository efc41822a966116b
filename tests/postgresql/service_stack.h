// A real cluster with real agents and a real aeromq-kernel, in a directory of its own. Everything
// that it started is ended and removed with it, also when a test fails.
#pragma once
#include <memory>

#include "kernel/embedded_link.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {

constexpr int kLongMs = 60000;  ///< for what a busy machine may take this long to do

/// Looks until `done`, for at most kLongMs.
bool in_time(const std::function<bool()>& done);

class Stack {
 public:
  Stack();
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  void start_kernel();  ///< and waits until it answers
  void kill_kernel();
  bool kernel_died();  ///< within kLongMs, by a kill point
  /// The next process of kernel and agents that passes `point` dies there.
  void arm(const std::string& point);
  bool armed() const { return std::filesystem::exists(kill_file()); }
  int cluster(const std::vector<std::string>& words) const;  ///< a verb of scripts/pg_cluster
  int start_agent(const std::string& node) const;

  Result<kernel::EmbeddedLink> open(std::uint8_t dispatcher = 1);
  std::optional<KernelSnapshot> look();
  std::optional<OutcomeAnswer> outcome(const RequestId& request);
  /// Exit code of `aeromq-kernel outcome`.
  int outcome_by_hand(const RequestId& request) const;
  /// Exit code of another verb of aeromq-kernel, which wants the kernel stopped.
  int by_hand(std::vector<std::string> words) const;
  /// From now on the agent of `node` finds `script`, a shell's, in the place of pg_ctl. In it
  /// $real is the folder of the real one, $nodes that of the nodes' folders.
  void put_before_pg_ctl(const std::string& node, const std::string& script) const;
  /// Waits for a final word.
  std::optional<OutcomeAnswer> final_outcome(const RequestId& request);
  /// Waits until every node answers, the writers are `primaries`, and the others stream from it.
  bool settled(const std::string& primary);
  std::string config() const { return dir() + "/aeromq.toml"; }

 private:
  std::string dir() const { return folder_ / "aeromq"; }
  std::string pg() const { return folder_ / "pg"; }
  std::string kill_file() const { return folder_ / "kill/armed"; }

  test::ScratchFolder folder_;
  std::unique_ptr<test::Child> kernel_;
};

}  // namespace aeromq::postgresql
