#include "chaos/postgresql/truth.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "chaos/postgresql/sql.h"
#include "messages/ids.h"

namespace aeromq::chaos::postgresql {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyMs = 10000;
constexpr const char* kState =
    "SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN "
    "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn ELSE "
    "pg_current_wal_flush_lsn() - '0/0'::pg_lsn END, CASE WHEN pg_is_in_recovery() THEN '0' ELSE "
    "substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END, "
    "(SELECT string_agg(application_name, ',') FROM pg_stat_replication WHERE state = "
    "'streaming'), "
    "coalesce((SELECT received_tli FROM pg_stat_wal_receiver), 0)";

std::uint64_t history_number(const std::string& file) {
  if (file.size() != 16 || !file.ends_with(".history")) return 0;
  return std::stoull(file.substr(0, 8), nullptr, 16);
}

std::map<std::uint64_t, std::string> histories_of(const Server& server) {
  std::map<std::uint64_t, std::string> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(server.data / "pg_wal", none)) {
    const auto number = history_number(entry.path().filename().string());
    if (number == 0) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    found[number] = text.str();
  }
  return found;
}

void ask_server(const Cluster& cluster, const Server& server, ServerFacts& facts) {
  Session session(cluster.url_of(server));
  const auto rows = session.ask(kState);
  if (!rows || rows->size() != 1) return;
  const auto& row = rows->front();
  facts.answers = true;
  facts.in_recovery = row[0] == "t";
  facts.position = row[1].empty() ? 0 : std::stoull(row[1]);
  facts.timeline = facts.in_recovery ? std::stoull(row[4]) : std::stoull(row[2], nullptr, 16);
  std::istringstream names(row[3]);
  for (std::string name; std::getline(names, name, ',');) facts.streaming.insert(name);
}

std::string octets(sqlite3_stmt* row, int column) {
  const auto* from = static_cast<const char*>(sqlite3_column_blob(row, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return from == nullptr ? std::string() : std::string(from, size);
}

void each_row(const fs::path& path, const std::string& sql,
              const std::function<void(sqlite3_stmt*)>& take) {
  if (!fs::exists(path)) return;
  sqlite3* database = nullptr;
  const auto uri = "file:" + path.string() + "?mode=ro";
  const bool opened = sqlite3_open_v2(uri.c_str(), &database,
                                      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr) == SQLITE_OK;
  sqlite3_busy_timeout(database, kBusyMs);
  sqlite3_stmt* query = nullptr;
  int step = SQLITE_ERROR;
  if (opened && sqlite3_prepare_v2(database, sql.c_str(), -1, &query, nullptr) == SQLITE_OK)
    while ((step = sqlite3_step(query)) == SQLITE_ROW) take(query);
  const std::string fault = sqlite3_errmsg(database);
  sqlite3_finalize(query);
  sqlite3_close(database);
  if (step != SQLITE_DONE) throw std::runtime_error(path.string() + ": " + fault);
}

void each_entry(const Server& server, const std::string& sql,
                const std::function<void(sqlite3_stmt*)>& take) {
  each_row(server.agent / "journal.sqlite", sql, take);
}

}  // namespace

Facts read_facts(const Cluster& cluster) {
  Facts facts;
  for (const auto& server : cluster.servers()) {
    auto& one = facts[server.name];
    one.standby_signal = fs::exists(server.data / "standby.signal");
    const auto histories = histories_of(server);
    if (!histories.empty()) one.newest_history = histories.rbegin()->first;
    one.running = cluster.postmaster(server.name) > 0;
    if (one.running) ask_server(cluster, server, one);
  }
  return facts;
}

std::string primary_of(const Facts& facts) {
  for (const auto& [name, one] : facts)
    if (one.answers && !one.in_recovery) return name;
  return {};
}

std::uint64_t highest_timeline(const Facts& facts) {
  std::uint64_t highest = 1;
  for (const auto& [name, one] : facts)
    highest = std::max({highest, one.newest_history, one.timeline});
  return highest;
}

JournalWord read_journal(const Server& server, const std::string& request) {
  JournalWord word;
  const auto id = RequestId::parse(request);
  if (!id) return word;
  const auto wanted = id->octets();
  each_entry(server, "SELECT kind, request, body FROM entry ORDER BY number",
             [&](sqlite3_stmt* row) {
               const auto about = octets(row, 1);
               if (!std::ranges::equal(about, wanted, [](char a, std::uint8_t b) {
                     return static_cast<std::uint8_t>(a) == b;
                   }))
                 return;
               const auto kind = octets(row, 0);
               // Bodies are maps with the names of the fields.
               const auto body = nlohmann::json::from_msgpack(octets(row, 2), true, false);
               if (kind == "claim") ++word.claims;
               if (kind == "step" && body.at("name") == "asked") ++word.asked;
               if (kind != "result") return;
               ++word.results;
               word.executed = body.at("executed");
               word.code = body.at("code");
             });
  return word;
}

unsigned open_grants(const fs::path& register_file) {
  unsigned open = 0;
  each_row(register_file, "SELECT count(*) FROM grants WHERE state <> 1",
           [&](sqlite3_stmt* row) { open = static_cast<unsigned>(sqlite3_column_int(row, 0)); });
  return open;
}

unsigned open_claims(const Cluster& cluster) {
  unsigned open = 0;
  for (const auto& server : cluster.servers())
    each_entry(
        server,
        "SELECT count(*) FROM entry c WHERE c.kind = 'claim' AND NOT EXISTS(SELECT 1 FROM "
        "entry r WHERE r.kind = 'result' AND r.request = c.request)",
        [&](sqlite3_stmt* row) { open += static_cast<unsigned>(sqlite3_column_int(row, 0)); });
  return open;
}

bool had_effect(const std::string& verb, const std::string& node, const Facts& before,
                const Facts& after) {
  const auto& then = before.at(node);
  const auto& now = after.at(node);
  if (verb == "demote") return !then.standby_signal && now.standby_signal;
  return !now.standby_signal && now.newest_history > highest_timeline(before);
}

std::vector<std::string> forks(const Cluster& cluster) {
  std::map<std::uint64_t, std::pair<std::string, std::string>> known;  // text, node
  std::vector<std::string> found;
  for (const auto& server : cluster.servers())
    for (const auto& [number, text] : histories_of(server)) {
      const auto at = known.try_emplace(number, text, server.name).first;
      if (at->second.first != text)
        found.push_back(fmt::format("timeline {} has another history on {} than on {}", number,
                                    server.name, at->second.second));
    }
  return found;
}

}  // namespace aeromq::chaos::postgresql
