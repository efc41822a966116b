// Which message of which link meets which fault: a pure function of the seed, so that a run can be
// played again. No sockets and no clock in here; the proxies carry out what is decided.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/fields.h"

namespace aeromq::chaos::network {

/// What can happen to one message, or with it to its whole connection.
enum class Fault : std::uint8_t {
  none,
  lost,       ///< it never arrives
  doubled,    ///< it arrives twice
  reordered,  ///< held back behind later ones
  corrupted,  ///< a bit is turned
  truncated,  ///< a frame ends early
  replayed,   ///< one of an earlier incarnation of the same peer arrives before it
  half_open,  ///< from it on this direction is silent, then the connection ends
  cut,        ///< the connection ends instead
  flapping,   ///< the same, and so do the next connections of this link
};
constexpr std::size_t kFaults = 10;

/// From the peer that connected to the listener, or back.
enum class Direction : std::uint8_t { up, down };

/// What a run does to its links.
struct Plan {
  std::uint64_t seed = 0;
  std::array<std::uint16_t, kFaults> per_mille{};  ///< of the messages, by Fault; the first unused
};

/// Swarm: each seed has its own selection of fault classes and links, each with its own intensity.
/// One in four links is left alone, so that others can be seen to work beside it.
Plan make_plan(std::uint64_t seed);

struct Decision {
  Fault fault = Fault::none;
  std::uint64_t detail = 0;  ///< where, how long: what the fault leaves open
  friend bool operator==(const Decision&, const Decision&) = default;
};

/// The fate of message `number` (from 1) of `link` in one direction.
Decision decide(const Plan& plan, std::string_view link, Direction direction, std::uint64_t number);

/// 64 well mixed bits of a text and two numbers.
std::uint64_t mix(std::uint64_t seed, std::string_view text, std::uint64_t number);

/// A small deterministic source of choices.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

 private:
  std::uint64_t state_;
};

}  // namespace aeromq::chaos::network

template <>
struct aeromq::EnumNames<aeromq::chaos::network::Fault> {
  static constexpr std::array<std::string_view, aeromq::chaos::network::kFaults> value{
      "none",      "lost",     "doubled",   "reordered", "corrupted",
      "truncated", "replayed", "half_open", "cut",       "flapping"};
};
template <>
struct aeromq::EnumNames<aeromq::chaos::network::Direction> {
  static constexpr std::array<std::string_view, 2> value{"up", "down"};
};
