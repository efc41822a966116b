#include "actors/runtime/turn.h"

#include <algorithm>
#include <utility>

#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::runtime {
namespace {

// Kill points have no name, and cost nothing, without the chaos build.
std::string point_of([[maybe_unused]] ActorRole role, [[maybe_unused]] std::string_view what) {
#ifdef AEROMQ_CHAOS
  return std::string(text_of(role)) + "." + std::string(what) + ".";
#else
  return {};
#endif
}

void hit(const std::string& point, std::string_view step) {
  if (!point.empty()) process::kill_point(point + std::string(step));
}

Outcome outcome_of(const ActAnswer& answer) {
  switch (answer.status) {
    case ActStatus::executed:
      return Outcome::executed;
    case ActStatus::rejected:
    case ActStatus::refused:
      return Outcome::not_executed;
    case ActStatus::duplicate:
      return Outcome::unknown;
  }
  return Outcome::unknown;
}

// What is told beside it: the kernel's own words, where it has spoken.
std::string with_kernel_words(std::string why, MessageType type, const Bytes& body) {
  if (type != MessageType::acted) return why;
  const auto acted = decode<Acted>(body);
  if (!acted || acted->lost) return why;
  const auto& answer = acted->answer;
  why += "; the kernel answered: " + std::string(text_of(answer.status));
  if (!answer.code.empty()) why += " " + answer.code + ": " + answer.text;
  return why;
}

// What is told when a record could not be made durable: the kernel's real outcome if it is known
// (hole 14); of a refusal what the refusal itself claims, since a repeat claims nothing (E1).
Outcome outcome_unrecorded(MessageType type, const Bytes& body) {
  switch (type) {
    case MessageType::acted: {
      const auto acted = decode<Acted>(body);
      return !acted || acted->lost ? Outcome::unknown : outcome_of(acted->answer);
    }
    case MessageType::refused_by_dispatcher:
    case MessageType::refused_by_keeper: {
      const auto refused = decode<Refused>(body);
      return refused ? refused->error.outcome : Outcome::unknown;
    }
    default:
      return Outcome::not_executed;
  }
}

}  // namespace

std::vector<std::string> kill_point_names(ActorRole role, std::span<const MessageType> accepts) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view what, std::initializer_list<std::string_view> steps) {
    for (const auto step : steps)
      names.push_back(std::string(text_of(role)) + "." + std::string(what) + "." +
                      std::string(step));
  };
  for (const auto type : accepts) {
    if (role == ActorRole::writer)
      add(name_of(type), {"received", "decided", "durable", "sent"});
    else if (role == ActorRole::dispatcher)
      add(name_of(type), {"received", "decided", "called"});
    else
      add(name_of(type), {"received", "decided", "sent"});
  }
  if (role == ActorRole::dispatcher)
    for (const auto kind : EnumNames<CallKind>::value)
      add("answer-" + std::string(kind), {"received", "decided", "sent"});
  return names;
}

void Turn::take(MessageType type, const RequestId& request, std::string principal, Bytes body,
                const Moment& now) {
  if (std::ranges::find(core_.accepts, type) == core_.accepts.end()) return;
  Item item;
  item.point = point_of(core_.role, name_of(type));
  item.request = request;
  item.type = type;
  hit(item.point, "received");
  Envelope envelope{type, request, std::move(principal), std::move(body)};
  item.step = core_.on(envelope, now);
  item.body = std::move(envelope.body);
  hit(item.point, "decided");
  items_.push_back(std::move(item));
}

void Turn::take(const KernelAnswer& answer, const Moment& now) {
  Item item;
  item.point = point_of(core_.role, "answer-" + std::string(text_of(answer.kind)));
  hit(item.point, "received");
  item.step = core_.on_answer(answer, now);
  hit(item.point, "decided");
  items_.push_back(std::move(item));
}

void Turn::tick(const Moment& now) {
  Item item;
  item.step = core_.on_tick(now);
  if (item.step != Step{}) items_.push_back(std::move(item));
}

void Turn::boundary_lost(const Moment& now) {
  Item item;
  item.step = core_.on_boundary_lost(now);
  items_.push_back(std::move(item));
}

Carried Turn::carry_out(Boundary& boundary, const Send& send) {
  auto items = std::exchange(items_, {});
  std::vector<Record> records;
  for (auto& item : items)
    for (auto& record : item.step.records) records.push_back(std::move(record));
  if (!records.empty()) {
    if (auto durable = boundary.persist(records); !durable) {
      process::log_error("audit log cannot be written", {{"why", durable.error().message}});
      say_unrecorded(items, durable.error(), send);
      return Carried::unrecorded;
    }
  }
  for (auto& item : items) {
    if (core_.role == ActorRole::writer) hit(item.point, "durable");
    for (const auto& call : item.step.calls) boundary.call(call);
    // Nor has it the calls that follow an answer: the next look, for those that came meanwhile.
    if (!item.step.calls.empty() && item.type != MessageType::none) hit(item.point, "called");
    for (const auto& envelope : item.step.send)
      if (!send(envelope.type, envelope.request, envelope.body)) return Carried::unsent;
    // The dispatcher's list has the sending of answers alone: it refuses a message on the spot only
    // if that was spoiled on the way.
    const bool listed = core_.role != ActorRole::dispatcher || item.type == MessageType::none;
    if (item.step.calls.empty() && listed) hit(item.point, "sent");
  }
  return Carried::done;
}

// Nothing of the turn may go on (G1); whoever waits is told why.
void Turn::say_unrecorded(const std::vector<Item>& items, const Error& error,
                          const Send& send) const {
  for (const auto& item : items) {
    if (item.request.empty() || item.type == MessageType::report) continue;
    ErrorAnswer answer;
    // A diagnostic only reads: its `acted` has a view, and no verdict of the kernel.
    const bool acts = item.type != MessageType::acted || item.request.kernel_action;
    answer.error = acts ? make_error(ErrorCode::audit_unavailable,
                                     with_kernel_words(error.message, item.type, item.body),
                                     outcome_unrecorded(item.type, item.body))
                        : make_error(ErrorCode::audit_unavailable, error.message);
    send(MessageType::error, item.request, encode(answer));
  }
}

}  // namespace aeromq::runtime
