#include "broker/registry.h"

#include <algorithm>

namespace aeromq::broker {

std::string name_of_actor(const LiveActor& actor) {
  constexpr std::size_t kIncarnationShown = 4;  // octets
  return std::string(text_of(actor.role)) + " " +
         to_hex(actor.incarnation.view().first(kIncarnationShown));
}

LiveActor* Registry::find(ActorRole role) {
  const auto at = actors_.find(role);
  return at == actors_.end() ? nullptr : &at->second;
}

const LiveActor* Registry::find(ActorRole role) const {
  const auto at = actors_.find(role);
  return at == actors_.end() ? nullptr : &at->second;
}

LiveActor* Registry::find_by_connection(const std::string& connection) {
  for (auto& [role, actor] : actors_)
    if (actor.connection == connection) return &actor;
  return nullptr;
}

bool Registry::join(LiveActor actor) {
  if (actors_.contains(actor.role)) return false;
  constexpr int kBaseBits = 32;
  actor.seq_out = ++joins_ << kBaseBits;  // WELCOME is the next one out,
  actor.seq_in = actor.seq_out + 1;       // and its number the last one in
  actors_.emplace(actor.role, std::move(actor));
  return true;
}

void Registry::remove(ActorRole role) {
  const auto at = actors_.find(role);
  if (at == actors_.end()) return;
  lost_.push_back(at->second.connection);
  if (lost_.size() > kMaxLost) lost_.pop_front();
  actors_.erase(at);
  if (role == ActorRole::dispatcher) kernel.reset();
}

bool Registry::was_lost(const std::string& connection) const {
  return std::ranges::find(lost_, connection) != lost_.end();
}

}  // namespace aeromq::broker
