#include "process/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

namespace aeromq::process {
namespace {

bool failed = false;
bool settled = false;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) {  // somebody else's terminal may be set not to block
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

bool put(std::string_view text) {
  if (!output_whole()) return false;
  failed = !write_all(STDOUT_FILENO, text);
  return !failed;
}

bool put_error(std::string_view text) { return write_all(STDERR_FILENO, text); }

bool output_whole() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.flush()) failed = true;
  return !failed;
}

bool reader_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void settle_code() { settled = true; }
bool is_code_settled() { return settled; }

}  // namespace aeromq::process
