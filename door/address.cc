#include "door/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace aeromq::door {
namespace {

std::string text_of(int family, const void* octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, octets, text.data(), text.size()) == nullptr ? "?" : text.data();
}

Address of_ipv6(in6_addr octets) {
  if (IN6_IS_ADDR_V4MAPPED(&octets)) {
    const auto text = text_of(AF_INET, octets.s6_addr + 12);
    return {text, text};
  }
  const auto shown = text_of(AF_INET6, &octets);
  if (IN6_IS_ADDR_LOOPBACK(&octets)) return {shown, shown};
  std::memset(octets.s6_addr + 8, 0, 8);  // a host may have all of its /64
  return {shown, text_of(AF_INET6, &octets) + "/64"};
}

}  // namespace

std::optional<Address> address_of(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return std::nullopt;
  if (peer.ss_family == AF_INET) {
    const auto text = text_of(AF_INET, &reinterpret_cast<sockaddr_in*>(&peer)->sin_addr);
    return Address{text, text};
  }
  if (peer.ss_family == AF_INET6) return of_ipv6(reinterpret_cast<sockaddr_in6*>(&peer)->sin6_addr);
  ucred who{};
  socklen_t who_size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_size) != 0) return std::nullopt;
  const auto text = "uid " + std::to_string(who.uid);
  return Address{text, text};
}

}  // namespace aeromq::door
