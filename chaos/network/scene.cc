#include "chaos/network/scene.h"

#include <signal.h>

#include <algorithm>

#include "chaos/stack/log_witness.h"
#include "chaos/stack/processes.h"
#include "chaos/stack/recorder.h"
#include "process/settings.h"

namespace aeromq::chaos::network {
namespace {

constexpr int kPauseMs = 600;
constexpr int kSettleMs = 20000;
constexpr int kOutcomeMs = 10000;
constexpr std::array kNodes{"a", "b", "c"};

Event event_of(EventKind kind, const std::string& lane) {
  Event event;
  event.kind = kind;
  event.lane = lane;
  return event;
}

bool all_alive(const Status& status) {
  return status.epoch != 0 && std::ranges::all_of(status.parts, &Part::alive);
}

}  // namespace

Scene::Scene(Stack& stack, Chronicle& chronicle, Way direct)
    : stack_(stack), chronicle_(chronicle), direct_(direct), bystanders_(chronicle, direct) {
  chronicle_.watch_register(stack.register_file());
  say_policy();
  for (const auto* lane : {"broker", "kernel"}) {
    auto began = event_of(EventKind::began, lane);
    began.run = 1;
    chronicle_.add(std::move(began));
  }
}

void Scene::say_policy() {
  const auto principals = process::read_principals(stack_.dir() / "principals.toml");
  if (!principals) throw std::runtime_error(principals.error().message);
  for (const auto& principal : *principals) {
    auto policy = event_of(EventKind::policy, "harness");
    policy.principal = principal.name;
    policy.what = text_of(principal.authority);
    chronicle_.add(std::move(policy));
  }
}

// ---- actions --------------------------------------------------------------------------------

void Scene::act(Choices& choices, People& people) {
  const auto holder = read_register(stack_.register_file()).holder;
  const std::string any = kNodes[choices.below(kNodes.size())];
  const auto legal =
      holder.empty() ? CommandName::request_promotion : CommandName::request_demotion;
  const auto target = holder.empty() ? any : holder;
  const auto& known = people.requests();
  enum : std::uint64_t { kRepeat = 5, kDecline, kGone, kWrong, kInspect, kAsk, kForce, kAll };
  switch (const auto drawn = choices.below(kAll); drawn) {
    case kRepeat:
      return people.repeat(legal, target, static_cast<Again>(choices.below(3)));
    case kDecline:
      return people.change(legal, target, Reply::no);
    case kGone:
      return people.change(legal, target, Reply::gone);
    case kWrong:  // the kernel rejects it, unless it has changed its mind meanwhile
      return people.change(CommandName::request_promotion, holder.empty() ? "nowhere" : any,
                           Reply::yes);
    case kInspect:
      return people.inspect(choices.below(2) == 0 ? "observer" : "auditor");
    case kAsk:
      if (known.empty()) return people.inspect("observer");
      people.ask_outcome(
          "observer",
          *std::next(known.begin(), static_cast<std::ptrdiff_t>(choices.below(known.size()))));
      return;
    case kForce:
      return people.change(CommandName::force_promotion, any, Reply::yes);
    default:
      return people.change(legal, target, Reply::yes);
  }
}

void Scene::stop_kernel() {
  kernel_ = find_process((stack_.bin() / "aeromq-kernel").string(), stack_.dir().string() + "/",
                         " reporter ");
  if (kernel_ <= 0) return;
  ::kill(kernel_, SIGSTOP);
  chronicle_.add(event_of(EventKind::stopped, "kernel"));
  chronicle_.fault("stopped", "kernel");
}

void Scene::resume_kernel() {
  if (kernel_ <= 0) return;
  ::kill(kernel_, SIGCONT);
  chronicle_.add(event_of(EventKind::continued, "kernel"));
  kernel_ = -1;
}

// ---- afterwards -----------------------------------------------------------------------------

std::optional<Status> Scene::status() {
  if (!observer_ || !observer_->alive()) {
    observer_.reset();
    const auto settings = direct_("observer");
    auto made = settings ? client::Client::connect(*settings, quick_timeouts())
                         : Result<client::Client>(fail(Error{}));
    if (!made) return std::nullopt;
    observer_ = std::move(*made);
  }
  auto status = observer_->status();
  if (!status) return std::nullopt;
  return std::move(*status);
}

void Scene::pause_for_parts() {
  poll_until(kPauseMs, [&] {
    const auto now = status();
    return now && all_alive(*now);
  });
}

bool Scene::settle(std::uint64_t above_epoch, int timeout_ms) {
  return poll_until(timeout_ms, [&] {
    stack_.says("\n", 0);  // an unread pipe would stop the supervisor in the end
    const auto now = status();
    if (!now || !all_alive(*now) || now->epoch <= above_epoch) return false;
    // A reading that goes through all of the road.
    const auto request = observer_->next_request(CommandName::inspect_cluster_state);
    if (!request) return false;
    const auto seen = observer_->submit(
        *request, {std::string(text_of(CommandName::inspect_cluster_state)), "", "", "", {}});
    if (!seen || !std::holds_alternative<client::ViewAnswer>(*seen)) return false;
    epoch_ = now->epoch;
    return true;
  });
}

void Scene::finish(const std::set<std::string>& requests, const std::function<void()>& end_epoch) {
  chronicle_.add(event_of(EventKind::healed, "harness"));
  if (settle(0, kSettleMs)) {
    end_epoch();
    if (settle(epoch_, kSettleMs))
      for (const auto* lane : {"gate", "explainer", "keeper", "writer", "dispatcher", "reader",
                               "broker", "kernel", "door", "feed"})
        chronicle_.add(event_of(EventKind::serves, lane));
  }
  for (const auto& request : requests)
    poll_until(kOutcomeMs, [&] { return bystanders_.ask_outcome("observer", request); });
  bystanders_.leave();
  observer_.reset();
  chronicle_.look();
  stack_.stop();
  tell_crashes();
  read_back();
}

// A process may end, and its supervisor says so; one that crashed is worth a place in the history.
void Scene::tell_crashes() {
  for (const auto& line : stack_.news()) {
    const bool crashed = line.find(" ended: killed by SIG") != std::string::npos;
    if (!crashed || line.find(" killed by SIGKILL") != std::string::npos) continue;
    auto ended = event_of(EventKind::ended, "harness");
    ended.what = line.substr(0, line.find(';'));
    chronicle_.add(std::move(ended));
  }
}

void Scene::read_back() {
  for (const auto& row : read_register(stack_.register_file()).rows) {
    auto stands = event_of(EventKind::stands, "kernel");
    stands.request = row.request;
    stands.principal = row.principal;
    stands.what = row.action;
    stands.node = row.node;
    stands.digest = row.digest;
    stands.verdict = row.executed ? "executed" : "rejected";
    stands.code = row.code;
    stands.text = row.text;
    stands.number = row.transaction;
    chronicle_.add(std::move(stands));
  }
  for (const auto& record : LogWitness(stack_.dir() / "audit").take()) {
    auto kept = event_of(EventKind::kept, "disk");
    kept.request = record.request;
    kept.principal = record.principal;
    kept.what = record.stage;
    kept.command = record.command;
    kept.number = record.number;
    kept.digest = record.digest;
    kept.token = record.token;
    kept.verdict = record.outcome;
    std::ranges::replace(kept.verdict, ' ', '_');
    kept.code = record.code;
    chronicle_.add(std::move(kept));
  }
  chronicle_.add(verified(stack_.bin(), stack_.dir() / "audit"));
}

}  // namespace aeromq::chaos::network
