// The one PostgreSQL server of this host: what its files and processes say, and the only place that
// starts it, stops it, or changes its role on disk. Every wait is bounded.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kernel/postgresql/agent/child.h"
#include "kernel/postgresql/agent/control_data.h"
#include "kernel/postgresql/agent/foresight.h"
#include "kernel/postgresql/agent/server_log.h"
#include "kernel/postgresql/agent/server_process.h"
#include "kernel/postgresql/agent/wal_record.h"
#include "kernel/postgresql/settings.h"
#include "messages/codec.h"
#include "messages/result.h"
#include "messages/text.h"

namespace aeromq::postgresql {

/// Reads of any thread at once; the actions are the worker's alone.
class Instance {
 public:
  explicit Instance(const AgentSettings& settings);

  ServerProcess process() const { return find_server(data_); }
  /// Precondition: `found` is process()'s.
  std::string manager(const ServerProcess& found) const {
    return find_manager(data_, found.postmaster);
  }
  LocalServer local(const ServerProcess& found) const;
  /// Error KERNEL_UNAVAILABLE with pg_controldata's own words.
  Result<ControlData> control() const;
  /// The same for a status: a reading that is old and still true is not made again.
  Result<ControlData> control_for_status() const;
  bool standby_signal() const;
  bool promote_signal() const;
  bool lock_file() const;
  /// The timelines of all history files of pg_wal, in order; of many the newest kMaxElements.
  std::vector<std::uint64_t> histories() const;
  HistoryFile history(std::uint64_t timeline) const;
  HistoryFile newest_history() const;
  /// Where the record of the shutdown checkpoint at `position` ends, read from pg_wal with the
  /// server's own pg_waldump; 0: it is not there whole, or is not that. Nothing: no pg_waldump.
  std::optional<std::uint64_t> shutdown_record_end(const ControlData& control,
                                                   std::uint64_t timeline,
                                                   std::uint64_t position) const;
  /// Segments that wait for the archiver.
  std::uint64_t ready_segments() const;
  /// The server's own words.
  LogMark mark_log() const { return mark_logs(log_files(log_, data_)); }
  std::string log_since(const LogMark& mark) const;
  const Foresight& foresight() const { return foresight_; }

  /// pg_ctl start; the server is detached from us. What pg_ctl said.
  ChildEnd start() const;
  enum class Stop { fast, immediate };
  // Nothing is asked of a lock file whose process is not the postmaster of this PGDATA: pg_ctl
  // would send its signal to whoever has that number by now.
  ChildEnd stop(Stop how) const;
  /// The same without waiting for what comes of it.
  ChildEnd ask_to_stop() const;
  /// Ends what an agent that died left at work on this PGDATA. False: it does not end.
  bool end_strays() const;
  /// pg_ctl promote, without waiting for what comes of it.
  ChildEnd promote() const;

  // Durable when they return true: file and folder.
  bool make_standby() const;
  bool drop_promote_signal() const;
  /// A history file that names a timeline which never began is put aside, out of PGDATA.
  bool put_aside_history(std::uint64_t timeline) const;
  /// All that a role hangs on is on the disk: for a role that somebody else wrote.
  bool sync_role() const;

 private:
  std::string program(const char* name) const { return bin_ + "/" + name; }
  ChildEnd pg_ctl(std::vector<std::string> words, std::uint64_t deadline_ms) const;
  /// pg_ctl for what it does by a signal.
  ChildEnd signal(std::vector<std::string> words, std::uint64_t deadline_ms) const;

  std::string data_;
  std::string host_;  ///< where the node's server should listen
  std::uint64_t port_ = 0;
  std::string bin_;
  std::string options_;
  std::string log_;
  std::string aside_;
  std::uint64_t start_ms_;
  std::uint64_t stop_ms_;
  Foresight foresight_;
  mutable std::mutex kept_mutex_;
  mutable std::optional<ControlData> kept_;
  mutable std::uint64_t kept_stamp_ = 0;  ///< when the file that `kept_` was read from was written
};

/// The last line of a history file that is one: parent timeline and switch position.
std::optional<HistoryFile> parse_history(std::uint64_t timeline, std::string_view text);

/// 3 for "00000003.history"; nothing for any other name.
std::optional<std::uint64_t> history_number(std::string_view file);

/// What is left for this user where `path` lies; nothing: it cannot be told.
std::optional<std::uint64_t> free_octets(const std::string& path);

/// A program's words on one line, fit for a message: UTF-8, no control characters, bounded.
std::string as_words(std::string_view output, std::size_t most = 700);

}  // namespace aeromq::postgresql
