#include "chaos/simulation/plan.h"

#include <fmt/core.h>

#include <array>
#include <set>
#include <sstream>

namespace aeromq::chaos {
namespace {

using enum CommandName;

constexpr std::array<std::string_view, kFaultKinds> kFaultNames{
    "crash",   "pause", "lose",       "twice",    "delay",      "overtake",    "replay",
    "corrupt", "cut",   "partition",  "io_error", "no_space",   "short_write", "power_cut",
    "second",  "fence", "clock_jump", "policy",   "silent_node"};
constexpr std::array<std::string_view, 10> kReactionNames{
    "confirm",     "confirm_late",      "confirm_twice", "abandon",    "leave",
    "wrong_token", "wrong_explanation", "forget_risks",  "by_another", "lose_authority"};
constexpr std::array<std::string_view, 7> kActors{"broker", "gate",       "explainer", "keeper",
                                                  "writer", "dispatcher", "reader"};
constexpr std::array kNodes{"a", "b", "c"};
constexpr std::array kPeople{"alice", "bob", "otto", "ada"};

constexpr std::uint64_t kWorkMs = 6000;  // people begin within this time, and things break

template <class List>
auto pick(Random& random, const List& list) {
  return list[random.below(std::size(list))];
}

Reaction draw_reaction(Random& random) {
  using enum Reaction;
  if (random.chance(600)) return confirm;
  static constexpr std::array kRare{confirm_late, confirm_twice, confirm_twice,     abandon,
                                    leave,        wrong_token,   wrong_explanation, forget_risks,
                                    by_another,   lose_authority};
  return pick(random, kRare);
}

Question draw_question(Random& random, unsigned planes) {
  return {random.below(5000), static_cast<unsigned>(random.below(planes)), pick(random, kPeople)};
}

CommandName draw_command(Random& random) {
  static constexpr std::array kMutations{request_demotion, request_promotion, request_demotion,
                                         force_promotion};
  static constexpr std::array kOthers{inspect_cluster_state, inspect_node, run_diagnostics,
                                      inspect_wal, inspect_snapshots};
  return random.chance(800) ? pick(random, kMutations) : pick(random, kOthers);
}

// Node a is the first primary: most of what people ask for is possible at some time.
std::string draw_node(Random& random, CommandName command) {
  if (random.chance(20)) return "nowhere";
  if (random.chance(250)) return pick(random, kNodes);
  if (command == request_demotion) return "a";
  return random.chance(500) ? "b" : "c";
}

Talk draw_talk(Random& random, unsigned planes, std::uint64_t at_ms) {
  Talk talk;
  talk.plane = static_cast<unsigned>(random.below(planes));
  talk.principal = random.chance(850) ? (random.chance(500) ? "alice" : "bob")
                                      : std::string(pick(random, kPeople));
  talk.at_ms = at_ms;
  talk.command = draw_command(random);
  const auto& row = command_row(talk.command);
  if (row.takes_node) talk.node = draw_node(random, talk.command);
  talk.reaction = draw_reaction(random);
  talk.think_ms = random.below(random.chance(200) ? 2500 : 50);
  for (auto left = random.below(2); left > 0; --left)
    talk.questions.push_back(draw_question(random, planes));
  if (talk.command == request_demotion && random.chance(300))
    talk.then = random.chance(500) ? "b" : "c";
  if (random.chance(250)) {
    talk.repeat = draw_question(random, planes);
    if (random.chance(500)) {
      talk.repeat->plane = talk.plane;
      talk.repeat->principal = talk.principal;
    }
  }
  return talk;
}

std::string draw_lane(Random& random, unsigned planes) {
  if (random.chance(150)) return "kernel";
  const auto plane = static_cast<unsigned>(random.below(planes));
  // The second half of the road twice as often: that is where things are decided.
  static constexpr std::array<std::string_view, 4> kLate{"broker", "keeper", "writer",
                                                         "dispatcher"};
  return lane_of(plane, random.chance(600) ? pick(random, kLate) : pick(random, kActors));
}

Fault draw_fault(Random& random, FaultKind kind, const Plan& plan) {
  Fault fault;
  fault.kind = kind;
  fault.plane = static_cast<unsigned>(random.below(plan.planes));
  fault.lane = draw_lane(random, plan.planes);
  fault.at_ms = random.below(kWorkMs + 1000);
  fault.for_ms = 20 + random.below(random.chance(500) ? 400 : 6000);
  fault.restart =
      random.chance(600) ? Restart::at_once : (random.chance(600) ? Restart::late : Restart::never);
  fault.choice = random.next();
  const auto talks = plan.talks.size();
  switch (kind) {
    case FaultKind::crash:
    case FaultKind::pause:
      if (random.chance(80)) fault.lane = fmt::format("talk.{}", random.below(talks));
      fault.nth = 1 + random.below(random.chance(500) ? 12 : 14 * talks);
      break;
    case FaultKind::io_error:
    case FaultKind::no_space:
    case FaultKind::short_write:
      fault.nth = 1 + random.below(10 * talks);
      break;
    default:
      fault.nth = 1 + random.below(40 * talks);
  }
  return fault;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream in(list);
  for (std::string word; std::getline(in, word, ',');) words.push_back(word);
  return words;
}

template <class Part>
std::vector<Part> kept(const std::vector<Part>& parts, char kind, std::set<std::string>& wanted) {
  std::vector<Part> made;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (wanted.erase(fmt::format("{}{}", kind, i)) > 0) made.push_back(parts[i]);
  return made;
}

}  // namespace

std::string_view name_of(FaultKind kind) { return kFaultNames[static_cast<std::size_t>(kind)]; }

std::string lane_of(unsigned plane, std::string_view process) {
  return (plane == 0 ? "" : "b/") + std::string(process);
}

Plan make_plan(std::uint64_t seed) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.planes = random.chance(200) ? 2 : 1;
  plan.wait_for_leases = random.chance(200);
  std::uint64_t at_ms = random.below(300);
  // Mostly few people: what goes wrong with many mostly goes wrong with two, and faster.
  for (auto left = 1 + random.below(random.chance(250) ? 5 : 2); left > 0; --left) {
    plan.talks.push_back(draw_talk(random, plan.planes, at_ms));
    plan.talks.back().number = static_cast<unsigned>(plan.talks.size() - 1);
    // Some at once, some one after the other.
    at_ms += random.below(random.chance(400) ? 20 : kWorkMs / 4);
  }
  for (auto& talk : plan.talks)
    if (random.chance(15)) talk.claims = talk.principal == "alice" ? "bob" : "alice";
  // Swarm: a handful of kinds, each with its own weight.
  std::vector<FaultKind> kinds;
  for (std::size_t kind = 0; kind < kFaultKinds; ++kind)
    if (random.chance(kind < 2 ? 500 : 220)) kinds.push_back(static_cast<FaultKind>(kind));
  if (kinds.empty()) return plan;
  for (auto left = random.below(8); left > 0; --left)
    plan.faults.push_back(draw_fault(random, pick(random, kinds), plan));
  return plan;
}

std::string describe(const Plan& plan) {
  auto text =
      fmt::format("seed {} planes {} {}\n", plan.seed, plan.planes,
                  plan.wait_for_leases ? "waits for leases" : "restarts the kernel at the end");
  for (std::size_t i = 0; i < plan.talks.size(); ++i) {
    const auto& talk = plan.talks[i];
    text += fmt::format("t{} at {} ms: {} on plane {}: {} {} -> {} after {} ms", i, talk.at_ms,
                        talk.principal, talk.plane, text_of(talk.command), talk.node,
                        kReactionNames[static_cast<std::size_t>(talk.reaction)], talk.think_ms);
    if (!talk.then.empty()) text += fmt::format("; then promotes {}", talk.then);
    for (const auto& question : talk.questions)
      text += fmt::format("; {} asks on plane {} after {} ms", question.principal, question.plane,
                          question.after_ms);
    if (talk.repeat)
      text += fmt::format("; {} repeats it on plane {} after {} ms", talk.repeat->principal,
                          talk.repeat->plane, talk.repeat->after_ms);
    if (!talk.claims.empty()) text += fmt::format("; claims to be {}", talk.claims);
    text += "\n";
  }
  for (std::size_t i = 0; i < plan.faults.size(); ++i) {
    const auto& fault = plan.faults[i];
    text += fmt::format("f{} {} lane {} plane {} nth {} at {} ms for {} ms restart {}\n", i,
                        name_of(fault.kind), fault.lane, fault.plane, fault.nth, fault.at_ms,
                        fault.for_ms, static_cast<int>(fault.restart));
  }
  return text;
}

Result<Plan> keep(const Plan& plan, const std::string& parts) {
  std::set<std::string> wanted;
  for (auto& word : split(parts)) wanted.insert(std::move(word));
  auto made = plan;
  made.talks = kept(plan.talks, 't', wanted);
  made.faults = kept(plan.faults, 'f', wanted);
  if (!wanted.empty())
    return fail(make_error(ErrorCode::invalid_input, "no such part: " + *wanted.begin(), "only"));
  return made;
}

}  // namespace aeromq::chaos
