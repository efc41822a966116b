#include "actors/writer/disk_room.h"

namespace aeromq {
namespace {

/// From which room on a message of this authority is turned away.
Room limit_of(Authority authority) {
  return authority == Authority::operator_ || authority == Authority::auditor ? Room::reserve
                                                                              : Room::low;
}

bool asks_for_outcome(ByteView command) {
  const auto submit = decode<Submit>(command);
  return submit && !submit->about.empty() &&
         submit->command == text_of(CommandName::inspect_promotion_state);
}

Step tell(const Envelope& envelope, const Error& error) {
  Step step;
  step.send.push_back(message(envelope.request, ErrorAnswer{error, 0}));
  return step;
}

Error no_room(const DiskRoom& room) {
  auto why = "the disk of " + std::string(room.disk);
  why += room.room == Room::low ? " is nearly full: what room is left is kept for operators"
                                : " is full";
  return make_error(ErrorCode::audit_unavailable, std::move(why));
}

std::optional<Step> turn_away_refusal(const Envelope& envelope, const DiskRoom& room) {
  // It may be the end of a dispatch.
  if (envelope.type == MessageType::refused_by_dispatcher && envelope.request.kernel_action)
    return std::nullopt;
  const auto refused = decode<Refused>(envelope.body);
  if (!refused || room.room < limit_of(refused->authority)) return std::nullopt;
  return tell(envelope, refused->error);
}

// The broker waits for the word that it is recorded, and tells the client then.
std::optional<Step> turn_away_report(const Envelope& envelope) {
  const auto report = decode<Report>(envelope.body);
  if (!report || !report->refusal || !report->late.empty()) return std::nullopt;
  Step step;
  step.send.push_back(message(envelope.request, Reported{report->nonce, 0}));
  return step;
}

}  // namespace

std::optional<Step> turn_away(const Envelope& envelope, const DiskRoom& room) {
  if (room.room == Room::enough) return std::nullopt;
  auto limit = Room::reserve;
  switch (envelope.type) {
    case MessageType::observed: {
      const auto observed = decode<Observed>(envelope.body);
      if (!observed)
        limit = Room::low;
      else
        limit = asks_for_outcome(observed->command) ? Room::last : limit_of(observed->authority);
      break;
    }
    case MessageType::audit_answer:
    case MessageType::asked:
    case MessageType::confirmed:
      break;
    case MessageType::refused_by_gate:
    case MessageType::refused_by_dispatcher:
    case MessageType::refused_by_explainer:
    case MessageType::refused_by_keeper:
    case MessageType::refused_by_reader:
      return turn_away_refusal(envelope, room);
    case MessageType::report:
      return turn_away_report(envelope);
    default:
      return std::nullopt;
  }
  if (room.room < limit) return std::nullopt;
  return tell(envelope, no_room(room));
}

}  // namespace aeromq
