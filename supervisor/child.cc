#include "supervisor/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "process/signals.h"

namespace aeromq::supervisor {
namespace {

constexpr int kCannotRun = 127;

/// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* const* arguments, const char* const* environment, int null,
                         int log, int ready, pid_t parent) {
  process::reset_signals();
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotRun);  // it died in between
  ::dup2(null, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::fcntl(ready, F_SETFD, 0);
  ::execve(arguments[0], const_cast<char* const*>(arguments),
           const_cast<char* const*>(environment));
  const char* why = ::strerrordesc_np(errno);
  for (const char* text : {"cannot run ", arguments[0], ": ", why == nullptr ? "?" : why, "\n"})
    if (::write(2, text, std::strlen(text)) < 0) break;
  ::_exit(kCannotRun);
}

}  // namespace

Result<Started> start_child(const ChildSpec& spec) {
  const auto fault = [&](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input,
                           spec.name + ": " + what + ": " + std::strerror(errno), "process"));
  };
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) return fault("pipe");
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log =
      ::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  const auto ready_text = "AEROMQ_READY_FD=" + std::to_string(ready[1]);
  std::vector<const char*> environment;
  for (char** one = environ; *one != nullptr; ++one)
    if (std::strncmp(*one, "AEROMQ_READY_FD=", 16) != 0) environment.push_back(*one);
  environment.push_back(ready_text.c_str());
  environment.push_back(nullptr);
  std::vector<const char*> arguments;
  for (const auto& argument : spec.arguments) arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = null < 0 || log < 0 ? -1 : ::fork();
  if (pid == 0) become(arguments.data(), environment.data(), null, log, ready[1], parent);
  const int error = errno;
  for (const int fd : {null, log, ready[1]})
    if (fd >= 0) ::close(fd);
  if (pid < 0) {
    ::close(ready[0]);
    errno = error;
    return fault("cannot start (log " + spec.log + ")");
  }
  ::fcntl(ready[0], F_SETFL, O_NONBLOCK);
  return Started{pid, ready[0]};
}

}  // namespace aeromq::supervisor
