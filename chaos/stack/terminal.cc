#include "chaos/stack/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace aeromq::chaos {
namespace {

using Clock = std::chrono::steady_clock;

int left_ms(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const winsize size{50, 200, 0, 0};
  pid_ = forkpty(&fd_, nullptr, nullptr, &size);
  if (pid_ < 0) std::abort();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (fd_ >= 0) close(fd_);
}

bool Terminal::pump(int timeout_ms) {
  if (fd_ < 0) return false;
  pollfd one{fd_, POLLIN, 0};
  if (poll(&one, 1, timeout_ms) <= 0) return true;
  char buffer[8192];
  const auto got = read(fd_, buffer, sizeof buffer);
  if (got > 0) {
    shown_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  close(fd_);  // EIO: the program has let go of the terminal
  fd_ = -1;
  return false;
}

bool Terminal::wait_for(const std::string& text, int timeout_ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    if (const auto at = shown_.find(text, found_); at != std::string::npos) {
      found_ = at + text.size();
      return true;
    }
    const auto left = left_ms(deadline);
    if (left == 0 || !pump(left)) return shown_.find(text, found_) != std::string::npos;
  }
}

void Terminal::type(const std::string& keys) {
  [[maybe_unused]] const auto written = ::write(fd_, keys.data(), keys.size());
}

int Terminal::wait(int timeout_ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (left_ms(deadline) > 0 && pump(left_ms(deadline))) {
  }
  int status = 0;
  pid_t reaped = 0;
  while ((reaped = waitpid(pid_, &status, WNOHANG)) == 0 && left_ms(deadline) > 0)
    poll(nullptr, 0, 1);
  if (reaped == 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace aeromq::chaos
