#include "transport/endpoint.h"

#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "transport/host.h"
#include "transport/resolver.h"

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

constexpr unsigned kMostPort = 65535;
constexpr int kResolveMs = 5000;

bool is_port(const std::string& text) {
  unsigned port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  return fault == std::errc{} && end == text.data() + text.size() && port <= kMostPort;
}

/// What the system says against binding this tcp address. An interface's name is left to the one
/// who binds it.
Result<void> check_port(const std::string& endpoint) {
  const auto parts = split_host_port(std::string_view(endpoint).substr(kTcp.size()));
  if (!parts || ::if_nametoindex(parts->host.c_str()) != 0) return {};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST;
  auto addresses = Result<std::vector<std::string>>(std::vector<std::string>{"0.0.0.0"});
  if (parts->host != "*") addresses = resolve(parts->host, kResolveMs);
  if (!addresses) return bad(addresses.error().message + ": " + endpoint);
  for (const auto& address : *addresses) {
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), parts->port.c_str(), &hints, &found) != 0) continue;
    const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int fault = ::bind(fd, found->ai_addr, found->ai_addrlen) != 0 ? errno : 0;
    ::close(fd);
    ::freeaddrinfo(found);
    if (fault == EADDRINUSE) return bad("the address is in use: " + endpoint);
    if (fault == EADDRNOTAVAIL) return bad(address + " is no address of this machine: " + endpoint);
    if (fault != 0) return bad(std::string(std::strerror(fault)) + ": " + endpoint);
  }
  return {};
}

}  // namespace

Result<void> check_socket_path(const std::string& path) {
  if (path.size() > kMaxSocketPath)
    return bad("the socket path is " + std::to_string(path.size()) +
               " octets long, the system allows " + std::to_string(kMaxSocketPath) + ": " + path);
  return {};
}

std::string endpoint_fault(const std::string& endpoint) {
  if (endpoint.starts_with(kIpc)) return {};
  if (!endpoint.starts_with(kTcp)) return "must begin with ipc:// or tcp://";
  const auto parts = split_host_port(std::string_view(endpoint).substr(kTcp.size()));
  if (!parts) return "must be tcp://HOST:PORT, an IPv6 address in brackets";
  const auto fault = parts->host == "*" ? "" : host_fault(parts->host);
  if (!fault.empty()) return "its host '" + parts->host + "' " + fault;
  if (parts->port != "*" && !is_port(parts->port)) return "its port is not a number up to 65535";
  return {};
}

Result<void> check_endpoint(const std::string& endpoint, bool curve) {
  if (endpoint.starts_with(kIpc)) {
    const auto path = endpoint.substr(kIpc.size());
    if (path.empty() || path.front() == '@' || path.front() == '*')
      return bad("an ipc endpoint needs a path: " + endpoint);
    return check_socket_path(path);
  }
  if (const auto fault = endpoint_fault(endpoint); !fault.empty())
    return bad(fault + ": " + endpoint);
  if (!curve) return bad("tcp without CURVE is refused: " + endpoint);
  return {};
}

Result<void> check_free(const std::string& endpoint) {
  if (endpoint.starts_with(kTcp)) return check_port(endpoint);
  const auto path = endpoint.starts_with(kIpc) ? endpoint.substr(kIpc.size()) : endpoint;
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return bad("there is a file that is no socket: " + path);
  if (is_live_socket(path)) return bad("the address is in use: " + endpoint);
  return {};
}

}  // namespace aeromq::transport
