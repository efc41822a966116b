// The broker's core: who is connected, whose request is where, and what may come next. Pure: it is
// told of messages, losses and time, and answers with effects. It holds no authority, queues no
// mutation for an actor that is not there, and sends nothing twice.
//
//   what comes                         what it does
//   -----------------------------------------------------------------------------------------
//   hello of an actor                  join, or refuse while one of its role lives
//   hello / renew of a client          a session that names history, dispatcher, epoch, lease end
//   submit, audit_query                admit a new request id, else refuse, recorded
//   more than a limit allows           refuse BUSY: after the repeat was told, before any actor
//   many refusals                      told at once, one record for all of them later
//   confirm, abandon                   only of a pending request, by its own connection
//   a message that its road awaits     forward to the only receiver in the route table
//   any other message                  drop; a type from a wrong sender ends that actor
//   loss or silence of an actor        ONE step: dead, its requests closed; then report, then tell
//   late `acted` of a lost dispatcher  record it, tell nobody
//   loss of a client                   its pending confirmations are voided by the keeper
#pragma once
#include <deque>
#include <set>

#include "broker/allowances.h"
#include "broker/refusal_counts.h"
#include "broker/registry.h"
#include "broker/reports.h"
#include "broker/road.h"
#include "broker/sessions.h"
#include "broker/tally.h"

namespace aeromq::broker {

struct BrokerOptions {
  BootId boot;
  std::string build;
  std::uint64_t heartbeat_ms = 500;
  std::uint64_t stage_timeout_ms = 5000;  ///< a stage, or an actor, that is silent longer is lost
  std::uint64_t reader_timeout_ms = 600000;  ///< an audit query may scan the whole log
  std::uint64_t token_ttl_ms = 120000;       ///< a mutation needs a lease at least this long
  std::uint64_t lease_ms = 300000;
  Limits limits;
};

class Broker {
 public:
  Broker(BrokerOptions options, const Moment& start);

  /// One message as it came in. `user_id` is the authenticated identity, never empty.
  Effects on_message(const Link& from, const std::string& user_id, std::vector<Bytes> frames,
                     const Moment& now);
  /// The shell could not queue this effect: the connection is gone, or its peer does not read.
  Effects on_undelivered(const Outbound& message, const Moment& now);
  /// Heartbeats, silent actors, stages that took too long.
  Effects on_tick(const Moment& now);
  /// This connection of a client ended: a harmless message to it, so that the shell sees that it is
  /// gone once all that it said has been read. False: it is nobody's.
  std::optional<Effects> on_ended(const std::string& connection, const Moment& now);
  /// The door turned `more` connections away since the last call; `what` says why and whom.
  Effects on_turned_away(std::uint64_t more, const std::string& what, const Moment& now);
  /// A key of each of these principals is good no more: their connections are barred, and what they
  /// had pending ends. Which of a principal's connections used that key nobody can tell.
  Effects on_keys_withdrawn(const std::set<std::string>& principals, const Moment& now);
  /// Some connection ended: a harmless message to each, so that the shell finds out which.
  Effects on_disconnect_hint(const Moment& now);

  const Registry& registry() const { return registry_; }
  std::size_t open_requests() const { return roads_.size(); }

 private:
  using Roads = std::map<RequestId, Road>;
  struct Use {
    std::uint64_t open = 0;
    std::uint64_t changes = 0;
    std::uint64_t audit_queries = 0;
  };
  /// What a dispatcher held when it was lost: its late word about it is still recorded.
  struct LostDispatch {
    std::string connection;
    std::string dispatcher;  ///< its name, for the record
    RequestId request;
    std::string principal;
  };

  // Incoming, by who sent it.
  void from_actor(LiveActor& actor, const Header& header, Bytes body);
  void from_client(ClientLink& client, const Header& header, Bytes body);
  void hello_of_actor(const Link& from, const Header& header, const Bytes& body);
  void hello_of_client(ClientLink& client, const Bytes& body);
  void opened(const Bytes& body);
  void reported(const Bytes& body);
  void renew(ClientLink& client, const Bytes& body);
  void tell_status(ClientLink& client, const Bytes& body);
  void open_request(ClientLink& client, const Header& header, Bytes body);
  /// Why this request is more than may be open or asked; nothing: it may.
  std::optional<Error> beyond_limits(const ClientLink& client, const Header& header);
  void follow_up(ClientLink& client, const Header& header, Bytes body);

  // The road.
  void forward(Road& road, MessageType type, Bytes body);
  void hand_over(Road& road, Bytes body);
  void grant_credit();
  void close(const RequestId& request);
  void void_pending(Road& road, EndReason why);

  // Losses.
  void lose_actor(ActorRole role, const std::string& why);
  void lose_client(const std::string& connection);
  void close_lost(const Road& road, ActorRole lost, const std::string& name, Bytes late = {});
  void late_word(const std::string& connection, const Header& header, Bytes body);
  void bar(ClientLink& client, const Error& error, std::string failure = "malformed message");

  // Reports and answers.
  void report(PendingReport pending);
  void record_counts();
  bool recorded_alone(const std::string& principal);
  void report_late(const LostDispatch& dispatch, Bytes body);
  void flush_reports();
  void report_tallies();
  bool is_refused_too_often(ClientLink& client);
  void refuse(ClientLink& client, const RequestId& request, const Error& error, const Bytes& body);
  /// About no request: told at once and counted.
  void refuse_link(ClientLink& client, const Error& error);
  void tell_client(const std::string& connection, const RequestId& request, const Error& error,
                   std::uint64_t record);

  // Sending.
  void send_actor(LiveActor& actor, MessageType type, const RequestId& request,
                  const std::string& principal, Bytes body);
  void send_client(const std::string& connection, MessageType type, const RequestId& request,
                   Bytes body);
  void note(std::string_view message, ActorRole sender, ActorRole receiver,
            const RequestId& request);
  std::uint64_t deadline_for(ActorRole holder) const;
  void count_open(const Road& road, int by);
  Status status() const;
  Effects take();

  BrokerOptions options_;
  Moment start_;
  Moment now_;  // of the input being handled
  Effects effects_;
  Registry registry_;
  Sessions sessions_;
  Reports reports_;
  Allowances allowances_;
  RefusalCounts refusal_counts_;
  Tally second_takers_;
  Tally turned_away_;
  Roads roads_;
  std::map<std::string, Use> uses_;                     // by principal: what its open requests take
  std::deque<std::pair<RequestId, Bytes>> dispatches_;  // recorded, waiting for credit, in order
  bool credit_used_ = false;                            // one dispatch is with the dispatcher
  std::deque<LostDispatch> lost_dispatches_;            // newest last
  std::uint64_t last_ping_ns_ = 0;
  std::uint64_t ping_nonce_ = 0;
  std::uint64_t feed_number_ = 0;
};

}  // namespace aeromq::broker
