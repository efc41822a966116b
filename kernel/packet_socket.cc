#include "kernel/packet_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/protocol.h"

namespace aeromq::kernel {
namespace {

Error bad(const std::string& path, const std::string& what) {
  return make_error(ErrorCode::invalid_input, path + ": " + what, "socket");
}

bool fill(sockaddr_un& address, const std::string& path) {
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

constexpr int kSocketType = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

}  // namespace

PacketSocket::PacketSocket(PacketSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), broken_(other.broken_) {}
PacketSocket& PacketSocket::operator=(PacketSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(broken_, other.broken_);
  return *this;
}
PacketSocket::~PacketSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<PacketSocket> PacketSocket::connect(const std::string& path) {
  sockaddr_un address{};
  if (!fill(address, path)) return fail(bad(path, "not a usable socket path"));
  PacketSocket made(::socket(AF_UNIX, kSocketType, 0));
  if (made.fd_ < 0 ||
      ::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(make_error(ErrorCode::kernel_unavailable, path + ": " + std::strerror(errno)));
  return made;
}

Result<PacketSocket> PacketSocket::listen(const std::string& path, bool group_may) {
  sockaddr_un address{};
  if (!fill(address, path)) return fail(bad(path, "not a usable socket path (at most 107 octets)"));
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return fail(bad(path, "there is a file that is no socket"));
    if (::unlink(path.c_str()) != 0) return fail(bad(path, std::strerror(errno)));
  }
  PacketSocket made(::socket(AF_UNIX, kSocketType, 0));
  const auto mask = ::umask(group_may ? 0117 : 0177);
  const bool bound = made.fd_ >= 0 && ::bind(made.fd_, reinterpret_cast<const sockaddr*>(&address),
                                             sizeof address) == 0;
  const int error = errno;
  ::umask(mask);
  constexpr int kBacklog = 64;
  if (!bound) return fail(bad(path, std::strerror(error)));
  if (::listen(made.fd_, kBacklog) != 0) return fail(bad(path, std::strerror(errno)));
  return made;
}

std::optional<PacketSocket> PacketSocket::accept() {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return std::nullopt;
  return PacketSocket(fd);
}

std::optional<PacketSocket::PeerUser> PacketSocket::peer() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return PeerUser{credentials.uid, credentials.pid};
}

std::optional<unsigned> PacketSocket::peer_uid() const {
  const auto who = peer();
  return who ? std::optional(who->uid) : std::nullopt;
}

PacketSocket::Sending PacketSocket::send(ByteView packet) {
  if (broken()) return Sending::broken;
  for (;;) {
    const auto sent =
        ::send(fd_, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR);
    if (sent == static_cast<ssize_t>(packet.size())) return Sending::sent;
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Sending::full;
    broken_ = true;
    return Sending::broken;
  }
}

std::optional<Bytes> PacketSocket::receive() {
  if (broken()) return std::nullopt;
  // Not set to zeros: that would cost more than all the rest, and most looks find nothing.
  std::array<std::uint8_t, kMaxPacket + 1> room;
  for (;;) {
    const auto got = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (got <= 0 || static_cast<std::size_t>(got) > kMaxPacket) {
      broken_ = true;
      return std::nullopt;
    }
    return Bytes(room.begin(), room.begin() + got);
  }
}

}  // namespace aeromq::kernel
