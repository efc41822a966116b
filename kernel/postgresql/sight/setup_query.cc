#include "kernel/postgresql/sight/setup_query.h"

#include <algorithm>

namespace aeromq::postgresql {
namespace {

// A setting that the role may not see is a row less, and no error. What waits for a restart is
// named whatever it is, without its value.
constexpr const char* kSetup =
    "SELECT name, CASE WHEN listed THEN setting END, pending_restart"
    " FROM (SELECT *, name IN ('max_connections', 'max_worker_processes', 'max_wal_senders',"
    " 'max_prepared_transactions', 'max_locks_per_transaction', 'wal_level', 'archive_mode',"
    " 'wal_segment_size', 'cluster_name', 'primary_conninfo', 'primary_slot_name') AS listed"
    " FROM pg_settings) s WHERE listed OR pending_restart ORDER BY 1;"
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() ELSE '' END,"
    " pg_last_wal_receive_lsn(), archived_count,"
    " greatest(0, extract(epoch FROM clock_timestamp() - last_archived_time) * 1000)::int8,"
    " failed_count,"
    " greatest(0, extract(epoch FROM clock_timestamp() - last_failed_time) * 1000)::int8,"
    " last_failed_wal FROM pg_stat_archiver;";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  if (list.empty()) return parts;
  for (std::size_t begin = 0;;) {
    const auto end = list.find(',', begin);
    parts.push_back(list.substr(begin, end == list.npos ? end : end - begin));
    if (end == list.npos) return parts;
    begin = end + 1;
  }
}

/// One for all, or one for each.
std::string part_of(const std::vector<std::string>& parts, std::size_t i) {
  if (parts.size() == 1) return parts.front();
  return i < parts.size() ? parts[i] : std::string();
}

}  // namespace

const char* setup_query() { return kSetup; }

Upstream upstream_of_conninfo(const std::string& conninfo) {
  Upstream upstream;
  char* error = nullptr;
  auto* const options = PQconninfoParse(conninfo.c_str(), &error);
  PQfreemem(error);
  if (options == nullptr) return upstream;
  upstream.known = true;
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;
  std::vector<std::string> ports;
  for (const auto* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view name = option->keyword;
    if (name == "host") hosts = split(option->val);
    if (name == "hostaddr") addresses = split(option->val);
    if (name == "port") ports = split(option->val);
    if (name == "application_name") upstream.application_name = showable(option->val);
    if (name == "target_session_attrs") upstream.session_attrs = showable(option->val);
  }
  PQconninfoFree(options);
  const auto places = std::max(hosts.size(), addresses.size());
  for (std::size_t i = 0; i < places; ++i)
    upstream.places.push_back({showable(i < hosts.size() ? hosts[i] : ""),
                               showable(i < addresses.size() ? addresses[i] : ""),
                               showable(part_of(ports, i))});
  return upstream;
}

void read_setup(const Cells& settings, const Cells& state, NodeSample& sample) {
  auto& setup = sample.setup;
  std::string slot;
  for (int row = 0; row < settings.rows(); ++row) {
    const auto name = settings.text(row, 0);
    if (settings.flag(row, 2)) setup.pending.push_back(name);
    if (name == "primary_conninfo")
      setup.upstream = upstream_of_conninfo(settings.verbatim(row, 1));
    else if (name == "primary_slot_name")
      slot = settings.text(row, 1);
    else
      setup.settings.push_back({name, settings.text(row, 1)});
  }
  setup.upstream.slot = slot;
  setup.pause_state = state.text(0, 0);
  setup.received = state.lsn(0, 1);
  setup.archiver = {state.number(0, 2), state.number(0, 3), state.number(0, 4), state.number(0, 5),
                    state.text(0, 6)};
}

}  // namespace aeromq::postgresql
