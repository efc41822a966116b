#include "tests/chaos/histories/story.h"

#include <algorithm>
#include <stdexcept>

#include "messages/digest.h"

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kStepNs = 700'000;
constexpr std::uint64_t kTokenNs = 60'000'000'000;
constexpr std::uint32_t kLeaseS = 300;

std::string hex(const std::string& text) { return to_hex(sha256(as_bytes(text)).octets); }

std::string action_name(const std::string& command) {
  if (command == "request_promotion") return "promote";
  return command == "request_demotion" ? "demote" : "force-promote";
}

}  // namespace

void renumber(History& history) {
  for (std::size_t i = 0; i < history.size(); ++i) history[i].seq = i + 1;
}

Story::Story() {
  begin_run("kernel");
  on_plane("", 1);
}

std::string Story::lane(const std::string& part) {
  return part == "kernel" ? part : plane().prefix + part;
}

Event& Story::add(EventKind kind, const std::string& where) {
  auto& event = events_.emplace_back();
  event.kind = kind;
  event.at_ns = now_ += kStepNs;
  event.lane = lane(where);
  event.run = std::max<std::uint64_t>(runs_[event.lane], 1);
  return event;
}

void Story::on_plane(const std::string& prefix, std::uint8_t dispatcher) {
  const auto known = std::ranges::find(planes_, prefix, &Plane::prefix);
  at_plane_ = static_cast<std::size_t>(known - planes_.begin());
  if (known != planes_.end()) return;
  planes_.emplace_back();
  planes_.back().prefix = prefix;
  planes_.back().dispatcher = dispatcher;
  for (const auto* part : {"broker", "gate", "explainer", "keeper", "writer"}) begin_run(part);
  record({}, "run_begins");
  sync();
  begin_run("dispatcher");
  open();
}

void Story::policy(const std::string& principal, const std::string& authority) {
  auto& event = add(EventKind::policy, "harness");
  event.principal = principal;
  event.what = authority;
}

Story::Request& Story::of(const std::string& id) {
  const auto at = std::ranges::find(requests_, id, &Request::id);
  if (at == requests_.end()) throw std::logic_error("no such request");
  return *at;
}

std::uint64_t Story::record(const Request& request, const std::string& stage) {
  Event kept;
  kept.kind = EventKind::kept;
  kept.lane = lane("disk");
  kept.run = 1;
  kept.request = request.id;
  kept.principal = request.who;
  kept.what = stage;
  kept.digest = request.digest;
  if (stage == "confirmation_asked" || stage == "confirmed") kept.token = request.token;
  if (stage == "executed") kept.verdict = "executed";
  if (stage == "rejected" || stage == "refused") kept.verdict = "not executed";
  kept.number = plane().kept.size() + 1;
  plane().kept.push_back(kept);
  return kept.number;
}

std::uint64_t Story::sync() {
  auto& durable = add(EventKind::durable, "disk");
  return durable.number = plane().kept.size();
}

void Story::hop(const Request& request, const std::string& from, const std::string& to,
                const std::string& type) {
  ++message_;
  for (const auto kind : {EventKind::sent, EventKind::received}) {
    const bool sends = kind == EventKind::sent;
    auto& event = add(kind, sends ? from : to);
    event.request = request.id;
    event.what = type;
    event.number = message_;
    event.peer = lane(sends ? to : from);
  }
}

Event& Story::tell(const Request& request, const std::string& what, const std::string& verdict,
                   std::uint64_t number) {
  auto& told = add(EventKind::told, request.lane);
  told.request = request.id;
  told.principal = request.who;
  told.what = what;
  told.verdict = verdict;
  told.number = number;
  told.final_ = verdict == "executed" || verdict == "rejected" || verdict == "not_executed";
  return told;
}

std::string Story::submit(const std::string& who, const std::string& command,
                          const std::string& node) {
  RequestId id;
  id.session.history = HistoryId{{7, 7, 7, 7}};
  id.session.dispatcher = plane().dispatcher;
  id.session.epoch = plane().epoch;
  id.session.lease_end_s = kLeaseS;
  id.session.number = ++plane().sessions;
  id.counter = 1;
  id.kernel_action = true;
  Request request;
  request.id = id.text();
  request.who = who;
  request.lane = "client." + who + ".1";
  if (runs_[lane(request.lane)] == 0) begin_run(request.lane);
  request.command = command;
  request.node = node;
  request.digest = hex(command + node + request.id);
  auto& asked = add(EventKind::asked, request.lane);
  asked.request = request.id;
  asked.principal = who;
  asked.what = "submit";
  asked.command = command;
  asked.node = node;
  asked.digest = request.digest;
  requests_.push_back(request);
  hop(request, request.lane, "broker", "submit");
  hop(request, "broker", "gate", "submit");
  hop(request, "gate", "broker", "survey");
  hop(request, "broker", "dispatcher", "survey");
  return request.id;
}

void Story::ask(const std::string& id) {
  auto& request = of(id);
  request.token = hex("token" + id);
  request.explanation = hex("explanation" + id);
  hop(request, "dispatcher", "broker", "surveyed");
  hop(request, "broker", "explainer", "surveyed");
  hop(request, "explainer", "broker", "explained");
  hop(request, "broker", "keeper", "explained");
  auto& issued = add(EventKind::issued, "keeper");
  issued.request = id;
  issued.principal = request.who;
  issued.token = request.token;
  issued.digest = request.explanation;
  issued.number = now_ + kTokenNs;
  hop(request, "keeper", "broker", "asked");
  hop(request, "broker", "writer", "asked");
  record(request, "requested");
  const auto number = record(request, "confirmation_asked");
  sync();
  hop(request, "writer", "broker", "confirmation_asked");
  hop(request, "broker", request.lane, "confirmation_asked");
  tell(request, "submit", "pending", number);
}

void Story::confirm(const std::string& id) {
  const auto& request = of(id);
  auto& asked = add(EventKind::asked, request.lane);
  asked.request = id;
  asked.principal = request.who;
  asked.what = "confirm";
  asked.digest = request.explanation;
  asked.token = request.token;
  hop(request, request.lane, "broker", "confirm");
  hop(request, "broker", "gate", "confirm");
  hop(request, "gate", "broker", "authorised_confirm");
}

void Story::spend(const std::string& id) {
  const auto& request = of(id);
  hop(request, "broker", "keeper", "authorised_confirm");
  auto& spent = add(EventKind::spent, "keeper");
  spent.request = id;
  spent.principal = request.who;
  spent.token = request.token;
  spent.digest = request.explanation;
  spent.number = now_;
  hop(request, "keeper", "broker", "confirmed");
}

void Story::dispatch(const std::string& id) {
  const auto& request = of(id);
  hop(request, "broker", "writer", "confirmed");
  record(request, "confirmed");
  record(request, "dispatched");
  sync();
  hop(request, "writer", "broker", "dispatch");
  hop(request, "broker", "dispatcher", "dispatch");
}

void Story::call(const std::string& id) { add(EventKind::called, "dispatcher").request = id; }

void Story::write_row(Request& request, const std::string& verdict) {
  request.verdict = verdict;
  ++state_;
  auto& row = add(EventKind::row, "kernel");
  row.request = request.id;
  row.principal = request.who;
  row.what = action_name(request.command);
  row.node = request.node;
  row.digest = request.digest;
  row.verdict = verdict;
  row.code = request.code;
  row.text = request.text;
  row.number = ++transaction_;
  stands_.push_back(row);
  stands_.back().kind = EventKind::stands;
}

void Story::execute(const std::string& id) {
  auto& request = of(id);
  write_row(request, "executed");
  auto& effect = add(EventKind::effect, "kernel");
  effect.request = id;
  effect.before = holder_;
  holder_ = request.command == "request_demotion" ? "" : request.node;
  effect.after = holder_;
  effect.number = transaction_;
  effect.epoch = ++fencing_;
}

void Story::reject(const std::string& id, const std::string& code, const std::string& text) {
  auto& request = of(id);
  request.code = code;
  request.text = text;
  write_row(request, "rejected");
}

void Story::tell_end(const std::string& id) {
  const auto& request = of(id);
  hop(request, "dispatcher", "broker", "acted");
  hop(request, "broker", "writer", "acted");
  const auto number = record(request, request.verdict);
  sync();
  hop(request, "writer", "broker", "result");
  hop(request, "broker", request.lane, "result");
  auto& told = tell(request, "confirm", request.verdict, number);
  told.code = request.code;
  told.text = request.text;
}

void Story::refuse(const std::string& id, const std::string& what, const std::string& stage,
                   const std::string& code) {
  auto& request = of(id);
  request.verdict = "not_executed";
  const auto number = record(request, stage);
  sync();
  hop(request, "writer", "broker", "error");
  hop(request, "broker", request.lane, "error");
  tell(request, what, "not_executed", number).code = code;
}

void Story::abandon(const std::string& id) {
  const auto& request = of(id);
  auto& asked = add(EventKind::asked, request.lane);
  asked.request = id;
  asked.principal = request.who;
  asked.what = "abandon";
  asked.token = request.token;
  hop(request, request.lane, "broker", "abandon");
  hop(request, "broker", "keeper", "abandon");
  refuse(id, "abandon", "confirmation_ended", "ABANDONED");
}

void Story::unknown(const std::string& id, const std::string& code) {
  tell(of(id), "confirm", "unknown", 0).code = code;
}

void Story::outcome(const std::string& id, const std::string& verdict) {
  const auto& request = of(id);
  auto& asked = add(EventKind::asked, request.lane);
  asked.request = id;
  asked.principal = request.who;
  asked.what = "outcome";
  Request question;
  question.who = request.who;
  const auto number = record(question, "answered");
  sync();
  auto& told = tell(request, "outcome", verdict, number);
  told.code = verdict == "rejected" ? request.code : "";
  told.text = verdict == "rejected" ? request.text : "";
}

std::string Story::confirmed(const std::string& who, const std::string& command,
                             const std::string& node) {
  const auto id = submit(who, command, node);
  ask(id);
  confirm(id);
  spend(id);
  dispatch(id);
  return id;
}

std::string Story::executed(const std::string& who, const std::string& command,
                            const std::string& node) {
  const auto id = confirmed(who, command, node);
  call(id);
  execute(id);
  tell_end(id);
  return id;
}

void Story::look() { add(EventKind::state, "kernel").digest = hex(std::to_string(state_)); }

void Story::begin_run(const std::string& part) {
  ++runs_[lane(part)];
  add(EventKind::began, part);
}

void Story::end_run(const std::string& part, const std::string& what) {
  add(EventKind::ended, part).what = what;
}

void Story::fault(const std::string& part, const std::string& what) {
  auto& event = add(EventKind::fault, part);
  event.what = what;
}

void Story::client_gone(const std::string& id) {
  auto& request = of(id);
  end_run(request.lane, "killed");
  record(request, "confirmation_ended");
  sync();
  begin_run(request.lane);
  request.verdict = "not_executed";
}

void Story::open() {
  ++plane().epoch;
  ++state_;
  auto& opened = add(EventKind::opened, "kernel");
  opened.node = std::to_string(plane().dispatcher);
  opened.epoch = plane().epoch;
}

void Story::settle(const std::string& id, const std::string& verdict) { of(id).verdict = verdict; }

void Story::repeat_message() {
  auto again = events_.back();
  again.at_ns = now_ += kStepNs;
  events_.push_back(again);
}

void Story::restarted_log() {
  record({}, "run_begins");
  sync();
}

History Story::end() {
  add(EventKind::healed, "harness");
  for (std::size_t i = 0; i < planes_.size(); ++i) {
    at_plane_ = i;
    for (const auto* part : {"broker", "gate", "explainer", "keeper", "writer", "dispatcher"})
      add(EventKind::serves, part);
  }
  at_plane_ = 0;
  add(EventKind::serves, "kernel");
  look();
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const auto id = requests_[i].id;
    at_plane_ = 0;
    for (std::size_t p = 0; p < planes_.size(); ++p)
      if (RequestId::parse(id)->session.dispatcher == planes_[p].dispatcher) at_plane_ = p;
    if (requests_[i].verdict.empty()) throw std::logic_error("a request without an end");
    outcome(id, requests_[i].verdict);
  }
  look();
  for (auto& event : stands_) event.at_ns = now_ += kStepNs;
  std::ranges::copy(stands_, std::back_inserter(events_));
  for (std::size_t i = 0; i < planes_.size(); ++i) {
    at_plane_ = i;
    for (auto& event : plane().kept) event.at_ns = now_ += kStepNs;
    std::ranges::copy(plane().kept, std::back_inserter(events_));
    add(EventKind::verified, "disk").verdict = "whole";
  }
  renumber(events_);
  return std::move(events_);
}

}  // namespace aeromq::chaos
