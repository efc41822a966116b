#include "chaos/simulation/people.h"

#include "chaos/simulation/host_options.h"

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kNewGateMs = 150;  // until a new gate serves

Submit command_of(const Talk& talk) {
  const auto& row = command_row(talk.command);
  Submit command;
  command.command = text_of(talk.command);
  if (row.takes_node) command.node = talk.node;
  if (row.takes_reason) command.reason = "drill";
  return command;
}

Confirm yes(const client::Pending& pending) {
  Confirm confirm{pending.asked.token, pending.explanation_digest, {}, {}, pending.asked.sentence};
  if (pending.asked.confirmation != ConfirmationKind::enhanced) return confirm;
  for (const auto& risk : pending.explanation.risks) confirm.acknowledge.push_back(risk.id);
  confirm.accept_responsibility = pending.asked.responsibility_sentence;
  return confirm;
}

}  // namespace

People::People(World& world, std::vector<std::unique_ptr<ControlPlane>>& planes)
    : world_(world), planes_(planes) {}

void People::begin(const Plan& plan) {
  for (const auto& talk : plan.talks)
    world_.after(talk.at_ms * kNanosPerMs, [this, &talk] { begin_talk(talk); });
}

ClientProcess& People::arrive(unsigned plane, const std::string& principal, unsigned number,
                              std::function<void(ClientProcess&)> then) {
  auto& client = *clients_.emplace_back(
      std::make_unique<ClientProcess>(world_, plane, principal, number, planes_[plane]->broker()));
  client.on_welcome = [&client, then = std::move(then)] { then(client); };
  world_.begin(client);
  return client;
}

void People::begin_talk(const Talk& talk) {
  auto& client = arrive(talk.plane, talk.principal, talk.number,
                        [&talk](ClientProcess& arrived) { arrived.submit(command_of(talk)); });
  client.claimed_principal = talk.claims;
  client.on_request = [this, &talk, &client](const RequestId& request) {
    if (request.counter == 1) return submitted(talk, client, request, command_of(talk));
    asked_.push_back(request);
  };
  client.on_answer = [this, &talk, &client](const RequestId& request,
                                            const client::Answer& answer) {
    const auto* pending = std::get_if<client::Pending>(&answer);
    if (pending != nullptr && request.counter == 1) return react(talk, client, *pending);
    if (pending != nullptr) return client.confirm(request, yes(*pending));
    // The other half of a switchover, under the next id of the same session.
    if (request.counter > 1 || talk.then.empty()) return;
    client.submit(
        {std::string(text_of(CommandName::request_promotion)), talk.then, "drill", {}, {}});
  };
}

void People::submitted(const Talk& talk, ClientProcess& client, const RequestId& request,
                       const Submit& command) {
  asked_.push_back(request);
  for (const auto& question : talk.questions)
    world_.after(question.after_ms * kNanosPerMs,
                 [this, &question, request] { ask(question.plane, question.principal, request); });
  if (!talk.repeat) return;
  const auto& repeat = *talk.repeat;
  world_.after(repeat.after_ms * kNanosPerMs, [this, &talk, &repeat, &client, request, command] {
    // From the same connection as long as it lives, else from another.
    if (client.life.alive && client.plane() == repeat.plane &&
        client.principal() == repeat.principal)
      return world_.step(client, [&] { client.submit_again(request, command); });
    auto& other =
        arrive(repeat.plane, repeat.principal, ++visitors_,
               [request, command](ClientProcess& it) { it.submit_again(request, command); });
    other.on_answer = [this, &talk, &other](const RequestId&, const client::Answer& answer) {
      if (const auto* pending = std::get_if<client::Pending>(&answer)) react(talk, other, *pending);
    };
  });
}

void People::react(const Talk& talk, ClientProcess& client, const client::Pending& pending) {
  const auto request = pending.request;
  auto confirm = yes(pending);
  const auto later = [this, &client](std::uint64_t ms, std::function<void()> what) {
    world_.after(ms * kNanosPerMs,
                 [this, &client, what = std::move(what)] { world_.step(client, what); });
  };
  switch (talk.reaction) {
    case Reaction::abandon:
      return later(talk.think_ms,
                   [&client, request, token = confirm.token] { client.abandon(request, token); });
    case Reaction::leave:
      return later(talk.think_ms,
                   [this, &client] { world_.end(client, "killed", Restart::never); });
    case Reaction::by_another:
      world_.after(talk.think_ms * kNanosPerMs, [this, &talk, request, confirm] {
        arrive(talk.plane, talk.principal == "alice" ? "bob" : "alice", ++visitors_,
               [request, confirm](ClientProcess& other) { other.confirm(request, confirm); });
      });
      return;
    case Reaction::lose_authority:
      judge_anew(talk.plane, talk.principal, Authority::observer);
      world_.after((talk.think_ms + kNewGateMs + kNewGateMs) * kNanosPerMs,
                   [this, &talk] { judge_anew(talk.plane, talk.principal, Authority::operator_); });
      return later(talk.think_ms + kNewGateMs,
                   [&client, request, confirm] { client.confirm(request, confirm); });
    case Reaction::wrong_token:
      confirm.token.octets[0] ^= 1;
      break;
    case Reaction::wrong_explanation:
      confirm.explanation_digest.octets[0] ^= 1;
      break;
    case Reaction::forget_risks:
      confirm.acknowledge.clear();
      break;
    case Reaction::confirm_twice:
      later(talk.think_ms, [&client, request, confirm] { client.confirm(request, confirm); });
      return later(talk.think_ms + talk.number % 3,
                   [&client, request, confirm] { client.confirm(request, confirm); });
    default:
      break;
  }
  const auto late_ms = talk.reaction == Reaction::confirm_late ? kTokenTtlMs + 100 : 0;
  later(talk.think_ms + late_ms, [&client, request, confirm] { client.confirm(request, confirm); });
}

// A gate reads its policy when it starts.
void People::judge_anew(unsigned plane, const std::string& principal, Authority authority) {
  planes_[plane]->change_authority(principal, authority);
  world_.end(planes_[plane]->actor(ActorRole::gate), "killed", Restart::at_once);
}

void People::ask(unsigned plane, const std::string& principal, const RequestId& about) {
  if (!about.kernel_action) return;
  arrive(plane, principal, ++visitors_,
         [about](ClientProcess& client) { client.ask_outcome(about); });
}

void People::ask_for_everything() {
  arrive(0, "otto", ++visitors_, [this](ClientProcess& client) {
    for (const auto& request : asked_)
      if (request.kernel_action) client.ask_outcome(request);
  });
  for (unsigned plane = 0; plane < planes_.size(); ++plane) try_everybody(plane);
}

// A question, its yes and an act that the kernel rejects: all but the reader have then done their
// work, and an act has passed the kernel's fence.
void People::try_everybody(unsigned plane) {
  auto& client = arrive(plane, "carol", ++visitors_, [](ClientProcess& arrived) {
    arrived.submit(
        {std::string(text_of(CommandName::request_demotion)), "nowhere", "drill", {}, {}});
  });
  client.on_answer = [this, &client, plane](const RequestId& request,
                                            const client::Answer& answer) {
    if (const auto* pending = std::get_if<client::Pending>(&answer))
      return client.confirm(request, yes(*pending));
    const auto* failure = std::get_if<client::Failure>(&answer);
    if (failure == nullptr || failure->record == 0 ||
        failure->error.domain != Domain::kernel_rejection)
      return;
    for (const auto* part : {"broker", "gate", "explainer", "keeper", "writer", "dispatcher"})
      world_.note(EventKind::serves, lane_of(plane, part));
    if (planes_[plane]->broker().serves(ActorRole::reader))
      world_.note(EventKind::serves, lane_of(plane, "reader"));
    world_.note(EventKind::serves, "kernel");
  };
}

}  // namespace aeromq::chaos
