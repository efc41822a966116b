// One libpq connection to one address that never blocks: whoever owns it polls its descriptor and
// steps it. What libpq makes of an answer is one thing; that anybody answered is another, and is
// kept apart.
#pragma once
#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/postgresql/sight/queries.h"

namespace aeromq::postgresql {

/// What a connection is for. A `sender` takes one of the server's max_wal_senders, and answers
/// IDENTIFY_SYSTEM and TIMELINE_HISTORY as well as SQL.
enum class LineKind : std::uint8_t { sql, sender };

class Line {
 public:
  enum class State : std::uint8_t { closed, connecting, idle, asking, answered, broken };

  /// Begins. `address` is what the host's name was resolved to; empty: the host is a folder of
  /// sockets.
  void connect(const NodeSettings& node, const ConnectionSettings& settings,
               const std::string& address, LineKind kind);
  /// Precondition: idle or answered.
  void ask(const std::string& text);
  /// Goes on as far as it can.
  void step();
  void close();

  State state() const { return state_; }
  pollfd waits_for() const;
  /// Precondition: answered.
  const std::vector<ResultPtr>& results() const { return results_; }
  /// The first result that is an error, or nullptr.
  const PGresult* error() const;
  /// Why it is broken.
  const Words& words() const { return words_; }

  /// Since it was connected or forget_signs() was called: a connection was made; an octet came.
  bool accepted() const { return accepted_; }
  bool spoke() const { return spoke_; }
  void forget_signs() { accepted_ = spoke_ = false; }
  /// Nobody asked, and yet something waits to be read, or the connection has ended: the last words
  /// of a server, it may be long ago. They are no sign of life now.
  bool has_stale_words() const;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  void note_signs();
  void step_connecting();
  void step_asking();
  void broken();

  std::unique_ptr<PGconn, Finish> connection_;
  State state_ = State::closed;
  short events_ = 0;
  std::vector<ResultPtr> results_;
  Words words_;
  bool accepted_ = false;
  bool spoke_ = false;
};

}  // namespace aeromq::postgresql
