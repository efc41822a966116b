#include "chaos/situations/heal.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "chaos/postgresql/runbook.h"
#include "chaos/postgresql/truth.h"
#include "chaos/situations/person.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

constexpr std::uint64_t kHealNs = 150'000'000'000;
constexpr std::uint64_t kSwitchNs = 60'000'000'000;
constexpr std::uint64_t kFollowNs = 20'000'000'000;
constexpr int kStepMs = 700;
constexpr int kSettleMs = 20000;

bool plane_serves(Scene& scene) { return scene.stack().status().has_value(); }

// Two that can be written to: the newest timeline is kept, the other made anew.
void keep_one(Scene& scene, Story& story, const std::vector<std::string>& writable) {
  for (std::size_t i = 1; i < writable.size(); ++i) {
    const auto& thrown = writable[i];
    // What it took since the one that is kept can be written to counts for nothing, by this choice.
    std::uint64_t since = boot_now();
    const auto& kept = story.servers[writable.front()].samples;
    for (auto at = kept.rbegin(); at != kept.rend(); ++at)
      if (at->writable && at->timeline == kept.back().timeline) since = at->window.from_ns;
    story.discarded.try_emplace(thrown, since);
    scene.stop_server(thrown, "immediate");
    scene.cluster().kill_postmaster(thrown);
    scene.cluster().rejoin(thrown, writable.front());
  }
}

bool runs(Scene& scene, const std::string& node) { return scene.cluster().postmaster(node) > 0; }

// A server that is down: its agent starts it by itself, or on a person's word; a primary on disk
// beside one that leads is made anew.
void start_what_is_down(Scene& scene, Story& story, const std::string& leader) {
  for (const auto& node : scene.names()) {
    if (runs(scene, node)) continue;
    const bool standby = std::filesystem::exists(scene.server(node).data / "standby.signal");
    if (standby || leader.empty()) {
      if (scene.cluster().start_by_person(node).exit_code == 0) continue;
      if (!standby) continue;
    }
    if (leader.empty() || leader == node) continue;
    story.discarded.try_emplace(node, boot_now());
    scene.cluster().rejoin(node, leader);
  }
}

std::string foremost(Scene& scene) {
  return postgresql::foremost_standby(postgresql::read_facts(scene.cluster()), "");
}

// The cures were what the alarm asked for: the person says so, with the kernel stopped.
void clear_alarms(Scene& scene, const Deed& deed) {
  if (deed.code != "ALARM_STANDS") return;
  scene.stack().stop();
  for (const auto& number : alarms_in(deed.text))
    scene.stack().kernel({"clear-alarm", number, "--reason", "the cures dealt with it"});
  scene.restart_plane();
}

void lead_again(Scene& scene, Story& story, unsigned attempt) {
  const auto heir = foremost(scene);
  if (heir.empty()) return;
  // After some refusals the night's own way.
  constexpr unsigned kPatience = 4;
  auto deed = do_deed(scene, attempt < kPatience ? "promote" : "force-promote", heir, true);
  settle(scene, deed, kSettleMs);
  story.way = fmt::format("{} {} after the cures: {} {} {}", deed.verb, heir, deed.verdict,
                          deed.code, deed.text);
  clear_alarms(scene, deed);
  story.deeds.push_back(std::move(deed));
}

bool all_follow(Scene& scene, const std::string& leader) {
  const auto facts = postgresql::read_facts(scene.cluster());
  // One that went another way streams for a moment, again and again, up to where the ways part.
  return facts.at(leader).streaming.size() + 1 >= facts.size() &&
         std::ranges::all_of(facts, [&](const auto& one) {
           return one.second.timeline == facts.at(leader).timeline;
         });
}

}  // namespace

std::vector<std::string> alarms_in(const std::string& text) {
  static const std::regex kAlarm("alarm ([0-9]+) [A-Z]");
  std::vector<std::string> numbers;
  for (std::sregex_iterator at(text.begin(), text.end(), kAlarm), end; at != end; ++at)
    numbers.push_back((*at)[1]);
  return numbers;
}

bool heal(Scene& scene, Story& story) {
  const auto end = boot_now() + kHealNs;
  auto patience = boot_now() + kFollowNs;
  unsigned attempts = 0;
  while (boot_now() < end) {
    story.servers = scene.witness().servers();
    for (const auto& node : scene.names())
      if (!scene.agent_runs(node)) scene.start_agent(node);
    if (!plane_serves(scene)) {
      ::poll(nullptr, 0, kStepMs);
      if (!plane_serves(scene)) scene.restart_plane();
    }
    const auto writable = writable_now(scene.cluster());
    if (writable.size() > 1) keep_one(scene, story, writable);
    const auto leader = writable.empty() ? std::string() : writable.front();
    start_what_is_down(scene, story, leader);
    if (leader.empty()) {
      lead_again(scene, story, attempts++);
    } else if (all_follow(scene, leader)) {
      return true;
    } else if (boot_now() > patience) {
      const auto facts = postgresql::read_facts(scene.cluster());
      for (const auto& node : scene.others(leader))
        if (!facts.at(leader).streaming.contains(node) ||
            facts.at(node).timeline != facts.at(leader).timeline) {
          scene.cluster().kill_postmaster(node);
          scene.cluster().rejoin(node, leader);
        }
      patience = boot_now() + kFollowNs;
    }
    ::poll(nullptr, 0, kStepMs);
  }
  if (story.way.empty()) story.way = "the cluster did not become whole after the cures";
  return false;
}

bool switch_over(Scene& scene, Story& story) {
  const auto end = boot_now() + kSwitchNs;
  bool demoted = false;
  std::string old;
  while (boot_now() < end) {
    if (!demoted) old = scene.primary();
    const auto node = demoted ? scene.others(old).front() : old;
    auto deed = do_deed(scene, demoted ? "promote" : "demote", node, true);
    settle(scene, deed, kSettleMs);
    story.way = fmt::format("after the cures {} {} is {} {}: {}", deed.verb, node, deed.verdict,
                            deed.code, deed.text);
    const bool done = deed.verdict == "executed";
    clear_alarms(scene, deed);
    story.deeds.push_back(std::move(deed));
    if (done && demoted) return true;
    demoted = demoted || done;
    ::poll(nullptr, 0, kStepMs);
  }
  return false;
}

}  // namespace aeromq::chaos::situations
