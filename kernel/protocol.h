// What travels between the embedded kernel and its peers: over the unix socket one octet of tag and
// one encoded struct a packet, over the node endpoint the frames of messages/envelope.h. Types
// only, no I/O.
//
// The first version knew no version. A dispatcher says its own when it opens; a connection that
// said none is told nothing that came later.
#pragma once
#include "messages/kernel_call.h"
#include "messages/routes.h"

namespace aeromq::kernel {

/// First octet of a packet on the unix socket.
enum class Tag : std::uint8_t {
  open = 1,  ///< OpenDispatcher -> opened (messages/catalogue.h) | error
  opened = 2,
  call = 3,    ///< KernelCall -> answer; a connection that has not opened can only read
  answer = 4,  ///< KernelAnswer
  fence = 5,   ///< Fence -> fenced | error
  fenced = 6,
  error = 7,  ///< Error; the connection ends after it
  lower = 8,  ///< LowerAcknowledged -> lowered | error
  lowered = 9,
};

/// The version of the unix socket's conversation that these programs speak.
constexpr unsigned kKernelProtocol = 2;

constexpr std::size_t kMaxPacket = kMaxBody + 1;  ///< octets
constexpr std::uint64_t kMaxLeaseMs = 600'000;    ///< the longest lease that an act may name

/// A dispatcher wants its epoch. Once per connection.
struct OpenDispatcher {
  std::uint64_t dispatcher = 0;  ///< 1 to 255
  std::uint64_t version = 0;     ///< what it speaks; 0: the first version
  static constexpr auto fields() {
    return std::tuple{Field{"dispatcher", &OpenDispatcher::dispatcher},
                      Field{"version", &OpenDispatcher::version, 0, 2}};
  }
  friend bool operator==(const OpenDispatcher&, const OpenDispatcher&) = default;
};

/// A person ends a dispatcher's epoch; a row of its own with uid and reason.
struct Fence {
  std::uint64_t dispatcher = 0;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{Field{"dispatcher", &Fence::dispatcher},
                      Field{"reason", &Fence::reason, 1000}};
  }
  friend bool operator==(const Fence&, const Fence&) = default;
};

struct Fenced {
  std::uint64_t dispatcher = 0;
  std::uint64_t epoch = 0;  ///< every older one is over
  static constexpr auto fields() {
    return std::tuple{Field{"dispatcher", &Fenced::dispatcher}, Field{"epoch", &Fenced::epoch}};
  }
  friend bool operator==(const Fenced&, const Fenced&) = default;
};

/// A person lowers what a node's report raised; a row of its own with uid, reason, both values.
struct LowerAcknowledged {
  std::uint64_t to = 0;
  std::string reason;
  static constexpr auto fields() {
    using L = LowerAcknowledged;
    return std::tuple{Field{"to", &L::to}, Field{"reason", &L::reason, 1000}};
  }
  friend bool operator==(const LowerAcknowledged&, const LowerAcknowledged&) = default;
};

struct Lowered {
  std::string node;  ///< whose reports had raised it
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  static constexpr auto fields() {
    return std::tuple{Field{"node", &Lowered::node, 64}, Field{"before", &Lowered::before},
                      Field{"after", &Lowered::after}};
  }
  friend bool operator==(const Lowered&, const Lowered&) = default;
};

// The message types of the node side stand outside the route table: no broker forwards them.

/// What a node says of itself. Its name is not in it: that comes from its key (P6-A3).
struct NodeReport {
  static constexpr auto kType = static_cast<MessageType>(120);
  NodeRole role = NodeRole::none;   ///< primary or replica
  std::string state;                ///< the node's own word
  std::string host;                 ///< where its service listens; empty = as configured
  std::uint64_t fencing_epoch = 0;  ///< the one that the node acts under
  std::uint64_t timeline = 0;
  std::uint64_t position = 0;  ///< octets of history; of a primary: acknowledged to its clients
  std::string snapshot_label;
  std::uint64_t snapshot_position = 0;
  static constexpr auto fields() {
    using R = NodeReport;
    return std::tuple{Field{"role", &R::role},
                      Field{"state", &R::state, 64},
                      Field{"host", &R::host, 128},
                      Field{"fencing_epoch", &R::fencing_epoch},
                      Field{"timeline", &R::timeline},
                      Field{"position", &R::position},
                      Field{"snapshot_label", &R::snapshot_label, 64},
                      Field{"snapshot_position", &R::snapshot_position}};
  }
  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

/// "Am I primary, under which fencing epoch?"
struct AskRole {
  static constexpr auto kType = static_cast<MessageType>(121);
  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const AskRole&, const AskRole&) = default;
};

/// The answer to both: what the register assigns to this node now.
struct Assignment {
  static constexpr auto kType = static_cast<MessageType>(122);
  std::string node;
  NodeRole role = NodeRole::none;
  std::uint64_t fencing_epoch = 0;
  std::uint64_t timeline = 0;      ///< of the last primary: what a replica follows
  std::uint64_t acknowledged = 0;  ///< what the last primary acknowledged: what a replica must hold
  std::vector<Error> refused;      ///< the report was not taken; at most one
  static constexpr auto fields() {
    using A = Assignment;
    return std::tuple{Field{"node", &A::node, 64},
                      Field{"role", &A::role},
                      Field{"fencing_epoch", &A::fencing_epoch},
                      Field{"timeline", &A::timeline},
                      Field{"acknowledged", &A::acknowledged},
                      Field{"refused", &A::refused, 1}};
  }
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// A packet of the unix socket.
template <class T>
Bytes packet(Tag tag, const T& body) {
  const auto encoded = encode(body);
  Bytes made;
  made.reserve(encoded.size() + 1);
  made.push_back(static_cast<std::uint8_t>(tag));
  made.insert(made.end(), encoded.begin(), encoded.end());
  return made;
}

}  // namespace aeromq::kernel
