#include "chaos/situations/judge.h"

#include <fmt/format.h>

#include <algorithm>

namespace aeromq::chaos::situations {
namespace {

constexpr std::uint64_t kMostGapNs = 1'500'000'000;

// Neighbouring samples of one server that enclose the window; nothing if there are none near
// enough.
struct Range {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::optional<Range> around(const Server& server, const Window& window) {
  const auto& all = server.samples;
  std::optional<std::size_t> first;
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].window.to_ns <= window.from_ns) first = i;
    if (!last && all[i].window.from_ns >= window.to_ns) last = i;
  }
  if (!first || !last) return std::nullopt;
  return Range{*first, *last};
}

// A request that made this server writable at that moment, if it was one.
const Deed* maker(const Story& story, const std::string& node, std::uint64_t at_ns) {
  const Deed* found = nullptr;
  for (const auto& deed : story.deeds) {
    if (deed.node != node || deed.verb == "demote" || deed.acted.from_ns == 0) continue;
    const auto end = std::max({deed.acted.to_ns, deed.settled_ns, deed.looked_ns});
    if (deed.acted.from_ns <= at_ns && at_ns <= end) found = &deed;
  }
  return found;
}

bool was_foreign(const Story& story, const std::string& node, std::uint64_t until_ns) {
  return std::ranges::any_of(story.foreign, [&](const ForeignAct& act) {
    return act.may_write && act.at_ns <= until_ns && (act.node.empty() || act.node == node);
  });
}

std::string led_last(const Story& story, std::uint64_t at_ns) {
  std::string node;
  std::uint64_t when = 0;
  for (const auto& [name, server] : story.servers)
    for (const auto& sample : server.samples)
      if (sample.writable && sample.window.to_ns <= at_ns && sample.window.to_ns >= when) {
        when = sample.window.to_ns;
        node = name;
      }
  return node;
}

// Whoever had to choose between two writers lost rows by the choice, and whose fault that is hangs
// on who made the second.
bool two_were_not_ours(const Story& story) {
  return std::ranges::any_of(story.foreign, &ForeignAct::may_write) ||
         std::ranges::any_of(story.deeds, [](const Deed& deed) {
           return deed.verdict == "executed" &&
                  deed.acknowledged.contains("PRIMARY_NOT_PROVABLY_DOWN");
         });
}

// When one postmaster of one server proved to take writes.
struct Span {
  std::string node;
  std::string postmaster;
  Window window;
};

std::vector<Span> write_spans(const Story& story) {
  std::vector<Span> spans;
  for (const auto& row : story.acknowledged) {
    auto found = std::ranges::find_if(spans, [&](const Span& span) {
      return span.node == row.node && span.postmaster == row.postmaster;
    });
    if (found == spans.end()) {
      spans.push_back({row.node, row.postmaster, {row.window.to_ns, row.window.from_ns}});
      continue;
    }
    found->window.from_ns = std::min(found->window.from_ns, row.window.to_ns);
    found->window.to_ns = std::max(found->window.to_ns, row.window.from_ns);
  }
  return spans;
}

}  // namespace

bool throughout(const Server& server, const Window& window, bool (*what)(const Sample&)) {
  const auto range = around(server, window);
  if (!range) return false;
  for (auto i = range->first; i <= range->last; ++i) {
    const auto& one = server.samples[i];
    if (!what(one) || one.postmaster != server.samples[range->first].postmaster) return false;
    if (i > range->first && one.window.from_ns > server.samples[i - 1].window.to_ns + kMostGapNs)
      return false;
  }
  return true;
}

// What has left recovery stays out of it until its postmaster ends: gaps are no matter.
bool writable_throughout(const Server& server, const Window& window) {
  const auto range = around(server, window);
  if (!range) return false;
  const auto& first = server.samples[range->first];
  const auto& last = server.samples[range->last];
  return first.writable && last.writable && first.postmaster == last.postmaster;
}

std::vector<Finding> judge_writers(const Story& story) {
  std::vector<Finding> found;
  const auto spans = write_spans(story);
  for (std::size_t i = 0; i < spans.size(); ++i)
    for (std::size_t j = i + 1; j < spans.size(); ++j) {
      const auto* older = &spans[i];
      const auto* newer = &spans[j];
      if (older->node == newer->node) continue;
      if (newer->window.from_ns < older->window.from_ns) std::swap(older, newer);
      const auto at = newer->window.from_ns;
      if (at > older->window.to_ns || newer->window.from_ns > newer->window.to_ns) continue;
      Finding finding{predicate::kDoubleWrite,
                      fmt::format("{} and {} took writes in one moment", older->node, newer->node)};
      if (const auto* deed = maker(story, newer->node, at)) {
        const bool taken_on = deed->acknowledged.contains("PRIMARY_NOT_PROVABLY_DOWN");
        finding.against_us = !taken_on;
        finding.text += fmt::format(", {} {} made it{}", deed->verb, deed->node,
                                    taken_on ? ", by an acknowledged risk" : "");
      } else if (was_foreign(story, newer->node, at)) {
        finding.against_us = false;
        finding.text += ", a foreign hand made it";
      } else {
        finding.text += ", and no request and no foreign hand made " + newer->node + " writable";
        // An agent that started the old primary beside one that a forced request had made.
        for (const auto& one : story.deeds)
          if (one.node == older->node && one.verb != "demote" && one.verdict == "executed" &&
              one.acknowledged.contains("PRIMARY_NOT_PROVABLY_DOWN") && one.acted.from_ns <= at)
            finding.text += fmt::format(" ({} {} was before)", one.verb, one.node);
      }
      found.push_back(std::move(finding));
    }
  return found;
}

std::vector<Finding> judge_rows(const Story& story) {
  if (!story.rows_read) return {};
  std::map<std::string, std::pair<std::size_t, std::uint64_t>> lost;  // node: how many, the first
  std::size_t apart = 0;
  for (const auto& row : story.acknowledged) {
    if (story.present.contains(row.id) || story.cancelled.contains(row.id)) continue;
    const auto thrown = story.discarded.find(row.node);
    bool excused = thrown != story.discarded.end() && row.window.to_ns >= thrown->second &&
                   two_were_not_ours(story);
    for (const auto& act : story.foreign) excused = excused || act.may_lose;
    for (const auto& deed : story.deeds) {
      if (deed.verb != "force-promote" || deed.acted.from_ns == 0) continue;
      const auto& took = deed.acknowledged;
      const bool before = took.contains("ACKNOWLEDGED_WRITES_UNPROVEN") ||
                          took.contains("SYNC_MEMBERS_UNSEEN") || took.contains("TIMELINE_BEHIND");
      // What the silent node took after the yes is the risk that it was not provably down.
      const bool after = took.contains("PRIMARY_NOT_PROVABLY_DOWN") &&
                         row.window.to_ns >= deed.acted.from_ns && row.node != deed.node;
      excused = excused || before || after;
    }
    if (excused) {
      ++apart;
      continue;
    }
    auto& one = lost.try_emplace(row.node, 0, row.id).first->second;
    ++one.first;
  }
  std::vector<Finding> found;
  for (const auto& [node, what] : lost)
    found.push_back(
        {predicate::kLostRow, fmt::format("{} rows that {} acknowledged are gone, the first is {}",
                                          what.first, node, what.second)});
  if (apart > 0)
    found.push_back({predicate::kLostRow,
                     fmt::format("{} acknowledged rows are gone, by a foreign hand or a risk that "
                                 "was taken on",
                                 apart),
                     false});
  return found;
}

std::vector<Finding> judge_answers(const Story& story) {
  std::vector<Finding> found;
  for (const auto& deed : story.deeds) {
    const auto add = [&](const char* which, const std::string& text) {
      found.push_back({which, fmt::format("{} {} ({} {}): {}", deed.verb, deed.node, deed.verdict,
                                          deed.code, text)});
    };
    for (const auto& verdict : deed.verdicts)
      if (verdict != deed.verdicts.front())
        add(predicate::kFalseAnswer,
            "the final answer was " + deed.verdicts.front() + " and became " + verdict);
    if (!deed.final || deed.disturbed || !deed.before.contains(deed.node)) continue;
    const auto& before = deed.before.at(deed.node);
    const auto& after = deed.after.at(deed.node);
    std::uint64_t newest = 0;
    for (const auto& [name, files] : deed.before) newest = std::max(newest, files.newest_history);
    const bool executed = deed.verdict == "executed";
    if (deed.verb == "demote") {
      if (executed && !after.standby_signal)
        add(predicate::kFalseAnswer, "the server's files do not make it a standby");
      if (!executed && !before.standby_signal && after.standby_signal)
        add(predicate::kFalseAnswer, "the server's files make it a standby");
      const auto& server = story.servers.at(deed.node);
      if (executed && writable_throughout(server, {deed.acted.from_ns, deed.looked_ns}))
        add(predicate::kFalseAnswer, "its server was never touched and takes writes");
    } else {
      const bool came = std::ranges::any_of(after.histories, [&](std::uint64_t timeline) {
        return !before.histories.contains(timeline);
      });
      const bool effect = !after.standby_signal && (came || after.newest_history > newest);
      if (executed && !effect)
        add(predicate::kFalseAnswer,
            "the server's files do not make it a primary of a new timeline");
      if (!executed && before.standby_signal && effect)
        add(predicate::kFalseAnswer, "the server's files make it a primary of a new timeline");
    }
    const auto& outside = story.servers.at(deed.node).outside;
    const auto seen = std::ranges::find_if(
        outside, [&](const Outside& one) { return one.window.from_ns >= deed.looked_ns; });
    const auto says = [&](const char* word) { return deed.text.find(word) != std::string::npos; };
    if (executed && seen != outside.end() && !seen->runs && !says("not start") &&
        !says("NOT_STARTED") && !says("does not run") && !says("is down"))
      add(predicate::kUnsaidDown,
          "its server does not run, and the answer does not say so: " + deed.text);
  }
  return found;
}

std::vector<Finding> judge_looks(const Story& story) {
  std::vector<Finding> found;
  const auto writers = [&](const Window& window) {
    std::vector<std::string> names;
    for (const auto& [name, server] : story.servers)
      if (writable_throughout(server, window)) names.push_back(name);
    return names;
  };
  for (const auto& look : story.looks) {
    const auto names = writers(look.window);
    if (names.size() < 2 || look.overdue || look.exit_code == 49) continue;
    // What could not be asked can't be shown as a second primary; but all is never well then.
    const bool all_seen = std::ranges::all_of(
        names, [&](const std::string& name) { return look.answered.contains(name); });
    if (all_seen || look.exit_code == 0)
      found.push_back(
          {predicate::kUnseen, fmt::format("{} and {} are writable, and inspect ended with {}",
                                           names[0], names[1], look.exit_code)});
  }
  for (const auto& deed : story.deeds) {
    if (deed.acted.from_ns == 0 || deed.verdict != "executed") continue;
    // Who led last stands in no settings any more: nobody can be sure of anything.
    for (const auto& node : story.unlisted)
      for (const auto& window : story.unlisted_at)
        if (window.from_ns <= deed.explained.from_ns && deed.acted.to_ns <= window.to_ns &&
            led_last(story, deed.explained.from_ns) == node)
          found.push_back(
              {predicate::kUnrefused,
               fmt::format("{} {} was executed while {}, which led, stood in no settings",
                           deed.verb, deed.node, node)});
    const auto names = writers(deed.explained);
    if (names.size() < 2) continue;
    if (deed.acknowledged.contains("PRIMARY_NOT_PROVABLY_DOWN")) continue;
    found.push_back(
        {predicate::kUnrefused, fmt::format("{} {} was executed while {} and {} were writable",
                                            deed.verb, deed.node, names[0], names[1])});
  }
  return found;
}

std::vector<Finding> judge_ends(const Story& story) {
  std::vector<Finding> found;
  for (const auto& deed : story.deeds)
    if (deed.overdue)
      found.push_back(
          {predicate::kHang, deed.verb + " " + deed.node + " did not end within its bound"});
  for (const auto& look : story.looks)
    if (look.overdue) found.push_back({predicate::kHang, "inspect did not end within its bound"});
  if (!story.switched)
    found.push_back({predicate::kNoWayOn,
                     story.way.empty() ? "no ordinary switchover after the cures" : story.way});
  return found;
}

std::vector<Finding> judge(const Story& story) {
  std::vector<Finding> all;
  for (const auto& part : {judge_writers(story), judge_rows(story), judge_answers(story),
                           judge_checks(story), judge_looks(story), judge_ends(story)})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace aeromq::chaos::situations
