#include "chaos/hostile/raw_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace aeromq::chaos::hostile {
namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";
constexpr std::size_t kGulp = 65536;

int left_ms(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

bool wait(int fd, short events, Clock::time_point end) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, left_ms(end)) > 0;
}

template <class Address>
bool connect_to(int fd, const Address& address, int timeout_ms) {
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd, plain, sizeof address) == 0) return true;
  if (errno != EINPROGRESS) return false;
  if (!wait(fd, POLLOUT, Clock::now() + std::chrono::milliseconds(timeout_ms))) return false;
  int fault = 0;
  socklen_t size = sizeof fault;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && fault == 0;
}

sockaddr_in inet_address(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

}  // namespace

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::optional<RawSocket> RawSocket::dial(const std::string& endpoint, const std::string& source,
                                         int timeout_ms) {
  const bool ipc = endpoint.starts_with(kIpc);
  const int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  RawSocket made(::socket(ipc ? AF_UNIX : AF_INET, kind, 0));
  if (made.fd_ < 0) return std::nullopt;
  if (ipc) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = endpoint.substr(kIpc.size());
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (!connect_to(made.fd_, address, timeout_ms)) return std::nullopt;
    return made;
  }
  const int on = 1;
  ::setsockopt(made.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!source.empty()) {
    const auto own = inet_address(source, 0);
    if (::bind(made.fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
      return std::nullopt;
  }
  const auto colon = endpoint.rfind(':');
  const auto host = endpoint.substr(kTcp.size(), colon - kTcp.size());
  const auto port = static_cast<std::uint16_t>(std::stoul(endpoint.substr(colon + 1)));
  if (!connect_to(made.fd_, inet_address(host, port), timeout_ms)) return std::nullopt;
  return made;
}

bool RawSocket::send(ByteView octets, Clock::time_point end) {
  while (!octets.empty()) {
    const auto sent = ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent > 0)
      octets = octets.subspan(static_cast<std::size_t>(sent));
    else if (errno != EAGAIN || !wait(fd_, POLLOUT, end))
      return false;
  }
  return true;
}

std::optional<Bytes> RawSocket::receive(std::size_t count, Clock::time_point end) {
  Bytes octets(count);
  std::size_t have = 0;
  while (have < count) {
    const auto got = ::recv(fd_, octets.data() + have, count - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (got == 0 || errno != EAGAIN || !wait(fd_, POLLIN, end))
      return std::nullopt;
  }
  return octets;
}

bool RawSocket::ended() {
  std::array<std::uint8_t, kGulp> away{};
  for (;;) {
    const auto got = ::recv(fd_, away.data(), away.size(), 0);
    if (got <= 0) return got == 0 || errno != EAGAIN;
  }
}

void RawSocket::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void RawSocket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace aeromq::chaos::hostile
