// A real aeromq-kernel on a directory of its own, and its verbs as child processes.
#pragma once
#include <sys/types.h>

#include "kernel/embedded_link.h"
#include "kernel/node.h"
#include "tests/kernel/conformance.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {

/// Exit code and standard output of a finished child; a signal is 128 + its number.
struct Finished {
  int code = -1;
  std::string out;
};

class KernelProcess {
 public:
  KernelProcess();
  ~KernelProcess();
  KernelProcess(const KernelProcess&) = delete;
  KernelProcess& operator=(const KernelProcess&) = delete;

  void start();  ///< and waits until it serves
  /// From now on the kernel's Nth write or sync of a file ends it with SIGKILL. False: no strace.
  bool kill_at_write(int nth);
  void kill();         ///< SIGKILL, and waits for its end
  int wait_for_end();  ///< exit code, bounded
  bool running();
  void arm(const std::string& point, unsigned nth = 1);  ///< for the process started already
  Finished verb(std::vector<std::string> words) const;

  std::string config() const { return folder_ / "aeromq.toml"; }
  std::string socket() const { return folder_ / "run/kernel.sock"; }
  std::string register_file() const { return folder_ / "kernel/register.sqlite"; }
  std::string node_file(const std::string& node) const {
    return folder_ / ("nodes/" + node + ".toml");
  }
  /// Node `node` asks its role and reports as told.
  void settle(const std::string& node);
  void settle_all();

 private:
  void end_tracer();
  test::ScratchFolder folder_;
  pid_t pid_ = -1;
  pid_t tracer_ = -1;
};

class ProcessKernel final : public KernelFixture {
 public:
  void fresh() override;
  void restart() override;
  std::unique_ptr<Connection> open(std::uint8_t dispatcher) override;
  std::uint64_t kernel_ms() override;
  void pass_ms(std::uint64_t ms) override;
  void settle() override { process_->settle_all(); }
  void settle_only(const std::string& node) override { process_->settle(node); }

 private:
  std::unique_ptr<KernelProcess> process_;
};

}  // namespace aeromq::kernel
