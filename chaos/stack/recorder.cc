#include "chaos/stack/recorder.h"

#include <time.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "messages/ids.h"

namespace aeromq::chaos {
namespace {

constexpr int kVerifyMs = 120000;

// Who `aeromq up` lets in, from the file that it reads itself.
const std::regex kPrincipalName("^name = \"([^\"]+)\"");
const std::regex kPrincipalAuthority("^authority = \"([^\"]+)\"");
const std::regex kStarted("^started (\\S+) \\(pid ([0-9]+)\\)");
const std::regex kEnded("^(\\S+) \\(pid ([0-9]+)\\) ended: ([^;:]+)");

std::uint64_t epoch_of(const std::string& request) {
  const auto id = RequestId::parse(request);
  return id ? id->session.epoch : 0;
}

void fill(Event& event, const WitnessedRow& row) {
  event.request = row.request;
  event.principal = row.principal;
  event.what = row.action;
  event.node = row.node;
  event.digest = row.digest;
  event.verdict = row.executed ? "executed" : "rejected";
  event.code = row.code;
  event.text = row.text;
  event.number = row.transaction;
}

}  // namespace

std::uint64_t boot_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string lane_of(const std::string& process) {
  static const std::map<std::string, std::string> kLanes{{"authority-gate", "gate"},
                                                         {"confirmation-keeper", "keeper"},
                                                         {"audit-writer", "writer"},
                                                         {"audit-reader", "reader"}};
  const auto found = kLanes.find(process);
  return found == kLanes.end() ? process : found->second;
}

Recorder::Recorder(Stack& stack) : stack_(stack), log_(stack.dir() / "audit") {
  read_policy();
  take_news();
  stack_.passes();
  seen_ = read_register(stack_.register_file());  // what is there already, nobody here did
  seen_.dispatchers.clear();
  look();
}

void Recorder::read_policy() {
  std::ifstream file(stack_.dir() / "principals.toml");
  std::string name;
  std::smatch found;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_search(line, found, kPrincipalName)) name = found[1];
    if (!std::regex_search(line, found, kPrincipalAuthority)) continue;
    principals_[found[1]] = name;
    auto& policy = note(EventKind::policy, "harness");
    policy.principal = name;
    policy.what = found[1];
  }
}

Event& Recorder::note(EventKind kind, const std::string& lane) {
  auto& event = history_.emplace_back();
  event.at_ns = boot_now();
  event.kind = kind;
  event.lane = lane;
  return event;
}

void Recorder::killed(const std::string& lane, std::uint64_t at_ns) {
  auto& event = note(EventKind::ended, lane);
  event.at_ns = at_ns;
  event.what = "killed";
}

// The register is read before the log and written down after it: whatever had to be durable before
// an effect is then in the log for certain, and missing for certain if it was never written.
void Recorder::look() {
  const auto now = read_register(stack_.register_file());
  const auto records = log_.take();
  if (!records.empty()) note(EventKind::durable, "disk").number = records.back().number;
  records_.insert(records_.end(), records.begin(), records.end());
  take_rows(now);
  seen_ = now;
  note(EventKind::state, "kernel").digest = now.digest;
}

// What became visible in one look is written down in the order of its epochs: the rows of an epoch
// before the opening of the next. A row of an epoch that had ended before the last look stays a
// row of an ended epoch.
void Recorder::take_rows(const WitnessedRegister& now) {
  std::vector<WitnessedRow> fresh;
  for (const auto& row : now.rows)
    if (std::ranges::find(seen_.rows, row) == seen_.rows.end()) fresh.push_back(row);
  auto next = fresh.begin();
  auto grant = now.grants.begin() + static_cast<std::ptrdiff_t>(seen_.grants.size());
  const auto note_rows_below = [&](std::uint64_t epoch) {
    for (; grant != now.grants.end() && epoch_of(*grant) < epoch; ++grant)
      note(EventKind::granted, "kernel").request = *grant;
    for (; next != fresh.end() && epoch_of(next->request) < epoch; ++next)
      fill(note(EventKind::row, "kernel"), *next);
  };
  for (const auto& [number, epoch] : now.dispatchers) {
    const auto before = seen_.dispatchers.find(number);
    const auto last = before == seen_.dispatchers.end() ? 0 : before->second;
    for (auto opening = last + 1; opening <= epoch; ++opening) {
      note_rows_below(opening);
      auto& opened = note(EventKind::opened, "kernel");
      opened.node = std::to_string(number);
      opened.epoch = opening;
    }
  }
  note_rows_below(UINT64_MAX);
  take_effects(now, fresh);
}

// Every step of the fencing epoch is one transfer of write authority, with or without a row.
void Recorder::take_effects(const WitnessedRegister& now, const std::vector<WitnessedRow>& fresh) {
  std::vector<WitnessedRow> executed;
  std::ranges::copy_if(fresh, std::back_inserter(executed),
                       [](const WitnessedRow& row) { return row.executed; });
  auto holder = seen_.holder;
  const auto steps = now.fencing_epoch - seen_.fencing_epoch;
  for (std::uint64_t i = 0; i < steps; ++i) {
    auto& effect = note(EventKind::effect, "kernel");
    const bool last = i + 1 == steps;
    effect.before = holder;
    if (i < executed.size()) {
      effect.request = executed[i].request;
      effect.number = executed[i].transaction;
      holder = executed[i].action == "demote" ? "" : executed[i].node;
    }
    if (last) holder = now.holder;
    effect.after = holder;
    effect.epoch = seen_.fencing_epoch + i + 1;
  }
}

std::vector<Pass> Recorder::follow(bool with_points) {
  auto passes = stack_.passes();
  take_news();
  const auto is_call = [](const Pass& pass) { return pass.point == "kernel.act.received"; };
  if (std::ranges::any_of(passes, is_call)) look();
  for (const auto& pass : passes) {
    const auto lane = lane_of(pass.point.substr(0, pass.point.find('.')));
    const auto known = processes_.find(pass.pid);
    const auto run = known == processes_.end() ? runs_[lane] : known->second.second;
    if (is_call(pass)) {
      auto& called = note(EventKind::called, "dispatcher");
      called.request = executing_at(pass.boot_ns);
      called.at_ns = seen_from(pass.boot_ns);
    }
    if (!with_points) continue;
    auto& point = note(EventKind::point, lane);
    point.at_ns = pass.boot_ns;
    point.run = run;
    point.what = pass.point;
  }
  return passes;
}

// The log is only looked at now and then. What had to be durable before this moment is known to be
// by the first look behind it, so what happened then is written down right behind that look.
std::uint64_t Recorder::seen_from(std::uint64_t at_ns) const {
  std::uint64_t seen = at_ns;
  for (auto event = history_.rbegin(); event != history_.rend(); ++event) {
    if (event->kind != EventKind::durable) continue;
    if (event->at_ns < at_ns) break;
    seen = event->at_ns;
  }
  return seen;
}

// One person at a time says yes here, so an act that reaches the kernel is of the last yes before.
std::string Recorder::executing_at(std::uint64_t at_ns) const {
  for (auto event = history_.rbegin(); event != history_.rend(); ++event)
    if (event->kind == EventKind::asked && event->what == "confirm" && event->at_ns <= at_ns)
      return event->request;
  return {};
}

void Recorder::take_news() {
  for (const auto& line : stack_.news()) {
    std::smatch found;
    if (std::regex_search(line, found, kStarted)) {
      const auto lane = lane_of(found[1]);
      const auto run = next_run(lane);
      processes_[std::stoi(found[2])] = {lane, run};
      note(EventKind::began, lane).run = run;
    } else if (std::regex_search(line, found, kEnded)) {
      auto& ended = note(EventKind::ended, lane_of(found[1]));
      ended.run = runs_[ended.lane];
      ended.what = found[3] == "killed by SIGKILL" ? "killed" : found[3].str();
    }
  }
}

std::string Recorder::stray_request(const std::string& principal, const std::string& command,
                                    std::uint64_t after) const {
  for (auto record = records_.rbegin(); record != records_.rend() && record->number > after;
       ++record)
    if (record->principal == principal && record->command == command &&
        (record->stage == "requested" || record->stage == "refused"))
      return record->request;
  return {};
}

void Recorder::read_back() {
  for (const auto& row : read_register(stack_.register_file()).rows)
    fill(note(EventKind::stands, "kernel"), row);
  for (const auto& record : LogWitness(stack_.dir() / "audit").take()) {
    auto& kept = note(EventKind::kept, "disk");
    kept.request = record.request;
    kept.principal = record.principal;
    kept.what = record.stage;
    kept.number = record.number;
    kept.command = record.command;
    kept.digest = record.digest;
    kept.token = record.token;
    kept.verdict = record.outcome;
    kept.code = record.code;
    std::ranges::replace(kept.verdict, ' ', '_');
  }
  const auto whole = verified(stack_.bin(), stack_.dir() / "audit");
  auto& event = note(EventKind::verified, "disk");
  event.verdict = whole.verdict;
  event.text = whole.text;
}

History Recorder::finish() {
  look();
  follow(false);
  stack_.stop();
  look();
  take_news();
  read_back();
  std::ranges::stable_sort(history_, {}, &Event::at_ns);
  std::uint64_t seq = 0;
  for (auto& event : history_) event.seq = ++seq;
  return std::move(history_);
}

Event verified(const std::filesystem::path& bin_dir, const std::filesystem::path& audit_dir) {
  Event event;
  event.kind = EventKind::verified;
  const bool independent = std::filesystem::exists(AEROMQ_VERIFY_LOG);
  const auto ended =
      independent ? run({"/usr/bin/env", "python3", AEROMQ_VERIFY_LOG, audit_dir}, kVerifyMs)
                  : run({bin_dir / "aeromq-ctl", "audit", "verify", "--log", audit_dir}, kVerifyMs);
  // 43: a torn tail that no later run has recorded yet, which loses nothing acknowledged.
  event.verdict =
      ended.exit_code == 0 || (!independent && ended.exit_code == 43) ? "whole" : "broken";
  event.text = ended.out + ended.err;
  return event;
}

}  // namespace aeromq::chaos
