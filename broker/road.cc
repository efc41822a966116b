#include "broker/road.h"

namespace aeromq::broker {
namespace {

// What the dispatcher still has to see: not yet observed, and not an audit query.
constexpr TypeSet kNeedsDispatcher{MessageType::submit,
                                   MessageType::observe,
                                   MessageType::survey,
                                   MessageType::surveyed,
                                   MessageType::explained,
                                   MessageType::asked,
                                   MessageType::confirmation_asked,
                                   MessageType::confirm,
                                   MessageType::authorised_confirm,
                                   MessageType::confirmed,
                                   MessageType::dispatch};
constexpr TypeSet kTokenLives{MessageType::asked, MessageType::confirmation_asked,
                              MessageType::confirm};
constexpr TypeSet kAskedOnRecord{MessageType::confirmation_asked, MessageType::confirm,
                                 MessageType::authorised_confirm};
constexpr TypeSet kConfirmed{MessageType::confirm, MessageType::authorised_confirm,
                             MessageType::confirmed, MessageType::dispatch, MessageType::acted};

}  // namespace

bool Road::confirmed() const { return kConfirmed.has(last); }

bool ends_with(const Road& road, ActorRole lost) {
  if (road.waiting) return lost == ActorRole::dispatcher;
  if (road.holder() == lost) return true;
  if (lost == ActorRole::dispatcher) return kNeedsDispatcher.has(road.last);
  if (lost == ActorRole::keeper) return kTokenLives.has(road.last);
  if (lost == ActorRole::writer) return kAskedOnRecord.has(road.last);
  return false;
}

Error loss_error(const Road& road, ActorRole lost, const std::string& name) {
  if (!road.handed_over) return make_error(ErrorCode::stage_lost, name);
  if (lost == ActorRole::writer) return make_error(ErrorCode::audit_lost, name);
  return make_error(ErrorCode::dispatch_lost, name);
}

}  // namespace aeromq::broker
