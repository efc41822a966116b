#include "transport/endpoint.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aeromq::transport {
namespace {

auto bad(std::string what) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), "endpoint"));
}

/// True if something accepts connections at this path.
bool is_live_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;  // cannot tell: fail closed
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool dead = rc != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  ::close(fd);
  return !dead;
}

/// True if binding this tcp address says that it is in use. An address that cannot be resolved
/// here (an interface name) is left to the one who binds it.
bool is_busy_port(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto port = address.substr(colon + 1);
  if (::getaddrinfo(host == "*" ? nullptr : host.c_str(), port.c_str(), &hints, &found) != 0)
    return false;
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool busy = ::bind(fd, found->ai_addr, found->ai_addrlen) != 0 && errno == EADDRINUSE;
  ::close(fd);
  ::freeaddrinfo(found);
  return busy;
}

}  // namespace

Result<void> check_socket_path(const std::string& path) {
  if (path.size() > kMaxSocketPath)
    return bad("the socket path is " + std::to_string(path.size()) +
               " octets long, the system allows " + std::to_string(kMaxSocketPath) + ": " + path);
  return {};
}

Result<void> check_endpoint(const std::string& endpoint, bool curve) {
  if (endpoint.starts_with(kIpc)) {
    const auto path = endpoint.substr(kIpc.size());
    if (path.empty() || path.front() == '@' || path.front() == '*')
      return bad("an ipc endpoint needs a path: " + endpoint);
    return check_socket_path(path);
  }
  if (!endpoint.starts_with(kTcp)) return bad("must begin with ipc:// or tcp://: " + endpoint);
  if (!curve) return bad("tcp without CURVE is refused: " + endpoint);
  return {};
}

Result<void> check_free(const std::string& endpoint) {
  if (endpoint.starts_with(kTcp)) {
    if (is_busy_port(endpoint.substr(kTcp.size())))
      return bad("the address is in use: " + endpoint);
    return {};
  }
  const auto path = endpoint.starts_with(kIpc) ? endpoint.substr(kIpc.size()) : endpoint;
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return bad("there is a file that is no socket: " + path);
  if (is_live_socket(path)) return bad("the address is in use: " + endpoint);
  return {};
}

}  // namespace aeromq::transport
