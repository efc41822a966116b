// One node's conversation, never blocking. An ordinary connection is kept from look to look and
// tells everything but a standby's timeline and the history of a timeline; for these a replication
// connection is opened, only if what is known does not prove them, and closed again in the same
// look. Whoever owns the probe polls its descriptor and steps it.
#pragma once
#include <optional>

#include "kernel/postgresql/sight/known_timeline.h"
#include "kernel/postgresql/sight/line.h"
#include "transport/resolver.h"

namespace aeromq::postgresql {

class Probe {
 public:
  Probe(NodeSettings node, ConnectionSettings settings);

  /// Starts a look. Until the node says anything it has connect_deadline_ms, its name's resolution
  /// included, from then on query_deadline_ms for the rest.
  void begin(Depth depth, std::uint64_t now_ms);
  bool done() const { return phase_ == Phase::done; }
  /// What to wait for, and until when.
  pollfd waits_for() const;
  std::uint64_t deadline_ms() const { return until_ms_; }
  /// Goes on as far as it can. Call it when the descriptor is ready or the deadline has passed.
  void step(std::uint64_t now_ms);
  /// What was seen. Precondition: done().
  NodeSample take();

 private:
  enum class Phase : std::uint8_t { done, resolving, looking, asking_timeline };
  enum class Question : std::uint8_t { identity, facts, identity_again, history };

  void look_up();
  void take_addresses();
  void connect_next();
  void open_sender(std::uint32_t proven);
  Line& line() { return phase_ == Phase::asking_timeline ? sender_ : main_; }
  const Line& line() const { return phase_ == Phase::asking_timeline ? sender_ : main_; }
  void ask(Question question);
  void ask_anew();
  void go_on();
  void overdue();
  void answered();
  void take_identity();
  void take_facts();
  void take_second_identity();
  void take_history();
  void finish_without(Words words);
  void finish();
  void heard();
  void note_signs();
  void failed(Words words);
  void broken();
  NodeSample blank() const;

  NodeSettings node_;
  ConnectionSettings settings_;
  Line main_;
  Line sender_;
  std::optional<transport::Resolution> resolution_;
  std::vector<std::string> addresses_;  ///< of the host, as it was resolved last
  std::size_t next_ = 0;                ///< which of them comes next; the one before is in use
  Words first_words_;                   ///< what the first of them led to
  Phase phase_ = Phase::done;
  Question question_ = Question::facts;
  Depth depth_ = Depth::facts;
  std::uint64_t now_ms_ = 0;
  std::uint64_t began_ms_ = 0;
  std::uint64_t deadline_ms_ = 0;
  std::uint64_t allowed_ms_ = 0;  ///< the part of the time that deadline_ms_ ends
  std::uint64_t until_ms_ = 0;    ///< deadline_ms_, or before it the end of one address's part
  bool heard_ = false;            ///< the node has said something in this look
  bool accepted_ = false;         ///< a connection to its address was made in this look
  bool spoke_ = false;            ///< an octet came from there, whatever it said
  bool reused_ = false;           ///< the connection is of an earlier look and may be stale
  int rounds_ = 0;
  Identity identity_;
  ServerWord word_;
  KnownTimeline known_;
  NodeSample sample_;
};

}  // namespace aeromq::postgresql
