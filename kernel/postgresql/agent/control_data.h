// What pg_controldata printed, as a value. Pure: text in, value out.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aeromq::postgresql {

/// The control file of a PGDATA. Its timelines lag behind a running server: only what a stopped
/// server left there decides anything.
struct ControlData {
  std::uint64_t system_identifier = 0;
  std::string state;             ///< "in production", "shut down", "in archive recovery", ...
  std::uint64_t checkpoint = 0;  ///< where the latest checkpoint's record begins
  std::uint64_t checkpoint_timeline = 0;
  std::uint64_t minimum_recovery_end = 0;
  std::uint64_t minimum_recovery_timeline = 0;
  std::uint64_t wal_page = 0;     ///< octets; 0: not said
  std::uint64_t wal_segment = 0;  ///< octets; 0: not said
  /// The settings whose WAL it has: max_connections, max_worker_processes, max_wal_senders,
  /// max_prepared_transactions, max_locks_per_transaction. 0: not said.
  std::array<std::uint64_t, 5> limits{};
  friend bool operator==(const ControlData&, const ControlData&) = default;

  /// The timeline on which a start without standby.signal would go on.
  std::uint64_t timeline() const {
    return checkpoint_timeline > minimum_recovery_timeline ? checkpoint_timeline
                                                           : minimum_recovery_timeline;
  }
  bool in_production() const { return state == "in production"; }
  bool shut_down() const { return state == "shut down"; }
};

/// Nothing unless every line that is needed is there, once and readable: a control file that is
/// half understood is none. `output` is in the C locale.
std::optional<ControlData> parse_control_data(std::string_view output);

/// "0/4057F10" as octets of history.
std::optional<std::uint64_t> parse_position(std::string_view text);

}  // namespace aeromq::postgresql
