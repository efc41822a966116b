// Child processes of tests, always killed and reaped, and bounded waiting for a condition.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace aeromq::test {

constexpr int kPatienceMs = 5000;

/// Looks until `done`, for at most 5 s. A look may itself wait (Peer::wait).
inline bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    ::poll(nullptr, 0, 2);
  }
  return done();
}

/// A process of its own with a pipe at its output; killed and reaped at the end.
class Child {
 public:
  enum class Errors { own, with_output };  ///< where its standard error goes
  explicit Child(std::vector<std::string> arguments, Errors errors = Errors::own) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (errors == Errors::with_output) posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    std::vector<char*> raw;
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, raw[0], &actions, nullptr, raw.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    stop(SIGKILL);
    ::close(out_);
  }
  void signal(int number) const { ::kill(pid_, number); }
  /// Sends the signal and waits for the end; the wait status.
  int stop(int number) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, number);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  pid_t pid() const { return pid_; }
  /// Waits for its end, at most `kPatienceMs`; the wait status, or nothing.
  std::optional<int> end() {
    int status = 0;
    if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return std::nullopt;
    pid_ = -1;
    return status;
  }
  /// The next line of output, without its end; nothing if none comes within `timeout_ms`.
  std::optional<std::string> line(int timeout_ms = kPatienceMs) {
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        auto found = text_.substr(0, end);
        text_.erase(0, end + 1);
        return found;
      }
      pollfd item{out_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&item, 1, timeout_ms) <= 0) return std::nullopt;
      const auto got = ::read(out_, buffer, sizeof buffer);
      if (got <= 0) return std::nullopt;
      text_.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

}  // namespace aeromq::test
