#include "tests/client/ctl_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/child.h"

namespace aeromq::ctl {
namespace {

[[noreturn]] void become(std::vector<std::string>& arguments) {
  std::vector<char*> raw;
  for (auto& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  ::unsetenv("AEROMQ_CONFIG");
  ::execv(raw[0], raw.data());
  ::_exit(127);
}

void make_pipe(int (&ends)[2]) { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }

/// Appends what is there; false at the end of the stream, which is then closed.
bool drain(int& fd, std::string& text) {
  char piece[65536];
  const auto got = ::read(fd, piece, sizeof piece);
  if (got > 0) {
    text.append(piece, static_cast<std::size_t>(got));
    return true;
  }
  ::close(fd);  // 0, or EIO of a terminal whose other end is gone
  fd = -1;
  return false;
}

}  // namespace

CtlProcess::CtlProcess(std::vector<std::string> arguments, Front front) {
  arguments.insert(arguments.begin(), AEROMQ_CTL);
  if (front == Front::terminal) {
    pid_ = ::forkpty(&out_, nullptr, nullptr, nullptr);
    if (pid_ == 0) become(arguments);
    in_ = out_;
    return;
  }
  int in[2];
  int output[2];
  int error[2];
  make_pipe(in);
  make_pipe(output);
  make_pipe(error);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(output[1], 1);
    ::dup2(error[1], 2);
    become(arguments);
  }
  for (const int theirs : {in[0], output[1], error[1]}) ::close(theirs);
  in_ = in[1];
  out_ = output[0];
  errors_ = error[0];
}

CtlProcess::~CtlProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (in_ >= 0 && in_ != out_) ::close(in_);
  if (out_ >= 0) ::close(out_);
  if (errors_ >= 0) ::close(errors_);
}

void CtlProcess::type(const std::string& text) const {
  EXPECT_EQ(::write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void CtlProcess::end_input() {
  ::close(in_);
  in_ = -1;
}

void CtlProcess::signal(int number) const { ::kill(pid_, number); }

bool CtlProcess::read_some(int timeout_ms) {
  if (out_ < 0 && errors_ < 0) return false;
  pollfd items[] = {{out_, POLLIN, 0}, {errors_, POLLIN, 0}};
  if (::poll(items, 2, timeout_ms) <= 0) return true;
  const bool terminal = in_ == out_;
  if (out_ >= 0 && items[0].revents != 0 && !drain(out_, out) && terminal) in_ = -1;
  if (errors_ >= 0 && items[1].revents != 0) drain(errors_, errors);
  return true;
}

bool CtlProcess::reads(const std::string& text) {
  const auto found = [&] { return out.find(text) != std::string::npos; };
  bool open = true;
  test::eventually([&] { return found() || !(open = read_some(20)); });
  return found();
}

int CtlProcess::end() {
  test::eventually([&] { return !read_some(20); });
  int status = 0;
  if (!test::eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace aeromq::ctl
