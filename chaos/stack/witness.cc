#include "chaos/stack/witness.h"

#include <sqlite3.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "messages/digest.h"
#include "messages/ids.h"

namespace aeromq::chaos {
namespace {

constexpr int kBusyMs = 10000;
// In the column `executed`: it was granted, and nobody ever claimed it. Such a row says only that
// it never will be: no act stands behind it, so that no history tells of it.
constexpr int kNever = 2;

class File {
 public:
  explicit File(const std::filesystem::path& path) {
    const auto uri = "file:" + path.string() + "?mode=ro";
    if (sqlite3_open_v2(uri.c_str(), &database_, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr) !=
        SQLITE_OK) {
      sqlite3_close(database_);
      throw std::runtime_error("cannot read " + path.string());
    }
    sqlite3_busy_timeout(database_, kBusyMs);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { sqlite3_close(database_); }

  void each(const std::string& sql, const std::function<void(sqlite3_stmt*)>& take) const {
    sqlite3_stmt* query = nullptr;
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &query, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_));
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(query)) == SQLITE_ROW) take(query);
    sqlite3_finalize(query);
    if (step != SQLITE_DONE) throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_));
  }

 private:
  sqlite3* database_ = nullptr;
};

std::string octets(sqlite3_stmt* row, int column) {
  const auto* from = static_cast<const char*>(sqlite3_column_blob(row, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return from == nullptr ? std::string() : std::string(from, size);
}

std::string request_text(const std::string& octets) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(octets.data());
  const auto id = RequestId::from(ByteView(from, octets.size()));
  return id ? id->text() : std::string();
}

}  // namespace

Ledger read_ledger(const std::filesystem::path& register_file) {
  const File file(register_file);
  Ledger ledger;
  // One statement = one state of the file.
  file.each(
      "SELECT 0, request, executed FROM ledger UNION ALL "
      "SELECT 1, '', value FROM meta WHERE key = 'fencing_epoch'",
      [&](sqlite3_stmt* row) {
        if (sqlite3_column_int(row, 0) == 0 && sqlite3_column_int(row, 2) == kNever) return;
        if (sqlite3_column_int(row, 0) == 1)
          ledger.fencing_epoch = static_cast<std::uint64_t>(sqlite3_column_int64(row, 2));
        else
          (sqlite3_column_int(row, 2) == 1 ? ledger.executed : ledger.rejected)
              .insert(request_text(octets(row, 1)));
      });
  return ledger;
}

namespace {

// What nodes report and the openings of dispatchers are no part of what a look must leave alone;
// nor are a PostgreSQL cluster's terms and grants, which the kernel settles in its own time.
bool moves_by_itself(const std::string& table, sqlite3_stmt* row) {
  if (table == "ledger") return sqlite3_column_int(row, 1) == kNever;
  if (table == "dispatchers" || table == "grants" || table == "term" || table == "journals")
    return true;
  if (table != "meta") return false;
  const auto key = octets(row, 0);
  return key == "acknowledged" || key == "snapshot_limit";
}

std::string state_digest(const File& file) {
  std::vector<std::string> tables;
  file.each("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            [&](sqlite3_stmt* row) { tables.push_back(octets(row, 0)); });
  std::string state;
  for (const auto& table : tables)
    file.each("SELECT * FROM " + table + " ORDER BY 1", [&](sqlite3_stmt* row) {
      if (moves_by_itself(table, row)) return;
      for (int i = 0; i < sqlite3_column_count(row); ++i) {
        const auto cell = octets(row, i);
        state += table + std::to_string(i) + ':' + std::to_string(cell.size()) + ':' + cell;
      }
    });
  return to_hex(sha256(as_bytes(state)).view());
}

std::string hex(const std::string& octets) { return to_hex(as_bytes(octets)); }

}  // namespace

WitnessedRegister read_register(const std::filesystem::path& register_file) {
  const File file(register_file);
  file.each("BEGIN", [](sqlite3_stmt*) {});  // one state for all statements
  WitnessedRegister seen;
  file.each(
      "SELECT request, action, node, principal, command_digest, executed, code, text, "
      "rowid FROM ledger ORDER BY rowid",
      [&](sqlite3_stmt* row) {
        if (sqlite3_column_int(row, 5) == kNever) return;
        seen.rows.push_back({request_text(octets(row, 0)), octets(row, 1), octets(row, 2),
                             octets(row, 3), hex(octets(row, 4)), sqlite3_column_int(row, 5) == 1,
                             octets(row, 6), octets(row, 7),
                             static_cast<std::uint64_t>(sqlite3_column_int64(row, 8))});
      });
  bool has_grants = false;
  file.each("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'grants'",
            [&](sqlite3_stmt*) { has_grants = true; });
  if (has_grants)
    file.each("SELECT request FROM grants ORDER BY term",
              [&](sqlite3_stmt* row) { seen.grants.push_back(request_text(octets(row, 0))); });
  file.each("SELECT key, value FROM meta WHERE key IN ('holder', 'fencing_epoch')",
            [&](sqlite3_stmt* row) {
              if (octets(row, 0) == "holder")
                seen.holder = octets(row, 1);
              else
                seen.fencing_epoch = static_cast<std::uint64_t>(sqlite3_column_int64(row, 1));
            });
  file.each("SELECT id, epoch FROM dispatchers", [&](sqlite3_stmt* row) {
    seen.dispatchers[static_cast<std::uint64_t>(sqlite3_column_int64(row, 0))] =
        static_cast<std::uint64_t>(sqlite3_column_int64(row, 1));
  });
  seen.digest = state_digest(file);
  return seen;
}

std::string dump_register(const std::filesystem::path& register_file) {
  const File file(register_file);
  std::vector<std::string> tables;
  file.each("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            [&](sqlite3_stmt* row) { tables.push_back(octets(row, 0)); });
  std::string dump;
  for (const auto& table : tables)
    file.each("SELECT * FROM " + table + " ORDER BY 1", [&](sqlite3_stmt* row) {
      dump += table;
      for (int i = 0; i < sqlite3_column_count(row); ++i) {
        dump += " | ";
        for (const char octet : octets(row, i)) {
          const bool plain = octet >= ' ' && octet <= '~';
          dump += plain ? std::string(1, octet) : "\\" + std::to_string(octet & 0xFF);
        }
      }
      dump += '\n';
    });
  return dump;
}

std::string ledger_text(const std::filesystem::path& register_file, const std::string& request,
                        const std::string& column) {
  const File file(register_file);
  std::string text;
  file.each("SELECT request, " + column + " FROM ledger", [&](sqlite3_stmt* row) {
    if (request_text(octets(row, 0)) == request) text = octets(row, 1);
  });
  return text;
}

}  // namespace aeromq::chaos
