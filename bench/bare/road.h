// The product's roads as plain tables: which process sees a request after which. The bare model
// has the hops, the syncs and the dispatcher's credit of one, and nothing else: no policy, no
// msgpack, no memory of requests except what a header carries.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace aeromq::bench {

enum class Role : std::uint8_t { client, gate, dispatcher, explainer, keeper, writer };
constexpr std::array<std::string_view, 6> kRoleNames{"client",    "gate",   "dispatcher",
                                                     "explainer", "keeper", "writer"};

enum class Kind : std::uint8_t {
  hello,    ///< an actor tells the broker its role (in `stage`)
  inspect,  ///< a read
  ask,      ///< first half of a mutation, up to the confirmation asked
  confirm,  ///< second half
};

constexpr std::array kInspectStops{Role::gate, Role::dispatcher, Role::writer, Role::client};
constexpr std::array kAskStops{Role::gate,   Role::dispatcher, Role::explainer,
                               Role::keeper, Role::writer,     Role::client};
constexpr std::array kConfirmStops{Role::gate,       Role::keeper, Role::writer,
                                   Role::dispatcher, Role::writer, Role::client};

/// The stops of a request after the broker took it from the client.
constexpr std::span<const Role> stops(Kind kind) {
  if (kind == Kind::inspect) return kInspectStops;
  if (kind == Kind::ask) return kAskStops;
  if (kind == Kind::confirm) return kConfirmStops;
  return {};
}

constexpr std::size_t kRoutingId = 5;  ///< octets of the id that libzmq gives a connection

/// As long as the product's header frame, about.
struct Header {
  Kind kind = Kind::hello;
  std::uint8_t stage = 0;  ///< index in stops(kind) of the next stop
  std::array<char, kRoutingId> client{};
  std::uint8_t unused = 0;
  std::uint64_t number = 0;  ///< the client's slot
  std::array<std::uint64_t, 6> filler{};
};
static_assert(sizeof(Header) == 64);

/// True at the audit writer's second visit in a mutation: one record, the outcome.
constexpr bool is_outcome(const Header& header) {
  return header.kind == Kind::confirm && header.stage == stops(Kind::confirm).size() - 1;
}

// Octets of a message's body, about what the product's are with three nodes.
constexpr std::size_t kRequestBody = 300;
constexpr std::size_t kView = 1100;         ///< a read, from the dispatcher on
constexpr std::size_t kExplanation = 3000;  ///< a mutation's first half, from the dispatcher on

constexpr std::size_t kRecord = 300;  ///< octets of one audit record
constexpr std::size_t kKernelCall = 300;

}  // namespace aeromq::bench
