// Where a record of the write-ahead log ends: what pg_waldump printed of it, and the arithmetic of
// pages. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/postgresql/agent/control_data.h"
#include "messages/finding.h"

namespace aeromq::postgresql {

/// One line of pg_waldump.
struct WalRecord {
  std::uint64_t position = 0;  ///< where it begins
  std::uint64_t octets = 0;    ///< its whole length, without page headers
  bool shutdown_checkpoint = false;
  friend bool operator==(const WalRecord&, const WalRecord&) = default;
};

/// The first record of `output`, which is in the C locale; nothing if there is none.
std::optional<WalRecord> parse_wal_record(std::string_view output);

/// Where the next record would begin: after 8-octet alignment and the headers of the pages that the
/// record runs over. What a new timeline's history names as its switch position is this.
std::uint64_t record_end(const WalRecord& record, std::uint64_t page_octets,
                         std::uint64_t segment_octets);

/// The newest timeline history file of pg_wal.
struct HistoryFile {
  std::uint64_t timeline = 0;  ///< 0: there is none
  std::uint64_t parent = 0;    ///< its last line: where the timeline came from
  std::uint64_t switch_position = 0;
  friend bool operator==(const HistoryFile&, const HistoryFile&) = default;
};

/// The end of the shutdown checkpoint's record that was a promotion's proof.
struct SwitchProof {
  std::uint64_t end = 0;  ///< 0: there was none, or it is not known
  std::uint64_t timeline = 0;
};

/// A promotion that was proven by a shutdown checkpoint goes on exactly where its record ends.
/// Before it rows that were acknowledged are lost, beyond it is WAL of somebody else: an alarm.
std::optional<Finding> judge_switch(const std::string& node, const SwitchProof& proof,
                                    const HistoryFile& history);

}  // namespace aeromq::postgresql
