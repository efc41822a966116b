#include "chaos/stack/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace aeromq::chaos {
namespace {

std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void close_fd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// Takes what is there; false at the end of the stream.
bool take(int& fd, std::string& text) {
  char buffer[16384];
  const auto got = read(fd, buffer, sizeof buffer);
  if (got > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  close_fd(fd);
  return false;
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  int in[2];
  int out[2];
  int err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    std::abort();
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (const auto& entry : environment) putenv(const_cast<char*>(entry.c_str()));
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::kill(pid_, SIGCONT);
    waitpid(pid_, nullptr, 0);
  }
  close_fd(in_);
  close_fd(out_);
  close_fd(err_);
}

bool Child::pump(int timeout_ms) {
  pollfd fds[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  if (poll(fds, 2, timeout_ms) <= 0) return true;
  if (out_ >= 0 && fds[0].revents != 0) take(out_, out_text_);
  if (err_ >= 0 && fds[1].revents != 0) take(err_, err_text_);
  return out_ >= 0 || err_ >= 0;
}

std::optional<std::string> Child::read_line(int timeout_ms) {
  const auto deadline = now_ms() + timeout_ms;
  for (;;) {
    if (const auto end = out_text_.find('\n'); end != std::string::npos) {
      auto line = out_text_.substr(0, end);
      out_text_.erase(0, end + 1);
      return line;
    }
    const auto left = deadline - now_ms();
    if (left <= 0 || out_ < 0 || !pump(static_cast<int>(left))) return std::nullopt;
  }
}

void Child::write(const std::string& text) {
  // A child that died does not read: SIGPIPE is ignored by the harness, the error is expected.
  [[maybe_unused]] const auto written = ::write(in_, text.data(), text.size());
}

void Child::close_input() { close_fd(in_); }

// A child that was waited for has no pid any more, and kill(-1) would reach every process there is.
void Child::kill(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

Ended Child::wait(int timeout_ms) {
  const auto deadline = now_ms() + timeout_ms;
  close_input();
  while (now_ms() < deadline && pump(static_cast<int>(deadline - now_ms()))) {
  }
  if (pid_ <= 0) return {};  // waited for already
  int status = 0;
  pid_t reaped = 0;
  while ((reaped = waitpid(pid_, &status, WNOHANG)) == 0 && now_ms() < deadline)
    poll(nullptr, 0, 1);
  if (reaped == 0) {
    ::kill(pid_, SIGKILL);
    ::kill(pid_, SIGCONT);
    waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, std::move(out_text_), std::move(err_text_)};
}

Ended run(const std::vector<std::string>& words, int timeout_ms,
          const std::vector<std::string>& environment) {
  Child child(words, environment);
  return child.wait(timeout_ms);
}

}  // namespace aeromq::chaos
