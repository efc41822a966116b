// The actors that only pass on, and the dispatcher, which asks the kernel process in between.
#include <sys/socket.h>
#include <sys/un.h>

#include <map>

#include "bench/bare/roles.h"

namespace aeromq::bench {
namespace {

int connect_kernel(const Places& places) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (places.kernel().size() >= sizeof address.sun_path) die("the path is too long");
  std::strcpy(address.sun_path, places.kernel().c_str());
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    die("the kernel process does not listen");
  return fd;
}

/// The kernel's answer lies in the body from here on.
void grow(Frames& frames, std::size_t body) {
  frames[2].rebuild(body);
  std::memset(frames[2].data(), 'v', body);
}

}  // namespace

void run_forwarder(const Places& places, Role role) {
  zmq::context_t context;
  auto socket = join(context, places, role);
  for (;;) {
    while (auto frames = receive(socket)) send(socket, std::move(*frames));
    wait_for(socket);
  }
}

void run_dispatcher(const Places& places) {
  const int kernel = connect_kernel(places);
  zmq::context_t context;
  auto socket = join(context, places, Role::dispatcher);
  std::map<std::uint64_t, Frames> open;
  std::uint64_t last = 0;
  std::array<char, kKernelCall> call{};
  for (;;) {
    while (auto frames = receive(socket)) {
      const auto kind = header_of(*frames).kind;
      open[++last] = std::move(*frames);
      std::memcpy(call.data(), &last, sizeof last);
      call[sizeof last] = static_cast<char>(kind);
      if (::send(kernel, call.data(), call.size(), MSG_NOSIGNAL) < 0) die("send to the kernel");
    }
    while (::recv(kernel, call.data(), call.size(), MSG_DONTWAIT) ==
           static_cast<ssize_t>(call.size())) {
      std::uint64_t number = 0;
      std::memcpy(&number, call.data(), sizeof number);
      auto& frames = open.at(number);
      const auto kind = header_of(frames).kind;
      if (kind == Kind::inspect) grow(frames, kView);
      if (kind == Kind::ask) grow(frames, kExplanation);
      send(socket, std::move(frames));
      open.erase(number);
    }
    if (errno != EAGAIN) die("the kernel process is gone");
    wait_for(socket, kernel);
  }
}

}  // namespace aeromq::bench
