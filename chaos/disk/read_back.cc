#include "chaos/disk/read_back.h"

#include <sqlite3.h>

#include <functional>
#include <map>
#include <stdexcept>

#include "audit/log_reader.h"
#include "audit/verify.h"
#include "chaos/stack/child.h"
#include "messages/kernel.h"
#include "messages/record.h"

namespace aeromq::chaos::disk {
namespace {

namespace fs = std::filesystem;

constexpr int kVerifierMs = 60000;

std::string octets(sqlite3_stmt* row, int column) {
  const auto* from = static_cast<const char*>(sqlite3_column_blob(row, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return from == nullptr ? std::string() : std::string(from, size);
}

ByteView view_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Its own words for what goes wrong, so that a damaged register is a finding and not an abort.
std::string each(sqlite3* database, const char* sql,
                 const std::function<void(sqlite3_stmt*)>& take) {
  sqlite3_stmt* query = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &query, nullptr) != SQLITE_OK)
    return sqlite3_errmsg(database);
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(query)) == SQLITE_ROW) take(query);
  sqlite3_finalize(query);
  return step == SQLITE_DONE ? std::string() : sqlite3_errmsg(database);
}

Event row_event(sqlite3_stmt* row) {
  Event event;
  event.kind = EventKind::stands;
  event.lane = "kernel";
  const auto request = octets(row, 1);
  if (const auto id = RequestId::from(view_of(request))) event.request = id->text();
  event.verdict = sqlite3_column_int(row, 2) != 0 ? "executed" : "rejected";
  event.code = octets(row, 3);
  event.text = octets(row, 4);
  event.what = octets(row, 5);
  event.node = octets(row, 6);
  event.principal = octets(row, 7);
  event.digest = to_hex(view_of(octets(row, 8)));
  const auto stored = octets(row, 9);
  event.number = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0));
  if (const auto answer = decode<ActAnswer>(view_of(stored)))
    for (const auto& effect : answer->effects) {
      if (effect.name == "write_authority") {
        event.before = effect.before == "none" ? "" : effect.before;
        event.after = effect.after == "none" ? "" : effect.after;
      }
      if (effect.name == "fencing_epoch") event.epoch = std::stoull(effect.after);
    }
  return event;
}

// A copy of the database and its log, so that looking changes nothing on the disk itself.
void read_register(const fs::path& file, const fs::path& scratch, DiskContents& disk) {
  const auto copy = scratch / "register.copy";
  for (const auto* suffix : {"", "-wal"}) {
    std::error_code ignored;
    fs::remove(copy.string() + suffix, ignored);
    fs::copy_file(file.string() + suffix, copy.string() + suffix, ignored);
  }
  fs::remove(copy.string() + "-shm");
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(copy.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
    disk.damage = "the register cannot be opened";
  } else {
    disk.damage = each(database,
                       "SELECT rowid, request, executed, code, text, action, node, principal, "
                       "command_digest, answer FROM ledger ORDER BY rowid",
                       [&](sqlite3_stmt* row) { disk.stands.push_back(row_event(row)); });
    std::uint64_t epoch = 0;
    std::uint64_t executed = 0;
    for (const auto& row : disk.stands)
      if (row.verdict == "executed") ++executed;
    const auto look = [&](const char* sql, const std::function<void(sqlite3_stmt*)>& take) {
      if (auto fault = each(database, sql, take); disk.damage.empty()) disk.damage = fault;
    };
    look("SELECT value FROM meta WHERE key = 'fencing_epoch'", [&](sqlite3_stmt* row) {
      epoch = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0));
    });
    look("PRAGMA integrity_check(1)", [&](sqlite3_stmt* row) {
      if (octets(row, 0) != "ok" && disk.damage.empty()) disk.damage = octets(row, 0);
    });
    if (disk.damage.empty() && epoch != executed + 1)
      disk.damage = "fencing epoch " + std::to_string(epoch) + " after " +
                    std::to_string(executed) + " executions";
  }
  sqlite3_close(database);
}

void read_records(const fs::path& audit, DiskContents& disk) {
  auto reader = audit::LogReader::open(audit, {});
  if (!reader) return;
  for (;;) {
    const auto entry = reader->next();
    if (!entry || !*entry) return;
    Event event;
    event.kind = EventKind::kept;
    event.lane = "disk";
    event.number = (*entry)->seq;
    if (const auto record = decode_row<Record>((*entry)->payload)) {
      event.request = record->request;
      event.principal = record->principal;
      event.what = text_of(record->stage);
      event.command = record->command;
      event.node = record->node;
      event.digest = record->command_digest;
      event.token = record->token_digest;
      event.verdict = text_of(record->outcome);
      event.code = record->error_code;
    }
    disk.kept.push_back(std::move(event));
  }
}

}  // namespace

DiskContents read_disk(const fs::path& audit, const fs::path& register_file,
                       const fs::path& scratch) {
  DiskContents disk;
  read_records(audit, disk);
  read_register(register_file, scratch, disk);
  const auto verification = audit::verify_log(audit, {});
  // A tail behind the last COMMIT was never acknowledged: the log as a whole stands.
  const bool whole = verification.code == audit::VerifyCode::ok ||
                     verification.code == audit::VerifyCode::torn_tail;
  disk.verified.kind = EventKind::verified;
  disk.verified.lane = "disk";
  disk.verified.verdict = whole ? "whole" : "broken";
  disk.verified.number = static_cast<std::uint64_t>(verification.code);
  disk.verified.text = verification.summary();
  for (const auto& finding : verification.findings) disk.verified.text += "; " + finding;
  return disk;
}

History with_contents(const History& seen, const DiskContents& disk) {
  std::map<std::string, std::size_t> order;
  for (std::size_t i = 0; i < disk.stands.size(); ++i) order[disk.stands[i].request] = i;
  History whole;
  std::size_t placed = 0;  // rows stand in the order of execution, so their events do
  const auto place_up_to = [&](std::size_t end) {
    for (; placed < end; ++placed) {
      auto row = disk.stands[placed];
      row.kind = EventKind::row;
      row.epoch = 0;
      row.before.clear();
      row.after.clear();
      whole.push_back(std::move(row));
      if (disk.stands[placed].verdict != "executed") continue;
      auto effect = disk.stands[placed];
      effect.kind = EventKind::effect;
      effect.verdict.clear();
      whole.push_back(std::move(effect));
    }
  };
  for (const auto& event : seen) {
    const auto at = order.find(event.request);
    if (event.kind == EventKind::told && at != order.end() &&
        (event.verdict == "executed" || event.verdict == "rejected"))
      place_up_to(at->second + 1);
    whole.push_back(event);
  }
  place_up_to(disk.stands.size());
  whole.insert(whole.end(), disk.kept.begin(), disk.kept.end());
  whole.insert(whole.end(), disk.stands.begin(), disk.stands.end());
  whole.push_back(disk.verified);
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i].seq = i + 1;
  return whole;
}

std::string verify_independently(const fs::path& audit) {
  const auto ended = run({"/usr/bin/python3", AEROMQ_LOG_VERIFIER, audit.string()}, kVerifierMs);
  return ended.exit_code == 0 || ended.exit_code == 40 ? ended.out : std::string();
}

}  // namespace aeromq::chaos::disk
