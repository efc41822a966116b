#include "kernel/postgresql/agent/wal_record.h"

#include <charconv>

#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kAlignment = 8;
constexpr std::uint64_t kPageHeader = 24;
constexpr std::uint64_t kSegmentHeader = 40;  // of a segment's first page

/// What stands between `label` and `end`, spaces taken off the front.
std::string_view between(std::string_view line, std::string_view label, char end) {
  const auto at = line.find(label);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + label.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line.substr(0, line.find(end));
}

}  // namespace

// rmgr: XLOG  len (rec/tot):  114/  114, tx:  0, lsn: 0/01500790, prev ..., desc:
// CHECKPOINT_SHUTDOWN
std::optional<WalRecord> parse_wal_record(std::string_view output) {
  const auto at = output.find("rmgr:");
  if (at == std::string_view::npos) return std::nullopt;
  const auto line = output.substr(at, output.substr(at).find('\n'));
  const auto lengths = between(line, "len (rec/tot):", ',');
  const auto slash = lengths.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto total = lengths.substr(slash + 1);
  total.remove_prefix(std::min(total.find_first_not_of(' '), total.size()));
  WalRecord record;
  const auto [end, error] =
      std::from_chars(total.data(), total.data() + total.size(), record.octets);
  const auto position = parse_position(between(line, "lsn:", ','));
  if (error != std::errc{} || end != total.data() + total.size() || !position) return std::nullopt;
  record.position = *position;
  record.shutdown_checkpoint = line.starts_with("rmgr: XLOG ") &&
                               between(line, "desc:", '\n').starts_with("CHECKPOINT_SHUTDOWN");
  return record;
}

std::uint64_t record_end(const WalRecord& record, std::uint64_t page_octets,
                         std::uint64_t segment_octets) {
  if (page_octets == 0 || segment_octets == 0) return 0;
  auto at = record.position;
  auto left = (record.octets + kAlignment - 1) / kAlignment * kAlignment;
  for (;;) {
    const auto room = page_octets - at % page_octets;
    if (left <= room) return at + left;
    left -= room;
    at += room;
    at += at % segment_octets == 0 ? kSegmentHeader : kPageHeader;
  }
}

std::optional<Finding> judge_switch(const std::string& node, const SwitchProof& proof,
                                    const HistoryFile& history) {
  if (proof.end == 0 || history.switch_position == 0) return std::nullopt;
  const auto place = [](std::uint64_t position, std::uint64_t timeline) {
    return position_text(position) + " of timeline " + std::to_string(timeline);
  };
  const bool same = history.parent == proof.timeline;
  if (same && history.switch_position == proof.end) return std::nullopt;
  const auto text = node + " switched at " + place(history.switch_position, history.parent) +
                    ", and the shutdown checkpoint's record that was its proof ends at " +
                    place(proof.end, proof.timeline);
  if (same && history.switch_position < proof.end)
    return Finding{"SWITCHED_BEFORE_CHECKPOINT", Severity::alarm,
                   text + ": writes that were acknowledged are not on " + node};
  return Finding{"SWITCHED_BEYOND_CHECKPOINT", Severity::alarm,
                 text + ": what lies between is not the demoted primary's"};
}

}  // namespace aeromq::postgresql
