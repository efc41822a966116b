// Hosts as text: what is an address, what may be a name, and when two spellings mean one host.
// Pure: nothing is resolved here (resolver.h does).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aeromq::transport {

/// An IPv4 or IPv6 address, without brackets.
bool is_address(const std::string& host);
/// An IPv6 address, without brackets.
bool is_ipv6(const std::string& host);

/// Why it is neither an address nor what a host can be called; empty: it is one.
std::string host_fault(const std::string& host);

/// "[::1]" as "::1"; everything else as it is.
std::string without_brackets(const std::string& host);
/// "10.0.0.1:5432", "[::1]:5432".
std::string with_port(const std::string& host, std::uint64_t port);

/// The same address in whatever spelling, an IPv4 address that is written as IPv6 included; or the
/// same name, in upper or lower case.
bool same_host(const std::string& one, const std::string& other);

struct HostPort {
  std::string host;  ///< without brackets
  std::string port;  ///< as it is written
};
/// HOST:PORT; an IPv6 address only in brackets. Nothing: it is not of that form.
std::optional<HostPort> split_host_port(std::string_view text);

}  // namespace aeromq::transport
