#include "door/listening.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "transport/endpoint.h"
#include "transport/host.h"
#include "transport/resolver.h"

namespace aeromq::door {
namespace {

constexpr int kBacklog = 4096;
constexpr int kDeadMs = 3000;  // a host that has gone without a word
constexpr int kResolveMs = 5000;
// Small: what the system buffers outlives a reader that has stopped, and a broker that has died.
constexpr int kSendBuffer = 65536;

auto bad(const std::string& what) {
  return fail(make_error(ErrorCode::invalid_input, what, "endpoint"));
}

std::string why() { return std::strerror(errno); }

/// The first IPv4 address of an interface; empty if it has none.
std::string address_of_interface(const std::string& name) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string found;
  for (const auto* one = all; one != nullptr && found.empty(); one = one->ifa_next) {
    if (name != one->ifa_name || one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET)
      continue;
    char text[NI_MAXHOST] = {};
    if (::getnameinfo(one->ifa_addr, sizeof(sockaddr_in), text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      found = text;
  }
  ::freeifaddrs(all);
  return found;
}

Result<std::vector<std::string>> hosts_of(const std::string& host) {
  using Hosts = std::vector<std::string>;
  if (host == "*") return Hosts{"0.0.0.0"};
  if (::if_nametoindex(host.c_str()) != 0) {
    auto address = address_of_interface(host);
    if (address.empty()) return bad("the interface " + host + " has no IPv4 address");
    return Hosts{std::move(address)};
  }
  return transport::resolve(host, kResolveMs);
}

Result<int> listen_on(int family, const sockaddr* address, socklen_t size,
                      const std::string& endpoint) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return bad("cannot bind " + endpoint + ": " + why());
  const int on = 1;
  const int off = 0;
  if (family != AF_UNIX) {  // all but the first for what it accepts, which takes them over
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadMs, sizeof kDeadMs);
  }
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  if (::bind(fd, address, size) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const auto fault = why();
  ::close(fd);
  return bad("cannot bind " + endpoint + ": " + fault);
}

sockaddr_un unix_address(const std::string& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint.copy(address.sun_path, sizeof address.sun_path - 1, transport::kIpc.size());
  return address;
}

Result<int> listen_at_path(const std::string& endpoint) {
  const auto address = unix_address(endpoint);
  ::unlink(address.sun_path);  // check_free() saw that it is a dead socket, or nothing
  return listen_on(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, endpoint);
}

}  // namespace

Result<std::vector<int>> listen_at(const std::string& endpoint) {
  if (auto good = transport::check_endpoint(endpoint, true); !good) return fail(good.error());
  if (auto free = transport::check_free(endpoint); !free) return fail(free.error());
  std::vector<int> listening;
  if (endpoint.starts_with(transport::kIpc)) {
    auto fd = listen_at_path(endpoint);
    if (!fd) return fail(fd.error());
    return std::vector{*fd};
  }
  const auto parts =
      transport::split_host_port(std::string_view(endpoint).substr(transport::kTcp.size()));
  if (!parts) return bad("must be tcp://HOST:PORT: " + endpoint);
  const auto hosts = hosts_of(parts->host);
  if (!hosts) return fail(hosts.error());
  for (const auto& host : *hosts) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int rc = ::getaddrinfo(host.c_str(), parts->port.c_str(), &hints, &found);
    const auto fd = rc != 0
                        ? Result<int>(bad("cannot bind " + endpoint + ": " + ::gai_strerror(rc)))
                        : listen_on(found->ai_family, found->ai_addr, found->ai_addrlen, endpoint);
    if (rc == 0) ::freeaddrinfo(found);
    if (!fd) {
      for (const int one : listening) ::close(one);
      return fail(fd.error());
    }
    listening.push_back(*fd);
  }
  return listening;
}

void stop_listening(const std::string& endpoint, std::vector<int>& descriptors) {
  if (!descriptors.empty() && endpoint.starts_with(transport::kIpc))
    ::unlink(unix_address(endpoint).sun_path);
  for (const int fd : descriptors) ::close(fd);
  descriptors.clear();
}

int connect_inside(const std::string& endpoint, const std::string& name) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  bool good = true;
  if (!name.empty()) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    name.copy(own.sun_path + 1, sizeof own.sun_path - 1);
    const auto size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    good = ::bind(fd, reinterpret_cast<const sockaddr*>(&own), static_cast<socklen_t>(size)) == 0;
  }
  const auto address = unix_address(endpoint);
  if (good && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace aeromq::door
