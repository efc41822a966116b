#include "process/entry.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>

#include "process/exit_codes.h"
#include "process/limits.h"
#include "process/log.h"
#include "process/output.h"
#include "process/private_memory.h"

namespace aeromq::process {
namespace {

/// open() gives the lowest descriptor that is free: all below `fd` are taken by now.
void occupy(int fd, int mode) {
  if (::fcntl(fd, F_GETFD) >= 0) return;
  if (::open("/dev/null", mode) != fd) std::abort();
}

void mask_hangup(int how) {
  sigset_t hangup;
  ::sigemptyset(&hangup);
  ::sigaddset(&hangup, SIGHUP);
  ::sigprocmask(how, &hangup, nullptr);
}

/// A hangup waits until the service reads its signals. Ignored, as nohup leaves it, it would be
/// lost.
void hold_hangups() {
  ::signal(SIGHUP, SIG_DFL);
  mask_hangup(SIG_BLOCK);
  remember_log_file();
}

std::string name_of(int argc, char** argv) {
  const std::string path = argc > 0 ? argv[0] : "aeromq";
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

void become_tool() { mask_hangup(SIG_UNBLOCK); }

int enter(int argc, char** argv, const std::function<int()>& body, Program kind) {
  occupy(STDIN_FILENO, O_WRONLY);
  occupy(STDOUT_FILENO, O_RDONLY);
  occupy(STDERR_FILENO, O_RDONLY);
  raise_descriptor_limit();
  keep_memory_private();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  if (kind == Program::service) hold_hangups();
  int code = kExitFault;
  try {
    code = body();
  } catch (const std::exception& fault) {
    // A print function throws if nobody takes what it prints.
    if (output_whole()) put_error(name_of(argc, argv) + ": " + fault.what() + "\n");
    if (!output_whole() && !is_code_settled()) code = kExitOk;
  }
  if (code != kExitOk || output_whole() || is_code_settled()) return code;
  put_error(name_of(argc, argv) + ": standard output could not be written\n");
  return kExitUnwritten;
}

}  // namespace aeromq::process
