// Programs that can be made to start under strace, once, by an order that lies beside them: so a
// process is killed at the nth system call of its very start, of its recovery above all. strace
// stands aside (-D), so the traced process stays its supervisor's own child under its own id.
#pragma once
#include <filesystem>
#include <string>

namespace aeromq::chaos {

class TracedPrograms {
 public:
  /// Makes `dir` with a script for each program of `bin_dir`.
  TracedPrograms(const std::filesystem::path& bin_dir, std::filesystem::path dir);
  TracedPrograms(const TracedPrograms&) = delete;
  TracedPrograms& operator=(const TracedPrograms&) = delete;
  ~TracedPrograms();

  /// What `aeromq up --bin-dir` is told.
  const std::filesystem::path& dir() const { return dir_; }
  /// The next start of `process` (audit-writer ...) is killed at its nth `call`, in any thread.
  void kill_next_start(const std::string& process, const std::string& call, unsigned nth) const;
  bool ordered(const std::string& process) const;
  void withdraw(const std::string& process) const;

 private:
  std::filesystem::path order_of(const std::string& process) const;
  std::filesystem::path dir_;
};

/// Lets a process go that started under strace and survived.
void release_traced(int pid);

}  // namespace aeromq::chaos
