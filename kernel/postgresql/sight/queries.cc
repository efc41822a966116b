#include "kernel/postgresql/sight/queries.h"

#include <algorithm>

#include "kernel/postgresql/sight/cells.h"
#include "kernel/postgresql/sight/setup_query.h"
#include "messages/codec.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::size_t kMaxWords = 400;

// Each call of pg_is_in_recovery() asks anew, and it only ever turns from true to false: so no
// function is called that fails in the state that was just seen, but for pg_is_wal_replay_paused()
// in the moment of a promotion (55000); the probe then asks again.
constexpr const char* kState =
    "SELECT pg_is_in_recovery(),"
    " CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_flush_lsn() END,"
    " pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(),"
    " CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,"
    " current_setting('server_version_num'), current_setting('synchronous_standby_names'),"
    " current_setting('synchronous_commit'),"
    " pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),"
    " (extract(epoch FROM pg_postmaster_start_time()) * 1000)::int8, current_setting('port'),"
    " CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')"
    " THEN current_setting('data_directory') END,"
    " (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user);";
// Our own connections, this one and those of other lookers, may be walsenders; they never stream.
constexpr const char* kStreamers =
    "SELECT application_name, coalesce(host(client_addr), ''), state, sent_lsn, write_lsn,"
    " flush_lsn, replay_lsn, sync_state, EXISTS (SELECT FROM pg_replication_slots s"
    " WHERE s.active_pid = r.pid AND s.slot_type = 'logical') FROM pg_stat_replication r"
    " WHERE NOT (application_name = 'aeromq' AND state = 'startup') ORDER BY 1, 2, pid;";
constexpr const char* kSlots =
    "SELECT slot_name, active, restart_lsn, wal_status, safe_wal_size, slot_type = 'logical',"
    " plugin, database, coalesce(nullif(a.application_name, ''), active_pid::text),"
    // A column since version 17.
    " coalesce((to_jsonb(s) ->> 'synced')::bool, false)"
    " FROM pg_replication_slots s LEFT JOIN pg_stat_activity a ON a.pid = active_pid ORDER BY 1;";
constexpr const char* kReceiver =
    "SELECT status, sender_host, sender_port, received_tli, flushed_lsn, slot_name,"
    " greatest(0, extract(epoch FROM clock_timestamp() - last_msg_receipt_time) * 1000)::int8"
    " FROM pg_stat_wal_receiver;";
// Last of all, so that a promotion in between is noticed. The write position's file name is the one
// place where SQL tells a timeline that is not late; on a standby that function fails.
constexpr const char* kServer =
    "SELECT (SELECT system_identifier FROM pg_control_system()), pg_postmaster_start_time()::text,"
    " pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN '' ELSE"
    " left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END, "
    "current_setting('max_wal_senders'),"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'"
    "   AND NOT (application_name = 'aeromq' AND usename = current_user)),"
    " current_setting('max_connections'), current_setting('superuser_reserved_connections')::int"
    "   + coalesce(current_setting('reserved_connections', true), '0')::int,"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    "   AND NOT (application_name = 'aeromq' AND usename = current_user));";
// The names under which other managers of a cluster have sessions on its servers.
constexpr const char* kManagers =
    "SELECT DISTINCT coalesce(nullif(application_name, ''), backend_type)"
    " FROM pg_stat_activity WHERE application_name ~* '^(patroni|repmgr|pg_?auto_?failover|stolon)'"
    " OR backend_type ~* '(patroni|repmgr|pg_?auto_?failover)'"
    " OR usename = 'pgautofailover_monitor' ORDER BY 1;";
constexpr const char* kWal =
    "SELECT count(*), coalesce(sum(size), 0) FROM pg_ls_waldir();"
    "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready';"
    "SELECT current_setting('archive_mode'), archived_count, last_archived_wal, failed_count,"
    " last_failed_wal FROM pg_stat_archiver;";
constexpr const char* kBackups =
    "SELECT coalesce(a.application_name, ''), b.phase, b.backup_total, b.backup_streamed"
    " FROM pg_stat_progress_basebackup b LEFT JOIN pg_stat_activity a USING (pid) ORDER BY 1, pid;";

enum Statement : std::size_t {
  state,
  streamers,
  slots,
  receiver,
  managers,
  backups,
  settings,
  archiver,
  server,
  more
};

/// In our own words alone: they stand in a sample, beside PostgreSQL's.
auto malformed(const char* what) {
  auto error = make_error(ErrorCode::malformed);
  error.message = what;
  return fail(std::move(error));
}

void read_receiver(const Cells& cells, NodeSample& sample) {
  if (cells.rows() == 0) return;
  sample.receiver = Receiver{cells.text(0, 0),   cells.text(0, 1),
                             cells.number(0, 2), static_cast<std::uint32_t>(cells.number(0, 3)),
                             cells.lsn(0, 4),    cells.text(0, 5),
                             cells.number(0, 6)};
}

void read_state(const Cells& cells, NodeSample& sample) {
  sample.in_recovery = cells.flag(0, 0);
  const auto received = cells.lsn(0, 2);
  sample.replayed = cells.lsn(0, 3);
  // After a restart the received position is that of the segment's beginning, hence the greater.
  sample.position = sample.in_recovery ? std::max(received, sample.replayed) : cells.lsn(0, 1);
  sample.replay_paused = cells.flag(0, 4);
  sample.server_version = cells.number(0, 5);
  sample.synchronous_standby_names = cells.text(0, 6);
  sample.synchronous_commit = cells.text(0, 7);
  sample.started_ms = cells.number(0, 9);
  sample.own_port = cells.number(0, 10);
  sample.data_directory = cells.text(0, 11);
  sample.may_identify = cells.flag(0, 12);
}

ServerWord read_server(const Cells& cells, NodeSample& sample) {
  sample.system_identifier = cells.number(0, 0);
  sample.places = {cells.number(0, 4), cells.number(0, 5), cells.number(0, 6), cells.number(0, 7),
                   cells.number(0, 8)};
  const auto timeline = cells.text(0, 3);
  std::uint32_t number = 0;
  std::from_chars(timeline.data(), timeline.data() + timeline.size(), number, 16);
  return {cells.text(0, 0) + " " + cells.text(0, 1), cells.flag(0, 2), number};
}

void read_streamers(const Cells& cells, NodeSample& sample) {
  for (int row = 0; row < cells.rows(); ++row)
    sample.streamers.push_back({cells.text(row, 0), cells.text(row, 1), cells.text(row, 2),
                                cells.lsn(row, 3), cells.lsn(row, 4), cells.lsn(row, 5),
                                cells.lsn(row, 6), cells.text(row, 7), cells.flag(row, 8)});
}

void read_slots(const Cells& cells, NodeSample& sample) {
  for (int row = 0; row < cells.rows(); ++row)
    sample.slots.push_back({cells.text(row, 0), cells.flag(row, 1), cells.lsn(row, 2),
                            cells.text(row, 3), cells.text(row, 4), cells.flag(row, 5),
                            cells.text(row, 6), cells.text(row, 7), cells.text(row, 8),
                            cells.flag(row, 9)});
}

void read_wal(const Cells& files, const Cells& ready, const Cells& archiver, NodeSample& sample) {
  sample.wal = WalDetail{files.number(0, 0),    files.number(0, 1),    ready.number(0, 0),
                         archiver.text(0, 0),   archiver.number(0, 1), archiver.text(0, 2),
                         archiver.number(0, 3), archiver.text(0, 4)};
}

void read_backups(const Cells& cells, NodeSample& sample) {
  for (int row = 0; row < cells.rows(); ++row)
    sample.backups.push_back(
        {cells.text(row, 0), cells.text(row, 1), cells.number(row, 2), cells.number(row, 3)});
}

std::size_t statements(Depth depth) { return more + (depth == Depth::wal ? 3U : 0U); }

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

std::string showable(std::string text) {
  const bool ascii_only = !aeromq::detail::is_utf8(text) || has_control_characters(text);
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
    else if (ascii_only && static_cast<unsigned char>(c) >= 0x80)
      c = '?';
  return text;
}

std::string facts_query(Depth depth) {
  std::string all = kState;
  for (const auto* one : {kStreamers, kSlots, kReceiver, kManagers, kBackups}) all += one;
  all += setup_query();
  all += kServer;
  if (depth == Depth::wal) all += kWal;
  return all;
}

std::string history_query(std::uint32_t timeline) {
  return "TIMELINE_HISTORY " + std::to_string(timeline);
}

Result<Identity> read_identity(const std::vector<ResultPtr>& results) {
  if (results.size() != 1 || PQntuples(results.front().get()) != 1 ||
      PQnfields(results.front().get()) < 3)
    return malformed("IDENTIFY_SYSTEM answered in another shape");
  const Cells cells(results.front());
  return Identity{cells.number(0, 0), static_cast<std::uint32_t>(cells.number(0, 1))};
}

Result<ServerWord> read_facts(const std::vector<ResultPtr>& results, Depth depth,
                              NodeSample& sample) {
  if (results.size() != statements(depth) || Cells(results[state]).rows() != 1 ||
      Cells(results[server]).rows() != 1)
    return malformed("the node answered in another shape");
  const Cells first(results[state]);
  if (!first.flag(0, 8))
    return malformed("the role may not see other sessions: it needs pg_monitor");
  read_receiver(Cells(results[receiver]), sample);
  read_state(first, sample);
  read_streamers(Cells(results[streamers]), sample);
  read_slots(Cells(results[slots]), sample);
  read_backups(Cells(results[backups]), sample);
  read_setup(Cells(results[settings]), Cells(results[archiver]), sample);
  const Cells seen(results[managers]);
  for (int row = 0; row < seen.rows(); ++row) sample.managers.push_back(seen.text(row, 0));
  if (depth == Depth::wal)
    read_wal(Cells(results[more]), Cells(results[more + 1]), Cells(results[more + 2]), sample);
  return read_server(Cells(results[server]), sample);
}

// What was received and not yet replayed may be of a newer timeline than IDENTIFY_SYSTEM's, which
// is the replayed one: the position and its timeline belong together.
std::uint32_t timeline_of_position(const NodeSample& sample, std::uint32_t replayed) {
  const bool ahead = sample.in_recovery && sample.position > sample.replayed && sample.receiver;
  return ahead ? std::max(replayed, sample.receiver->timeline) : replayed;
}

Result<std::vector<TimelineEnd>> read_history(const std::vector<ResultPtr>& results) {
  if (results.size() != 1 || PQntuples(results.front().get()) != 1)
    return malformed("TIMELINE_HISTORY answered in another shape");
  return parse_history(Cells(results.front()).verbatim(0, 1));
}

Words words_of(const char* message) {
  Words words;
  std::string text = message == nullptr ? "" : message;
  // The source line that the verbose form adds is no help to an operator.
  text = text.substr(0, text.find("\nLOCATION:"));
  for (auto at = text.find(":  "); at != text.npos; at = text.find(":  ", at + 1)) {
    const auto code = text.substr(at + 3, 5);
    if (!is_sqlstate(code) || text.compare(at + 8, 2, ": ") != 0) continue;
    words.sqlstate = code;
    text.erase(at + 3, 7);
    break;
  }
  text = showable(std::move(text));
  const auto last = text.find_last_not_of(' ');
  words.text = cut(text.substr(0, last == text.npos ? 0 : last + 1), kMaxWords);
  return words;
}

}  // namespace aeromq::postgresql
