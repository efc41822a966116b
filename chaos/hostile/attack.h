// The catalogue of attacks. Each is led by one process of its own, without mercy, until its time is
// over; it leaves nothing behind but what the product kept of it.
#pragma once
#include <span>
#include <string_view>

#include "chaos/hostile/arena.h"

namespace aeromq::chaos::hostile {

struct Attack {
  std::string_view name;
  std::string_view who;   ///< stranger, observer, operator, node
  std::string_view what;  ///< one line for people
  Load (*lead)(const Arena& arena, Clock::time_point end);
};

std::span<const Attack> strangers_attacks();
std::span<const Attack> frames_attacks();
std::span<const Attack> messages_attacks();
std::span<const Attack> feed_attacks();
std::span<const Attack> nodes_attacks();

/// All of them, in the order in which they are led.
std::span<const Attack> attacks();

}  // namespace aeromq::chaos::hostile
