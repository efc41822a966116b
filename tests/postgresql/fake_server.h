// A process that stands in for a postmaster: it works in a folder whose lock file names it.
#pragma once
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace aeromq::test {

class FakeServer {
 public:
  /// Works in `folder`; its program is `program`, by default one that no PostgreSQL has.
  explicit FakeServer(const std::string& folder, const std::string& program = "/bin/sleep")
      : folder_(folder), start_(static_cast<std::uint64_t>(std::time(nullptr))) {
    pid_ = ::fork();
    if (pid_ == 0) {
      if (::chdir(folder.c_str()) == 0)
        ::execl(program.c_str(), "some name", "600", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    const auto link = "/proc/" + std::to_string(pid_) + "/exe";
    std::error_code error;
    for (int i = 0; i < 500; ++i) {
      if (std::filesystem::read_symlink(link, error) == std::filesystem::canonical(program)) break;
      ::poll(nullptr, 0, 10);
    }
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  std::uint64_t started_ms() const { return start_ * 1000; }
  /// The lock file; `late_s`: how much later than this process it says that the server began.
  void lock(std::uint64_t late_s = 0, const std::string& segment = {}) const {
    std::ofstream(folder_ + "/postmaster.pid") << pid_ << "\n"
                                               << folder_ << "\n"
                                               << start_ + late_s << "\n5432\n\n*\n"
                                               << segment << "\nready   \n";
  }

 private:
  std::string folder_;
  std::uint64_t start_;
  pid_t pid_ = -1;
};

}  // namespace aeromq::test
