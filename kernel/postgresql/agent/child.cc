#include "kernel/postgresql/agent/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

constexpr std::size_t kMostOutput = 64 * 1024;
constexpr int kLookMs = 2;
constexpr int kMostLookMs = 50;

/// The environment with what decides the language replaced.
std::vector<std::string> environment(Words words) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string one = *at;
    if (words == Words::in_english && (one.starts_with("LC_") || one.starts_with("LANG"))) continue;
    if (one.starts_with("AEROMQ_READY_FD=")) continue;
    all.push_back(one);
  }
  if (words == Words::in_english) all.emplace_back("LC_ALL=C");
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> raw;
  for (auto& text : texts) raw.push_back(text.data());
  raw.push_back(nullptr);
  return raw;
}

int spawn(const std::vector<std::string>& arguments, Words words, int out, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, out, 2);
  // A server that is started here lives longer than we do: it must hold no lock of ours.
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t usual;
  ::sigemptyset(&none);
  ::sigemptyset(&usual);
  ::sigaddset(&usual, SIGPIPE);
  ::sigaddset(&usual, SIGXFSZ);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  auto texts = arguments;
  auto settings = environment(words);
  const auto raw = pointers(texts);
  const auto env = pointers(settings);
  const int error =
      ::posix_spawn(&pid, texts[0].c_str(), &files, &attributes, raw.data(), env.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

/// Takes what the pipe has; false at its end.
bool drain(int pipe, std::string& output) {
  char buffer[4096];
  for (;;) {
    const auto got = ::read(pipe, buffer, sizeof buffer);
    if (got > 0) {
      output.append(buffer, static_cast<std::size_t>(got));
      if (output.size() > kMostOutput) output.erase(0, output.size() - kMostOutput);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && errno == EAGAIN;
  }
}

// The end of the child counts, not the end of its output: what it leaves running may keep that.
void follow(pid_t pid, int pipe, std::uint64_t deadline_ms, ChildEnd& end) {
  const auto deadline = after_ms(process::now(), deadline_ms);
  bool open = true;
  end.in_time = true;
  for (int wait_ms = kLookMs;; wait_ms = std::min(wait_ms * 2, kMostLookMs)) {
    int status = 0;
    const auto ended = ::waitpid(pid, &status, WNOHANG);
    if (open) open = drain(pipe, end.output);
    if (ended == pid) {
      end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      return;
    }
    if (ended < 0 && errno != EINTR) return;
    if (end.in_time && process::now().boot_ns >= deadline.boot_ns) {
      end.in_time = false;
      ::kill(pid, SIGKILL);
    }
    pollfd item{pipe, POLLIN, 0};
    ::poll(&item, open ? 1 : 0, wait_ms);
  }
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& arguments, std::uint64_t deadline_ms,
                   Words words) {
  ChildEnd end;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    end.output = std::strerror(errno);
    return end;
  }
  // Only our end: the child's must stay an ordinary blocking one.
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pid_t pid = -1;
  const int error = spawn(arguments, words, ends[1], pid);
  ::close(ends[1]);
  if (error != 0) {
    end.output = arguments[0] + ": " + std::strerror(error);
  } else {
    end.ran = true;
    follow(pid, ends[0], deadline_ms, end);
  }
  ::close(ends[0]);
  return end;
}

}  // namespace aeromq::postgresql
