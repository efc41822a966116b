#include "actors/dispatcher/dispatcher.h"

#include <utility>

#include "actors/dispatcher/view.h"
#include "messages/digest.h"
#include "messages/snapshot.h"

namespace aeromq {
namespace {

using enum CommandName;

Envelope refuse(const RequestId& request, Error error, Authority authority = Authority::none,
                Bytes command = {}) {
  const Refused refused{std::move(error), authority, std::move(command), {}, {}};
  return message(MessageType::refused_by_dispatcher, request, refused);
}

Step only(Envelope envelope) { return {{}, {}, {std::move(envelope)}}; }

Error malformed(std::string what) {
  return make_error(ErrorCode::malformed, std::move(what), Outcome::not_executed);
}

Error unreadable_answer() {
  return make_error(ErrorCode::kernel_unavailable, "its answer does not fit the call");
}

Error too_large() {
  return make_error(ErrorCode::kernel_unavailable, "its answer exceeds one message");
}

CallKind kind_of(const Command& command) {
  switch (command.name) {
    case inspect_wal:
      return CallKind::wal;
    case inspect_snapshots:
      return CallKind::snapshots;
    case inspect_promotion_state:
      return command.about.empty() ? CallKind::snapshot : CallKind::outcome;
    case run_diagnostics:
      return CallKind::diagnostics;
    default:
      return CallKind::snapshot;
  }
}

Result<Bytes> encoded_view(const Command& command, const KernelAnswer& answer) {
  const auto view = make_view(command, answer);
  if (!view) return fail(view.error());
  auto octets = encode(*view);
  if (octets.size() > kMaxNested) return fail(too_large());
  return octets;
}

}  // namespace

std::span<const MessageType> Dispatcher::accepts() {
  static constexpr std::array kTypes{MessageType::observe, MessageType::survey,
                                     MessageType::dispatch};
  return kTypes;
}

Step Dispatcher::on(const Envelope& envelope, const Moment&) {
  switch (envelope.type) {
    case MessageType::observe:
      return on_observe(envelope);
    case MessageType::survey:
      return on_survey(envelope);
    case MessageType::dispatch:
      return on_dispatch(envelope);
    default:
      return only(refuse(envelope.request, make_error(ErrorCode::illegal_message)));
  }
}

Step Dispatcher::on_tick(const Moment&) { return {}; }

Step Dispatcher::on_observe(const Envelope& envelope) {
  const auto body = decode<Observe>(envelope.body);
  if (!body) return only(refuse(envelope.request, malformed("observe")));
  const auto command = read_command(body->command, envelope.request);
  if (!command || command->row().confirmation != ConfirmationKind::never)
    return only(refuse(envelope.request, malformed("observe"), body->authority, body->command));
  Waiting waiting{envelope.type, envelope.request, body->authority, body->command, *command, 0};
  KernelCall call;
  call.kind = kind_of(*command);
  call.about = command->about;
  if (call.kind != CallKind::snapshot) return begin_read(std::move(call), std::move(waiting));
  // A snapshot that is under way may be older than this question: wait for the next.
  next_snapshot_.push_back(std::move(waiting));
  return snapshot_under_way_ ? Step{} : share_snapshot();
}

Step Dispatcher::on_survey(const Envelope& envelope) {
  const auto body = decode<Survey>(envelope.body);
  if (!body) return only(refuse(envelope.request, malformed("survey")));
  const auto command = read_command(body->command, envelope.request);
  if (!command || command->row().confirmation == ConfirmationKind::never)
    return only(refuse(envelope.request, malformed("survey"), body->authority, body->command));
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = text_of(command->name);
  call.node = command->node;
  call.successor = command->successor;
  return begin_read(std::move(call),
                    {envelope.type, envelope.request, body->authority, body->command, *command, 0});
}

Step Dispatcher::on_dispatch(const Envelope& envelope) {
  const auto& request = envelope.request;
  const auto body = decode<Dispatch>(envelope.body);
  // The repeat comes first: of the first one nothing may be claimed (E1).
  if (dispatched_.contains(request))
    return only(refuse(request, make_error(ErrorCode::duplicate_request),
                       body ? body->authority : Authority::none, body ? body->command : Bytes{}));
  if (!body) return only(refuse(request, malformed("dispatch")));
  const auto command = read_command(body->command, request);
  const bool licensed = command && command->row().confirmation != ConfirmationKind::never &&
                        body->authority == Authority::operator_ && body->record != 0 &&
                        !body->explanation_digest.empty() && !envelope.principal.empty();
  if (!licensed)
    return only(refuse(request, malformed("dispatch"), body->authority, body->command));
  const bool acts = command->row().kernel_action();
  if (acts && act_under_way_)
    return only(refuse(
        request, make_error(ErrorCode::busy, "a kernel action is in flight", Outcome::unknown),
        body->authority, body->command));
  remember(request);
  KernelCall call;
  call.kind = acts ? CallKind::act : CallKind::diagnostics;
  if (acts) {
    act_under_way_ = true;
    call.act = {request,
                action_of(command->name),
                command->node,
                body->fencing_epoch,
                body->overrides,
                sha256(body->command),
                envelope.principal,
                command->reason,
                command->successor};
  }
  return begin(std::move(call),
               {{envelope.type, request, body->authority, body->command, *command, body->record}});
}

Step Dispatcher::begin(KernelCall call, std::vector<Waiting> waiting) {
  call.id = next_call_++;
  in_flight_.emplace(call.id, InFlight{call, std::move(waiting)});
  return {{}, {std::move(call)}, {}};
}

Step Dispatcher::begin_read(KernelCall call, Waiting waiting) {
  if (in_flight_.size() < kMaxCalls && queued_.empty())
    return begin(std::move(call), {std::move(waiting)});
  if (queued_.size() >= kMaxQueued)
    return only(refuse(waiting.request,
                       make_error(ErrorCode::busy, "the kernel has more than it can answer"),
                       waiting.authority, waiting.body));
  queued_.emplace_back(std::move(call), std::move(waiting));
  return {};
}

Step Dispatcher::begin_queued() {
  Step step;
  while (in_flight_.size() < kMaxCalls && !queued_.empty()) {
    auto [call, waiting] = std::move(queued_.front());
    queued_.pop_front();
    append(step, begin(std::move(call), {std::move(waiting)}));
  }
  return step;
}

Step Dispatcher::share_snapshot() {
  if (next_snapshot_.empty()) return {};
  snapshot_under_way_ = true;
  return begin({}, std::exchange(next_snapshot_, {}));
}

void Dispatcher::remember(const RequestId& request) {
  if (dispatched_in_order_.size() == kMaxRemembered) {
    dispatched_.erase(dispatched_in_order_.front());
    dispatched_in_order_.pop_front();
  }
  dispatched_.insert(request);
  dispatched_in_order_.push_back(request);
}

namespace {

template <class W>
Envelope observed(const W& waiting, const KernelAnswer& answer) {
  auto view = encoded_view(waiting.command, answer);
  if (!view) return refuse(waiting.request, view.error(), waiting.authority, waiting.body);
  return message(waiting.request, Observed{waiting.authority, waiting.body,
                                           answer.snapshot.snapshot, answer.snapshot.fencing_epoch,
                                           snapshot_summary(answer.snapshot), std::move(*view)});
}

template <class W>
Envelope surveyed(const W& waiting, const KernelAnswer& answer) {
  const auto fault = answer_fault(answer);
  if (fault) return refuse(waiting.request, *fault, waiting.authority, waiting.body);
  auto snapshot = encode(answer.snapshot);
  if (snapshot.size() > kMaxNested)
    return refuse(waiting.request, too_large(), waiting.authority, waiting.body);
  return message(waiting.request,
                 Surveyed{waiting.authority, waiting.body, std::move(snapshot), answer.cost});
}

/// The kernel's word about a dispatch. Diagnostics without a view of one snapshot answer with an
/// empty view: the writer records that as a failure that executed nothing.
template <class W>
Envelope acted(const W& waiting, const KernelAnswer& answer) {
  Acted body{waiting.authority, waiting.body, waiting.cause, false, answer.act, {}};
  if (!waiting.command.row().kernel_action()) {
    body.answer = {};
    if (auto view = encoded_view(waiting.command, answer)) body.view = std::move(*view);
  }
  return message(waiting.request, body);
}

template <class W>
Envelope lost(const W& waiting) {
  if (waiting.type == MessageType::dispatch)
    return message(waiting.request,
                   Acted{waiting.authority, waiting.body, waiting.cause, true, {}, {}});
  // A read changes nothing: for it the kernel is only not there.
  return refuse(waiting.request,
                make_error(ErrorCode::kernel_unavailable, "the connection to it ended"),
                waiting.authority, waiting.body);
}

}  // namespace

Step Dispatcher::on_answer(const KernelAnswer& answer, const Moment&) {
  const auto at = in_flight_.find(answer.id);
  if (at == in_flight_.end()) return {};
  const auto done = std::move(at->second);
  in_flight_.erase(at);
  if (done.call.kind == CallKind::act) act_under_way_ = false;
  Step step;
  for (const auto& waiting : done.waiting) {
    if (answer.kind != done.call.kind && waiting.type == MessageType::dispatch)
      step.send.push_back(lost(waiting));
    else if (answer.kind != done.call.kind)
      step.send.push_back(
          refuse(waiting.request, unreadable_answer(), waiting.authority, waiting.body));
    else if (waiting.type == MessageType::dispatch)
      step.send.push_back(acted(waiting, answer));
    else if (waiting.type == MessageType::survey)
      step.send.push_back(surveyed(waiting, answer));
    else
      step.send.push_back(observed(waiting, answer));
  }
  if (done.call.kind == CallKind::snapshot) {
    snapshot_under_way_ = false;
    append(step, share_snapshot());
  }
  append(step, begin_queued());
  return step;
}

Step Dispatcher::on_kernel_lost(const Moment&) {
  Step step;
  for (const auto& [id, gone] : in_flight_)
    for (const auto& waiting : gone.waiting) step.send.push_back(lost(waiting));
  for (const auto& waiting : next_snapshot_) step.send.push_back(lost(waiting));
  for (const auto& [call, waiting] : queued_) step.send.push_back(lost(waiting));
  in_flight_.clear();
  queued_.clear();
  next_snapshot_.clear();
  snapshot_under_way_ = false;
  act_under_way_ = false;
  return step;
}

}  // namespace aeromq
