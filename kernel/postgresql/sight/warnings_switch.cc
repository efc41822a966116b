// What is so once a node has taken over: who follows it, with which slots and places, and what is
// left behind.
#include <algorithm>
#include <charconv>

#include "kernel/postgresql/sight/following.h"
#include "kernel/postgresql/sight/synchronous.h"
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/warnings.h"

namespace aeromq::postgresql::detail {
namespace {

/// Everybody but the new primary, sorted by what they would do.
struct After {
  std::vector<const NodeSample*> direct;
  std::vector<const NodeSample*> unsure;
  std::vector<std::string> silent;
  std::vector<std::string> not_following;  ///< why, of each
  std::vector<std::string> not_known;      ///< why, of each
  std::size_t others = 0;
};

After look_ahead(const ClusterSample& sample, const NodeSample& primary) {
  After after;
  for (const auto& node : sample.nodes) {
    if (&node == &primary) continue;
    ++after.others;
    if (!node.answered) {
      after.silent.push_back(node.node);
      continue;
    }
    const auto whom = would_follow(sample, node, primary);
    if (whom.how == Follows::directly) after.direct.push_back(&node);
    if (whom.how == Follows::unsure) {
      after.unsure.push_back(&node);
      after.not_known.push_back(whom.why);
    }
    if (whom.how == Follows::nobody) after.not_following.push_back(whom.why);
  }
  return after;
}

std::size_t members_among(const SynchronousNames& rule,
                          const std::vector<const NodeSample*>& nodes) {
  return static_cast<std::size_t>(std::ranges::count_if(nodes, [&](const NodeSample* node) {
    return rule.everybody || std::ranges::any_of(rule.names, [&](const std::string& name) {
             return same_name(name, standby_name(*node));
           });
  }));
}

// Those that may follow count as followers: only what is certain is said to hang.
void add_waiting_commits(const NodeSample& primary, const After& after, Warnings& found) {
  const auto rule = parse_synchronous(primary.synchronous_standby_names);
  if (!rule || rule->method == SynchronousNames::Method::none) {
    if (after.others != 0 && after.direct.empty() && after.unsure.empty() && after.silent.empty())
      found.add("NOBODY_WOULD_FOLLOW",
                "no other server would follow " + primary.node + ": it would have no standby");
    return;
  }
  const auto sure = members_among(*rule, after.direct);
  const auto possible = sure + members_among(*rule, after.unsure);
  if (possible >= rule->number) return;
  auto text = "each commit on " + primary.node + " waits for " + std::to_string(rule->number) +
              " of " + (rule->everybody ? std::string("its standbys") : names(rule->names)) +
              ", and " + (possible == 0 ? "none" : "no more than " + std::to_string(possible)) +
              " of them would follow it: all writes would wait";
  if (!after.silent.empty()) text += "; not known: " + names(after.silent) + " did not answer";
  found.add("NOBODY_WOULD_FOLLOW", std::move(text));
}

void add_places(const ClusterSample& sample, const NodeSample& primary, const After& after,
                Warnings& found) {
  std::uint64_t places = 0;
  const auto text = value_of(primary.setup.settings, "max_wal_senders");
  if (text.empty()) return;
  std::from_chars(text.data(), text.data() + text.size(), places);
  // Whoever streams from it already and is no follower: another standby's standby, a pg_receivewal.
  std::uint64_t others = 0;
  for (const auto& streamer : primary.streamers)
    if (std::ranges::none_of(after.direct, [&](const NodeSample* node) {
          return same_name(streamer.application_name, standby_name(*node));
        }))
      ++others;
  const std::uint64_t lookers = sample.nodes.size() + 1;
  const auto standbys = after.direct.size() + after.unsure.size();
  const auto needed = standbys + others + lookers;
  if (places >= needed) return;
  found.add("SENDERS_USED_UP",
            primary.node + " has max_wal_senders = " + std::to_string(places) + "; " +
                std::to_string(needed) + " may be needed once it is the primary: " +
                std::to_string(standbys) + " for standbys, " + std::to_string(others) +
                " for others that stream from it, and " + std::to_string(lookers) +
                " when the kernel and every agent look at once");
}

void add_missing_slots(const NodeSample& primary, const After& after, Warnings& found) {
  for (const auto* node : after.direct) {
    const auto& slot = node->setup.upstream.slot;
    if (slot.empty() || std::ranges::any_of(primary.slots, [&](const Slot& one) {
          return one.name == slot && !one.logical;
        }))
      continue;
    found.add("SLOT_MISSING", node->node + " asks for the slot " + slot +
                                  " (primary_slot_name), which " + primary.node +
                                  " does not have: it could not stream from it");
  }
}

}  // namespace

void add_switch(const ClusterSample& sample, const NodeSample& primary, Warnings& found) {
  const auto after = look_ahead(sample, primary);
  add_waiting_commits(primary, after, found);
  for (const auto& why : after.not_following)
    found.add_of("WILL_NOT_FOLLOW", why + ": it would not follow ", primary.node);
  add_missing_slots(primary, after, found);
  add_places(sample, primary, after, found);
  for (const auto& why : after.not_known)
    found.add_of("WILL_NOT_FOLLOW", why + ": it is not known whether it would follow ",
                 primary.node, Severity::info);
}

void add_logical_slots(const NodeSample& node, const std::vector<const NodeSample*>& next,
                       Warnings& found) {
  for (const auto& slot : node.slots) {
    if (!slot.logical || slot.synchronised) continue;
    const auto has_it = [&](const NodeSample* other) {
      return std::ranges::any_of(
          other->slots, [&](const Slot& one) { return one.logical && one.name == slot.name; });
    };
    if (!next.empty() && std::ranges::all_of(next, has_it)) continue;
    const auto consumer =
        slot.consumer.empty() ? std::string("nobody uses it now") : slot.consumer + " uses it now";
    const auto where = next.size() == 1 ? next.front()->node : std::string("the next primary");
    found.add("LOGICAL_SLOTS_STAY", "the logical slot " + slot.name + " (" + slot.plugin +
                                        ", database " + slot.database + ", " + consumer +
                                        ") stays on " + node.node +
                                        ": its consumer finds no such slot on " + where +
                                        ", loses its place, and may miss changes; the slot goes on "
                                        "keeping WAL on " +
                                        node.node);
  }
}

}  // namespace aeromq::postgresql::detail
