#include "broker/registry.h"

namespace aeromq::broker {

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
  return actors_.emplace(actor.role, std::move(actor)).second;
}

void Registry::remove(ActorRole role) {
  actors_.erase(role);
  if (role == ActorRole::dispatcher) kernel.reset();
}

}  // namespace aeromq::broker
