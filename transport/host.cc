#include "transport/host.h"

#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace aeromq::transport {
namespace {

constexpr std::size_t kMostName = 253;
constexpr std::size_t kMostLabel = 63;
constexpr std::size_t kMappedPrefix = 12;  ///< ::ffff:0:0/96, where IPv4 lies within IPv6

using Octets = std::array<unsigned char, sizeof(in6_addr)>;

/// Both kinds in the form of the longer one.
std::optional<Octets> octets_of(const std::string& host) {
  Octets octets{};
  if (inet_pton(AF_INET6, host.c_str(), octets.data()) == 1) return octets;
  octets[kMappedPrefix - 2] = octets[kMappedPrefix - 1] = 0xff;
  if (inet_pton(AF_INET, host.c_str(), octets.data() + kMappedPrefix) == 1) return octets;
  return std::nullopt;
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMostLabel && label.front() != '-' &&
         std::ranges::all_of(label, is_name_character);
}

bool is_number(std::string_view label) {
  return std::ranges::all_of(
      label, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

}  // namespace

bool is_address(const std::string& host) { return octets_of(host).has_value(); }

bool is_ipv6(const std::string& host) { return is_address(host) && host.find(':') != host.npos; }

// A last label of digits alone would be read by some as an address in an old short form.
std::string host_fault(const std::string& host) {
  if (host.empty()) return "is empty";
  if (is_address(host)) return {};
  if (host.find('%') != host.npos) return "has a zone (%), which is not taken";
  if (host.find(':') != host.npos) return "is not an IPv6 address";
  if (host.find(',') != host.npos) return "names several hosts";
  auto rest = std::string_view(host);
  if (rest.size() > kMostName) return "is longer than a host name may be";
  if (rest.ends_with('.')) rest.remove_suffix(1);
  for (;;) {
    const auto dot = rest.find('.');
    const auto label = rest.substr(0, dot);
    if (!is_label(label)) return "is neither an address nor a host name";
    if (dot == rest.npos) return is_number(label) ? "is not a whole IPv4 address" : "";
    rest.remove_prefix(dot + 1);
  }
}

std::string without_brackets(const std::string& host) {
  const bool has = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return has ? host.substr(1, host.size() - 2) : host;
}

std::string with_port(const std::string& host, std::uint64_t port) {
  const bool bare = host.find(':') != host.npos;
  return (bare ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool same_host(const std::string& one, const std::string& other) {
  const auto octets = octets_of(one);
  if (octets) return octets == octets_of(other);
  return ::strcasecmp(one.c_str(), other.c_str()) == 0;
}

std::optional<HostPort> split_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  HostPort parts{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  const bool bracketed = parts.host.front() == '[' && parts.host.back() == ']';
  parts.host = without_brackets(parts.host);
  if (bracketed != (parts.host.find(':') != parts.host.npos)) return std::nullopt;
  return parts;
}

}  // namespace aeromq::transport
