#include "kernel/sqlite.h"

#include <sqlite3.h>

#include <cstdlib>
#include <utility>

#include "process/exit_codes.h"
#include "process/log.h"

namespace aeromq::kernel {
namespace {

// Fail stop: the transaction may or may not be in the file; the next run reads which.
[[noreturn]] void stop(sqlite3* database, const char* doing) {
  const auto* file = sqlite3_db_filename(database, "main");
  const auto why =
      (sqlite3_errcode(database) & 0xFF) == SQLITE_FULL
          ? "the disk of " + std::string(file == nullptr ? "the register" : file) + " is full"
          : std::string(sqlite3_errmsg(database));
  process::log_error("register_failed", {{"doing", doing}, {"why", why}});
  std::_Exit(process::kExitFault);
}

std::string percent_encoded(const std::string& path) {
  std::string made;
  for (char c : path) {
    if (c == '%' || c == '?' || c == '#')
      made += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
    else
      made += c;
  }
  return made;
}

}  // namespace

Result<Database> Database::open(const std::string& path, bool read_only) {
  sqlite3* handle = nullptr;
  const auto uri = "file:" + percent_encoded(path) + (read_only ? "?mode=ro" : "?mode=rwc");
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int rc = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (rc != SQLITE_OK)
    return fail(make_error(ErrorCode::invalid_input, path + ": " + sqlite3_errstr(rc), "register"));
  // Only for a person who looks at the file with another tool: without it their lock would be our
  // end.
  constexpr int kBusyMs = 1000;
  sqlite3_busy_timeout(handle, kBusyMs);
  return database;
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}
Database::~Database() {
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
}

void Database::run(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) stop(handle_, sql);
}

void Database::keep_wal() {
  int keep = 1;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

Result<void> Database::try_run(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return fail(make_error(ErrorCode::invalid_input, sqlite3_errmsg(handle_), "register"));
}

Statement::Statement(const Database& database, const char* sql) : database_(database.handle()) {
  if (sqlite3_prepare_v2(database_, sql, -1, &statement_, nullptr) != SQLITE_OK)
    stop(database_, sql);
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::text(const std::string& value) {
  if (sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()),
                        SQLITE_TRANSIENT) != SQLITE_OK)
    stop(database_, "bind");
  return *this;
}
Statement& Statement::number(std::uint64_t value) {
  if (sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(value)) != SQLITE_OK)
    stop(database_, "bind");
  return *this;
}
Statement& Statement::blob(ByteView value) {
  if (sqlite3_bind_blob(statement_, ++bound_, value.data(), static_cast<int>(value.size()),
                        SQLITE_TRANSIENT) != SQLITE_OK)
    stop(database_, "bind");
  return *this;
}

bool Statement::step() {
  const int rc = sqlite3_step(statement_);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) stop(database_, sqlite3_sql(statement_));
  return rc == SQLITE_ROW;
}
void Statement::run() {
  while (step()) {
  }
}

std::string Statement::text_at(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string{} : std::string(text);
}
std::uint64_t Statement::number_at(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}
Bytes Statement::blob_at(int column) const {
  const auto* octets = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return octets == nullptr ? Bytes{} : Bytes(octets, octets + size);
}

}  // namespace aeromq::kernel
