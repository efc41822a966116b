#include "process/ready.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace aeromq::process {

void tell_ready() {
  const char* text = std::getenv("AEROMQ_READY_FD");
  if (text == nullptr) return;
  int fd = -1;
  const auto* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, fd);
  ::unsetenv("AEROMQ_READY_FD");
  if (read.ec != std::errc{} || read.ptr != end || fd < 3) return;
  if (::write(fd, "1", 1) == 1) ::close(fd);
}

}  // namespace aeromq::process
