// Where a connection comes from, as text: shown whole, counted by what one sender cannot change at
// will.
#pragma once
#include <optional>
#include <string>

namespace aeromq::door {

struct Address {
  std::string shown;    ///< "10.0.0.7", "2001:db8::7", "uid 1000"
  std::string counted;  ///< the same, but of IPv6 the network: "2001:db8::/64"
};

/// Of an accepted connection, tcp or unix; nothing if it has ended already.
std::optional<Address> address_of(int fd);

}  // namespace aeromq::door
