// The few lines of SQLite that the store needs: a connection and prepared statements. Any error is
// the end of the process: a register that cannot be read or written must not answer.
#pragma once
#include <string>

#include "messages/bytes.h"
#include "messages/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aeromq::kernel {

class Database {
 public:
  /// Error INVALID_INPUT, field `register`.
  static Result<Database> open(const std::string& path, bool read_only);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();
  sqlite3* handle() const { return handle_; }
  void run(const char* sql);
  /// Error instead of the end: for the first statements on a file that may be no register.
  Result<void> try_run(const char* sql);
  /// The WAL stays when this is closed.
  void keep_wal();

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

/// One use of one statement. Parameters are bound in order, columns read in order.
class Statement {
 public:
  Statement(const Database& database, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();
  Statement& text(const std::string& value);
  Statement& number(std::uint64_t value);
  Statement& blob(ByteView value);
  bool step();  ///< true: a row stands ready
  void run();   ///< to the end
  std::string text_at(int column) const;
  std::uint64_t number_at(int column) const;
  Bytes blob_at(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

}  // namespace aeromq::kernel
