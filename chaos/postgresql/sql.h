// One libpq connection of the harness itself: what a client of the servers sees, past everything
// that is under test.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace aeromq::chaos::postgresql {

using SqlRow = std::vector<std::string>;

/// How a statement ended, as a client may conclude it.
struct SqlEnd {
  bool done = false;     ///< the server said so
  bool alive = true;     ///< the connection can be used on
  bool warned = false;   ///< a warning came with it: for a writer, no acknowledgement
  std::string sqlstate;  ///< of an error
  std::string message;
  std::vector<SqlRow> rows;
};

class Session {
 public:
  /// Tries once; `conninfo` bounds how long.
  explicit Session(const std::string& conninfo);
  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;
  ~Session();

  bool alive() const;
  std::string error() const;
  SqlEnd run(const std::string& sql);
  /// The rows, or nothing for any failure.
  std::optional<std::vector<SqlRow>> ask(const std::string& sql);

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  std::unique_ptr<pg_conn, Close> connection_;
  std::unique_ptr<bool> warned_;  // at one place: libpq's notice handler points to it
};

}  // namespace aeromq::chaos::postgresql
