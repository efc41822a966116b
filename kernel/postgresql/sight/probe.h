// One node's conversation: a persistent replication connection, never blocking. IDENTIFY_SYSTEM,
// TIMELINE_HISTORY and SQL all go over it. Whoever owns it polls its descriptor and steps it.
//
// A host given as a name is resolved by libpq in the step that connects, which blocks as long as
// the resolver does: give addresses.
#pragma once
#include <libpq-fe.h>
#include <poll.h>

#include <optional>

#include "kernel/postgresql/sight/queries.h"

namespace aeromq::postgresql {

class Probe {
 public:
  Probe(NodeSettings node, ConnectionSettings settings);

  /// Starts a look. Until the node says anything it has connect_deadline_ms, from then on
  /// query_deadline_ms for the rest.
  void begin(Depth depth, std::uint64_t now_ms);
  bool done() const { return phase_ == Phase::done; }
  /// What to wait for, and until when.
  pollfd waits_for() const;
  std::uint64_t deadline_ms() const { return deadline_ms_; }
  /// Goes on as far as it can. Call it when the descriptor is ready or the deadline has passed.
  void step(std::uint64_t now_ms);
  /// What was seen. Precondition: done().
  NodeSample take();

 private:
  enum class Phase { done, connecting, asking };
  enum class Question { identity, facts, identity_again, history };
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  void connect();
  void step_connecting();
  void ask(Question question);
  void step_asking();
  void answered();
  void take_identity();
  void take_facts();
  void take_second_identity();
  void take_history();
  void ask_anew();
  void finish();
  void heard();
  void note_signs();
  void failed(Words words);
  void broken();
  const PGresult* error_result() const;

  NodeSettings node_;
  ConnectionSettings settings_;
  std::unique_ptr<PGconn, Finish> connection_;
  Phase phase_ = Phase::done;
  Question question_ = Question::identity;
  Depth depth_ = Depth::facts;
  short events_ = 0;
  std::uint64_t now_ms_ = 0;
  std::uint64_t began_ms_ = 0;
  std::uint64_t deadline_ms_ = 0;
  std::uint64_t allowed_ms_ = 0;  ///< the part of the time that deadline_ms_ ends
  bool heard_ = false;            ///< the node has said something in this look
  bool accepted_ = false;         ///< a connection to its address was made in this look
  bool spoke_ = false;            ///< an octet came from there, whatever it said
  bool reused_ = false;           ///< the connection is of an earlier look and may be stale
  int rounds_ = 0;
  std::vector<ResultPtr> results_;
  Identity identity_;
  /// Of this connection: a server never changes a history file while it runs.
  std::optional<std::pair<std::uint32_t, std::vector<TimelineEnd>>> history_;
  NodeSample sample_;
};

}  // namespace aeromq::postgresql
