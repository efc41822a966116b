#include "kernel/postgresql/sight/promotable.h"

#include <algorithm>
#include <charconv>

#include "kernel/postgresql/sight/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kUsualSegment = 16ULL << 20;
constexpr std::uint64_t kJournalNeeds = 1ULL << 20;

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t least_free(const NodeSample& node) {
  const auto segment = number_of(value_of(node.setup.settings, "wal_segment_size"));
  return (segment == 0 ? kUsualSegment : segment) + kDiskBesidesSegment;
}

std::vector<std::string> below(const NodeSample& node, std::uint64_t least,
                               std::uint64_t journal_least) {
  std::vector<std::string> all;
  if (!node.agent || node.agent->disk_size == 0) return all;
  const auto& agent = *node.agent;
  const auto compare = [&](std::uint64_t free, std::uint64_t bound, const char* where) {
    if (free < bound) all.push_back(std::to_string(free) + " octets are free where " + where);
  };
  compare(agent.disk_free, least, "its data are");
  // 0: pg_wal is on the data's file system.
  if (agent.wal_disk_size != 0) compare(agent.wal_disk_free, least, "its pg_wal is");
  if (agent.journal_disk_size != 0)
    compare(agent.journal_disk_free, journal_least, "its agent's journal is");
  return all;
}

}  // namespace

// The control file has what the replayed WAL told of the primary's settings, also the ones that
// stopped it.
std::vector<std::string> lower_limits(const ClusterSample& sample, const NodeSample& node) {
  std::vector<std::string> lower;
  if (!node.answered || !node.in_recovery) return lower;
  for (const auto name : kReplayLimits) {
    const auto own = value_of(node.setup.settings, name);
    if (own.empty()) continue;
    std::uint64_t needed = 0;
    if (node.agent) needed = number_of(value_of(node.agent->next_start.needs, name));
    for (const auto& other : sample.nodes)
      if (is_writer(other))
        needed = std::max(needed, number_of(value_of(other.setup.settings, name)));
    if (number_of(own) < needed)
      lower.push_back(std::string(name) + " is " + std::string(own) + " there, and " +
                      std::to_string(needed) + " is needed");
  }
  return lower;
}

std::vector<std::string> full_disks(const NodeSample& node) {
  return below(node, least_free(node), kJournalNeeds);
}

std::vector<std::string> nearly_full_disks(const NodeSample& node) {
  return below(node, std::max(kDiskNearlyFull, least_free(node)), kDiskBesidesSegment);
}

std::vector<std::string> obstacles(const ClusterSample& sample, const NodeSample& node) {
  auto all = lower_limits(sample, node);
  for (auto& disk : full_disks(node)) all.push_back(std::move(disk));
  if (node.answered && node.in_recovery && !node.may_identify)
    all.push_back(
        "our role has no REPLICATION there, so its timeline is not known once it receives nothing");
  return all;
}

std::uint64_t replay_gap(const NodeSample& node) {
  const bool knows = node.answered && node.in_recovery && node.position > node.replayed;
  return knows ? node.position - node.replayed : 0;
}

}  // namespace aeromq::postgresql
