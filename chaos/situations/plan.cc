#include "chaos/situations/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

constexpr unsigned kInTen = 10;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15U + 1) {}
  unsigned below(std::size_t count) { return static_cast<unsigned>(engine_() % count); }
  bool chance(unsigned in_ten) { return below(kInTen) < in_ten; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937_64 engine_;
};

bool allowed(const Fault& fault, const std::vector<std::string>& only) {
  return only.empty() || std::ranges::find(only, fault.name) != only.end();
}

std::vector<const Fault*> those(const std::vector<std::string>& only,
                                const std::vector<Effect>& effects) {
  std::vector<const Fault*> found;
  for (const auto& fault : catalogue())
    if (allowed(fault, only) &&
        (effects.empty() || std::ranges::find(effects, fault.effect) != effects.end()))
      found.push_back(&fault);
  return found;
}

struct Chosen {
  const Fault* fault = nullptr;
  std::string role;
};

std::string role_for(const Fault& fault, bool prefer_primary, Draw& draw) {
  if (fault.victim == Victim::primary) return "primary";
  if (fault.victim == Victim::standby) return draw.chance(7) ? "heir" : "third";
  if (prefer_primary) return draw.chance(8) ? "primary" : "heir";
  return draw.one_of<std::string>({"primary", "heir", "heir", "third"});
}

// Half of the situations are any faults at all. The other half goes where one weak sign could be
// taken for proof: a server that cannot be asked beside an agent or a stream that is silent, and a
// standby that lacks something beside a sight of it that is wrong.
std::vector<Chosen> choose(Draw& draw, const std::vector<std::string>& only) {
  std::vector<std::vector<Effect>> shape;
  switch (draw.below(6)) {
    case 0:
      shape = {{Effect::blinds}, {Effect::silences, Effect::misleads}, {Effect::cuts}};
      break;
    case 1:
      shape = {{Effect::misleads}, {Effect::blinds, Effect::cuts}};
      break;
    case 2:
      shape = {{Effect::cuts}, {Effect::misleads, Effect::hinders}};
      break;
    default:
      shape.assign(1 + draw.below(3), {});
  }
  const bool prefer_primary = draw.chance(6);
  std::vector<Chosen> chosen;
  for (const auto& effects : shape) {
    auto from = those(only, effects);
    if (from.empty()) from = those(only, {});
    const auto* fault = draw.one_of(from);
    const auto role = role_for(*fault, prefer_primary, draw);
    if (std::ranges::none_of(chosen, [&](const Chosen& one) { return one.fault == fault; }))
      chosen.push_back({fault, role});
  }
  return chosen;
}

std::vector<Step> deeds(Draw& draw) {
  const auto heir = [&] { return std::string(draw.chance(8) ? "heir" : "third"); };
  const Step demote{Act::deed, "demote", "primary", true};
  switch (draw.below(7)) {
    case 0:  // the planned switch, by its two commands
      return {demote, {Act::deed, "promote", heir(), true}};
    case 1:  // and by the one that asks for both
      return {{Act::deed, "switchover", heir(), true}, {Act::deed, "promote", heir(), true}};
    case 2:  // without a demotion before: one leads
      return {{Act::deed, "promote", heir(), true}, {Act::deed, "force-promote", heir(), true}};
    case 3:
      return {{Act::deed, "force-promote", heir(), true}, {Act::deed, "demote", "primary", true}};
    case 4:  // the primary is lost
      return {{Act::kill_server, "", "primary"},
              {Act::deed, "promote", heir(), true},
              {Act::deed, "force-promote", heir(), draw.chance(7)}};
    case 5:  // there and back
      return {demote,
              {Act::deed, "promote", "heir", true},
              demote,
              {Act::deed, "promote", "heir", true}};
    default:
      return {demote, {Act::deed, "force-promote", heir(), true}};
  }
}

}  // namespace

Plan draw(std::uint64_t seed, const std::vector<std::string>& only) {
  Draw dice(seed);
  Plan plan;
  plan.seed = seed;
  plan.synchronous = dice.chance(5);
  const auto chosen = choose(dice, only);
  const auto acts = deeds(dice);
  // All but the last are there before the first deed; the last may come between.
  const auto late = dice.chance(3) ? 1 + dice.below(acts.size() - 1) : 0;
  for (std::size_t i = 0; i + 1 < chosen.size() || (i < chosen.size() && late == 0); ++i)
    plan.steps.push_back({Act::inject, chosen[i].fault->name, chosen[i].role});
  plan.steps.push_back({Act::look, "", ""});
  for (std::size_t i = 0; i < acts.size(); ++i) {
    if (late != 0 && i == late)
      plan.steps.push_back({Act::inject, chosen.back().fault->name, chosen.back().role});
    plan.steps.push_back(acts[i]);
    plan.steps.push_back({Act::look, "", ""});
    if (dice.chance(2)) plan.steps.push_back({Act::question, "", ""});
    if (dice.chance(1)) plan.steps.push_back({Act::restart_agent, "", "heir"});
    if (dice.chance(1)) plan.steps.push_back({Act::kill_kernel, "", ""});
  }
  for (const auto& one : chosen) plan.faults.push_back(one.fault->name);
  return plan;
}

Plan keep_faults(Plan plan, const std::vector<std::string>& faults) {
  const auto gone = [&](const std::string& name) {
    return std::ranges::find(faults, name) == faults.end();
  };
  std::erase_if(plan.steps,
                [&](const Step& step) { return step.act == Act::inject && gone(step.what); });
  std::erase_if(plan.faults, gone);
  return plan;
}

std::string text_of(const Plan& plan) {
  std::string text =
      fmt::format("seed {}, {}:", plan.seed, plan.synchronous ? "synchronous" : "asynchronous");
  static const std::vector<std::string> words{"inject",      "cure",        "",
                                              "look",        "question",    "restart-agent",
                                              "kill-kernel", "kill-server", "wait"};
  for (const auto& step : plan.steps) {
    if (step.act == Act::look) continue;
    text += fmt::format(" {}{}{}{}{};", words[static_cast<std::size_t>(step.act)],
                        words[static_cast<std::size_t>(step.act)].empty() ? "" : " ", step.what,
                        step.role.empty() ? "" : " " + step.role, step.yes ? "" : " (no risk)");
  }
  return text;
}

}  // namespace aeromq::chaos::situations
