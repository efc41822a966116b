// Every message body, declared once, in the order of the road. routes.h says who sends each to
// whom. Defaults fail closed. A body named `command` inside another is the client's submit body,
// octet for octet as received: its SHA-256 is the command digest.
#pragma once
#include "messages/explanation.h"
#include "messages/record.h"
#include "messages/routes.h"
#include "messages/view.h"

namespace aeromq {

/// Octets of an encoded body inside another (view, snapshot, explanation): what its maker keeps to,
/// so that the message around it stays within kMaxBody.
constexpr std::size_t kMaxNested = 52 * 1024;

/// The minor that brought given sentences: who speaks less can be asked for no confirmation.
constexpr unsigned kGivenMinor = 3;
constexpr std::size_t kMaxSentence = 256;  ///< octets

// ---- link: between the broker and one peer --------------------------------------------------

/// First message of every connection.
struct Hello {
  static constexpr auto kType = MessageType::hello;
  ActorRole role = ActorRole::client;
  std::string name;  ///< for logs and status
  Incarnation incarnation;
  std::uint64_t minor = 0;  ///< highest minor version understood
  std::uint64_t pid = 0;    ///< for logs
  std::string build;
  static constexpr auto fields() {
    return std::tuple{Field{"role", &Hello::role},
                      Field{"name", &Hello::name, 64},
                      Field{"incarnation", &Hello::incarnation},
                      Field{"minor", &Hello::minor},
                      Field{"pid", &Hello::pid},
                      Field{"build", &Hello::build, 64}};
  }
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Welcome {
  static constexpr auto kType = MessageType::welcome;
  SessionId session;             ///< clients; zeros for an actor
  std::uint64_t lease_ms = 0;    ///< left of the session's lease; 0 = no dispatcher is open
  std::uint64_t heartbeat_ms = 0;
  std::uint64_t max_in_flight = 0;  ///< open requests per connection
  std::uint64_t max_body = 0;
  std::uint64_t minor = 0;       ///< the version spoken from here on
  std::string principal;         ///< who the connection is, from its key
  std::string cluster;           ///< name of the cluster under control, empty if not known
  static constexpr auto fields() {
    return std::tuple{Field{"session", &Welcome::session},
                      Field{"lease_ms", &Welcome::lease_ms},
                      Field{"heartbeat_ms", &Welcome::heartbeat_ms},
                      Field{"max_in_flight", &Welcome::max_in_flight},
                      Field{"max_body", &Welcome::max_body},
                      Field{"minor", &Welcome::minor},
                      Field{"principal", &Welcome::principal, 64},
                      Field{"cluster", &Welcome::cluster, 64}};
  }
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

struct HelloRefused {
  static constexpr auto kType = MessageType::hello_refused;
  Error error;
  static constexpr auto fields() { return std::tuple{Field{"error", &HelloRefused::error}}; }
  friend bool operator==(const HelloRefused&, const HelloRefused&) = default;
};

/// To actors only; answered by the actor's work loop, not by a network thread.
struct Ping {
  static constexpr auto kType = MessageType::ping;
  std::uint64_t nonce = 0;
  static constexpr auto fields() { return std::tuple{Field{"nonce", &Ping::nonce}}; }
  friend bool operator==(const Ping&, const Ping&) = default;
};

struct Pong {
  static constexpr auto kType = MessageType::pong;
  std::uint64_t nonce = 0;
  static constexpr auto fields() { return std::tuple{Field{"nonce", &Pong::nonce}}; }
  friend bool operator==(const Pong&, const Pong&) = default;
};

/// The broker has declared this incarnation dead; the actor exits.
struct Goodbye {
  static constexpr auto kType = MessageType::goodbye;
  std::string why;
  static constexpr auto fields() { return std::tuple{Field{"why", &Goodbye::why}}; }
  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

/// A client wants a session with a fresh lease and epoch. Ids of the old session stay asked-about.
struct Renew {
  static constexpr auto kType = MessageType::renew;
  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const Renew&, const Renew&) = default;
};

struct Renewed {
  static constexpr auto kType = MessageType::renewed;
  SessionId session;
  std::uint64_t lease_ms = 0;
  static constexpr auto fields() {
    return std::tuple{Field{"session", &Renewed::session}, Field{"lease_ms", &Renewed::lease_ms}};
  }
  friend bool operator==(const Renewed&, const Renewed&) = default;
};

struct StatusQuery {
  static constexpr auto kType = MessageType::status_query;
  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const StatusQuery&, const StatusQuery&) = default;
};

/// One role of the control plane, as the broker sees it.
struct Part {
  ActorRole role = ActorRole::client;
  bool alive = false;
  std::string name;
  Incarnation incarnation;
  std::uint64_t pid = 0;
  std::uint64_t age_ms = 0;   ///< since its HELLO
  std::uint64_t quiet_ms = 0; ///< since it was last heard
  static constexpr auto fields() {
    return std::tuple{Field{"role", &Part::role},
                      Field{"alive", &Part::alive},
                      Field{"name", &Part::name, 64},
                      Field{"incarnation", &Part::incarnation},
                      Field{"pid", &Part::pid},
                      Field{"age_ms", &Part::age_ms},
                      Field{"quiet_ms", &Part::quiet_ms}};
  }
  friend bool operator==(const Part&, const Part&) = default;
};

/// A limit that a principal has met since the broker began (messages/limits.h).
struct LimitMet {
  std::string principal;
  std::string limit;          ///< what is limited: "looks", "changes" ...
  std::uint64_t refused = 0;  ///< how often
  std::uint64_t ago_ms = 0;   ///< since the last time
  static constexpr auto fields() {
    return std::tuple{Field{"principal", &LimitMet::principal, 64},
                      Field{"limit", &LimitMet::limit, 64}, Field{"refused", &LimitMet::refused},
                      Field{"ago_ms", &LimitMet::ago_ms}};
  }
  friend bool operator==(const LimitMet&, const LimitMet&) = default;
};

/// The broker's own word about which parts live; no kernel contact.
struct Status {
  static constexpr auto kType = MessageType::status;
  std::vector<Part> parts;           ///< one per actor role, alive or not
  std::uint64_t dispatcher = 0;      ///< of the open dispatcher; epoch 0 = none
  std::uint64_t epoch = 0;
  HistoryId history;
  std::uint64_t open_requests = 0;
  std::uint64_t pending_confirmations = 0;
  std::uint64_t clients = 0;
  std::uint64_t unrecorded = 0;      ///< failures that wait for an audit writer
  std::uint64_t up_ms = 0;
  std::string build;
  std::vector<LimitMet> limits_met;  ///< the newest first
  std::uint64_t sessions_used = 0;   ///< session numbers of this run; it ends with the last one
  static constexpr auto fields() {
    return std::tuple{Field{"parts", &Status::parts, 16},
                      Field{"dispatcher", &Status::dispatcher},
                      Field{"epoch", &Status::epoch},
                      Field{"history", &Status::history},
                      Field{"open_requests", &Status::open_requests},
                      Field{"pending_confirmations", &Status::pending_confirmations},
                      Field{"clients", &Status::clients},
                      Field{"unrecorded", &Status::unrecorded},
                      Field{"up_ms", &Status::up_ms},
                      Field{"build", &Status::build, 64},
                      Field{"limits_met", &Status::limits_met, 64, 3},
                      Field{"sessions_used", &Status::sessions_used, 0, 3}};
  }
  friend bool operator==(const Status&, const Status&) = default;
};

/// The dispatcher holds a kernel connection: only now is it routable, and sessions can name it.
struct Opened {
  static constexpr auto kType = MessageType::opened;
  HistoryId history;
  std::uint64_t dispatcher = 0;
  std::uint64_t epoch = 0;
  std::uint64_t kernel_ms = 0;  ///< the kernel's clock when it answered
  std::uint64_t max_lease_ms = 0;
  std::string cluster;
  static constexpr auto fields() {
    return std::tuple{Field{"history", &Opened::history},
                      Field{"dispatcher", &Opened::dispatcher},
                      Field{"epoch", &Opened::epoch},
                      Field{"kernel_ms", &Opened::kernel_ms},
                      Field{"max_lease_ms", &Opened::max_lease_ms},
                      Field{"cluster", &Opened::cluster, 64}};
  }
  friend bool operator==(const Opened&, const Opened&) = default;
};

// ---- client -> road (Submit is in command.h) -------------------------------------------------

/// The person's yes. Everything it confirms is named by digest.
struct Confirm {
  static constexpr auto kType = MessageType::confirm;
  Token token;
  Digest explanation_digest;             ///< SHA-256 of the explanation octets that were shown
  std::vector<std::string> acknowledge;  ///< enhanced: every risk id, no other; else empty
  std::string accept_responsibility;     ///< enhanced: the given sentence; else empty
  std::string sentence;                  ///< the given one, octet for octet (given.h)
  static constexpr auto fields() {
    return std::tuple{Field{"token", &Confirm::token},
                      Field{"explanation_digest", &Confirm::explanation_digest},
                      Field{"acknowledge", &Confirm::acknowledge, 32},
                      Field{"accept_responsibility", &Confirm::accept_responsibility, 1000},
                      Field{"sentence", &Confirm::sentence, kMaxSentence, kGivenMinor}};
  }
  friend bool operator==(const Confirm&, const Confirm&) = default;
};

/// The person's no.
struct Abandon {
  static constexpr auto kType = MessageType::abandon;
  Token token;
  static constexpr auto fields() { return std::tuple{Field{"token", &Abandon::token}}; }
  friend bool operator==(const Abandon&, const Abandon&) = default;
};

enum class AuditQueryKind : std::uint8_t { tail, query, timeline, verify, export_ };
template <>
struct EnumNames<AuditQueryKind> {
  static constexpr std::array<std::string_view, 5> value{"tail", "query", "timeline", "verify",
                                                         "export"};
};

/// An auditor's question. Filters that are empty do not filter.
struct AuditQuery {
  static constexpr auto kType = MessageType::audit_query;
  AuditQueryKind kind = AuditQueryKind::tail;
  std::string request;       ///< timeline, query: a request id as text
  std::string principal;     ///< query
  std::string command;       ///< query
  std::string stage;         ///< query
  std::uint64_t from_seq = 0;  ///< query, export: first sequence number wanted
  std::uint64_t limit = 0;   ///< most records; 0 = as many as fit one answer
  static constexpr auto fields() {
    using Q = AuditQuery;
    return std::tuple{Field{"kind", &Q::kind},
                      Field{"request", &Q::request, 64},
                      Field{"principal", &Q::principal, 64},
                      Field{"command", &Q::command, 64},
                      Field{"stage", &Q::stage, 64},
                      Field{"from_seq", &Q::from_seq},
                      Field{"limit", &Q::limit}};
  }
  friend bool operator==(const AuditQuery&, const AuditQuery&) = default;
};

// ---- gate -> ----------------------------------------------------------------------------------

/// Show this: one kernel snapshot.
struct Observe {
  static constexpr auto kType = MessageType::observe;
  Authority authority = Authority::none;
  Bytes command;
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Observe::authority},
                      Field{"command", &Observe::command, 4096}};
  }
  friend bool operator==(const Observe&, const Observe&) = default;
};

/// First half of a command that needs confirmation: one kernel snapshot with the checks.
struct Survey {
  static constexpr auto kType = MessageType::survey;
  Authority authority = Authority::none;
  Bytes command;
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Survey::authority},
                      Field{"command", &Survey::command, 4096}};
  }
  friend bool operator==(const Survey&, const Survey&) = default;
};

/// The confirm body as received, after the second authority check (B3).
struct AuthorisedConfirm {
  static constexpr auto kType = MessageType::authorised_confirm;
  Authority authority = Authority::none;
  Bytes confirm;
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &AuthorisedConfirm::authority},
                      Field{"confirm", &AuthorisedConfirm::confirm, 16384}};
  }
  friend bool operator==(const AuthorisedConfirm&, const AuthorisedConfirm&) = default;
};

struct AuditRead {
  static constexpr auto kType = MessageType::audit_read;
  Authority authority = Authority::none;
  Bytes query;
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &AuditRead::authority},
                      Field{"query", &AuditRead::query, 4096}};
  }
  friend bool operator==(const AuditRead&, const AuditRead&) = default;
};

/// A stage says no: the body of every refused_by_* message. The type says who.
struct Refused {
  Error error;
  Authority authority = Authority::none;
  Bytes command;  ///< the submit (or audit query) body as far as it is known
  Digest token_digest;        ///< keeper only
  Digest explanation_digest;  ///< keeper only
  static constexpr auto fields() {
    return std::tuple{Field{"error", &Refused::error}, Field{"authority", &Refused::authority},
                      Field{"command", &Refused::command},
                      Field{"token_digest", &Refused::token_digest},
                      Field{"explanation_digest", &Refused::explanation_digest}};
  }
  friend bool operator==(const Refused&, const Refused&) = default;
};

// ---- dispatcher -> ------------------------------------------------------------------------------

struct Observed {
  static constexpr auto kType = MessageType::observed;
  Authority authority = Authority::none;
  Bytes command;
  std::uint64_t snapshot = 0;
  std::uint64_t fencing_epoch = 0;
  std::string summary;  ///< of the snapshot, for the record
  Bytes view;           ///< an encoded View
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Observed::authority},
                      Field{"command", &Observed::command, 4096},
                      Field{"snapshot", &Observed::snapshot},
                      Field{"fencing_epoch", &Observed::fencing_epoch},
                      Field{"summary", &Observed::summary, 1024},
                      Field{"view", &Observed::view}};
  }
  friend bool operator==(const Observed&, const Observed&) = default;
};

struct Surveyed {
  static constexpr auto kType = MessageType::surveyed;
  Authority authority = Authority::none;
  Bytes command;
  Bytes snapshot;  ///< an encoded KernelSnapshot, with the checks of the action
  std::string cost;  ///< run_diagnostics: what the kernel declares that it will cost; else empty
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Surveyed::authority},
                      Field{"command", &Surveyed::command, 4096},
                      Field{"snapshot", &Surveyed::snapshot},
                      Field{"cost", &Surveyed::cost, 512}};
  }
  friend bool operator==(const Surveyed&, const Surveyed&) = default;
};

/// What the kernel said to the one act, or that it said nothing (`lost`).
struct Acted {
  static constexpr auto kType = MessageType::acted;
  Authority authority = Authority::none;
  Bytes command;
  std::uint64_t cause = 0;  ///< the dispatched record's number
  bool lost = false;        ///< the kernel connection ended with the call in flight
  ActAnswer answer;         ///< of a kernel action
  Bytes view;               ///< run_diagnostics: an encoded View; else empty
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Acted::authority},
                      Field{"command", &Acted::command, 4096},
                      Field{"cause", &Acted::cause},
                      Field{"lost", &Acted::lost},
                      Field{"answer", &Acted::answer},
                      Field{"view", &Acted::view}};
  }
  friend bool operator==(const Acted&, const Acted&) = default;
};

// ---- explainer -> ------------------------------------------------------------------------------

struct Explained {
  static constexpr auto kType = MessageType::explained;
  Authority authority = Authority::none;
  Bytes command;
  Bytes explanation;    ///< an encoded Explanation
  std::string summary;  ///< of the snapshot, for the record
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Explained::authority},
                      Field{"command", &Explained::command, 4096},
                      Field{"explanation", &Explained::explanation},
                      Field{"summary", &Explained::summary, 1024}};
  }
  friend bool operator==(const Explained&, const Explained&) = default;
};

// ---- keeper -> ---------------------------------------------------------------------------------

struct Asked {
  static constexpr auto kType = MessageType::asked;
  Authority authority = Authority::none;
  Bytes command;
  Bytes explanation;
  std::string summary;
  Token token;
  std::uint64_t expires_in_ms = 0;
  std::string sentence;                 ///< for the person to give back
  std::string responsibility_sentence;  ///< enhanced: likewise; else empty
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &Asked::authority},
                      Field{"command", &Asked::command, 4096},
                      Field{"explanation", &Asked::explanation},
                      Field{"summary", &Asked::summary, 1024},
                      Field{"token", &Asked::token},
                      Field{"expires_in_ms", &Asked::expires_in_ms},
                      Field{"sentence", &Asked::sentence, kMaxSentence, kGivenMinor},
                      Field{"responsibility_sentence", &Asked::responsibility_sentence,
                            kMaxSentence, kGivenMinor}};
  }
  friend bool operator==(const Asked&, const Asked&) = default;
};

/// The token was good and is spent.
struct Confirmed {
  static constexpr auto kType = MessageType::confirmed;
  Authority authority = Authority::none;
  Bytes command;
  ConfirmationKind confirmation = ConfirmationKind::never;
  Digest token_digest;
  Digest explanation_digest;
  std::uint64_t snapshot = 0;
  std::uint64_t fencing_epoch = 0;
  std::vector<std::string> acknowledged;
  std::string responsibility;
  static constexpr auto fields() {
    using C = Confirmed;
    return std::tuple{Field{"authority", &C::authority},
                      Field{"command", &C::command, 4096},
                      Field{"confirmation", &C::confirmation},
                      Field{"token_digest", &C::token_digest},
                      Field{"explanation_digest", &C::explanation_digest},
                      Field{"snapshot", &C::snapshot},
                      Field{"fencing_epoch", &C::fencing_epoch},
                      Field{"acknowledged", &C::acknowledged, 32},
                      Field{"responsibility", &C::responsibility, 1000}};
  }
  friend bool operator==(const Confirmed&, const Confirmed&) = default;
};

enum class EndReason : std::uint8_t { expired, abandoned, client_gone, stage_lost };
template <>
struct EnumNames<EndReason> {
  static constexpr std::array<std::string_view, 4> value{"expired", "abandoned", "client gone",
                                                         "stage lost"};
};

/// A pending confirmation is over, unconfirmed. Only the keeper decides this.
struct Ended {
  static constexpr auto kType = MessageType::ended;
  EndReason why = EndReason::expired;
  Authority authority = Authority::none;
  Bytes command;
  Digest token_digest;
  Digest explanation_digest;
  static constexpr auto fields() {
    return std::tuple{Field{"why", &Ended::why}, Field{"authority", &Ended::authority},
                      Field{"command", &Ended::command, 4096},
                      Field{"token_digest", &Ended::token_digest},
                      Field{"explanation_digest", &Ended::explanation_digest}};
  }
  friend bool operator==(const Ended&, const Ended&) = default;
};

// ---- audit reader -> ---------------------------------------------------------------------------

struct AuditAnswer {
  static constexpr auto kType = MessageType::audit_answer;
  Authority authority = Authority::none;
  Bytes query;
  Bytes answer;  ///< an encoded AuditPage
  static constexpr auto fields() {
    return std::tuple{Field{"authority", &AuditAnswer::authority},
                      Field{"query", &AuditAnswer::query, 4096},
                      Field{"answer", &AuditAnswer::answer}};
  }
  friend bool operator==(const AuditAnswer&, const AuditAnswer&) = default;
};

// ---- audit writer -> ---------------------------------------------------------------------------

/// The explanation, and the token that confirms exactly this request once.
struct ConfirmationAsked {
  static constexpr auto kType = MessageType::confirmation_asked;
  Token token;
  ConfirmationKind confirmation = ConfirmationKind::standard;
  std::uint64_t expires_in_ms = 0;  ///< of the keeper's clock, when it asked
  Bytes explanation;                ///< an encoded Explanation; confirm its SHA-256
  std::uint64_t record = 0;         ///< seq of the confirmation_asked record
  std::string sentence;             ///< what a yes must give back, octet for octet
  std::string responsibility_sentence;  ///< enhanced: likewise; else empty
  static constexpr auto fields() {
    using A = ConfirmationAsked;
    return std::tuple{
        Field{"token", &A::token},
        Field{"confirmation", &A::confirmation},
        Field{"expires_in_ms", &A::expires_in_ms},
        Field{"explanation", &A::explanation},
        Field{"record", &A::record},
        Field{"sentence", &A::sentence, kMaxSentence, kGivenMinor},
        Field{"responsibility_sentence", &A::responsibility_sentence, kMaxSentence, kGivenMinor}};
  }
  friend bool operator==(const ConfirmationAsked&, const ConfirmationAsked&) = default;
};

/// The licence to act: it exists only after confirmed + dispatched are durable.
struct Dispatch {
  static constexpr auto kType = MessageType::dispatch;
  Authority authority = Authority::none;
  Bytes command;
  Digest explanation_digest;
  std::uint64_t fencing_epoch = 0;
  std::vector<std::string> overrides;
  std::uint64_t record = 0;  ///< seq of the dispatched record
  static constexpr auto fields() {
    using D = Dispatch;
    return std::tuple{Field{"authority", &D::authority},
                      Field{"command", &D::command, 4096},
                      Field{"explanation_digest", &D::explanation_digest},
                      Field{"fencing_epoch", &D::fencing_epoch},
                      Field{"overrides", &D::overrides, 32},
                      Field{"record", &D::record}};
  }
  friend bool operator==(const Dispatch&, const Dispatch&) = default;
};

/// A view was shown (view set), or the kernel executed (answer.status = executed).
struct RequestResult {
  static constexpr auto kType = MessageType::result;
  std::string command;
  std::uint64_t record = 0;  ///< seq of the answered or executed record
  bool executed = false;     ///< a kernel action was executed; then `answer` is the kernel's word
  ActAnswer answer;
  Bytes view;  ///< an encoded View, or empty
  static constexpr auto fields() {
    using R = RequestResult;
    return std::tuple{Field{"command", &R::command, 64}, Field{"record", &R::record},
                      Field{"executed", &R::executed}, Field{"answer", &R::answer},
                      Field{"view", &R::view}};
  }
  friend bool operator==(const RequestResult&, const RequestResult&) = default;
};

/// The body of error (audit writer) and broker_error (broker).
struct ErrorAnswer {
  static constexpr auto kType = MessageType::error;
  Error error;
  std::uint64_t record = 0;  ///< seq of its record; 0 = it has none of its own
  static constexpr auto fields() {
    return std::tuple{Field{"error", &ErrorAnswer::error}, Field{"record", &ErrorAnswer::record}};
  }
  friend bool operator==(const ErrorAnswer&, const ErrorAnswer&) = default;
};

struct AuditResult {
  static constexpr auto kType = MessageType::audit_result;
  std::uint64_t record = 0;  ///< seq of the audit_read record
  Bytes answer;              ///< an encoded AuditPage
  static constexpr auto fields() {
    return std::tuple{Field{"record", &AuditResult::record},
                      Field{"answer", &AuditResult::answer}};
  }
  friend bool operator==(const AuditResult&, const AuditResult&) = default;
};

/// One message forwarded or one request closed, on the observer feed: beside the road, never of it.
struct StageEvent {
  std::uint64_t number = 0;  ///< dense within one run of the broker
  BootId boot;
  std::uint64_t wall_ns = 0;
  std::string request;   ///< text form; empty for news about a part
  std::string message;   ///< wire name of the message, or "part_joined", "part_lost", "closed"
  std::string sender;
  std::string receiver;
  static constexpr auto fields() {
    using S = StageEvent;
    return std::tuple{Field{"number", &S::number},   Field{"boot", &S::boot},
                      Field{"wall_ns", &S::wall_ns}, Field{"request", &S::request, 64},
                      Field{"message", &S::message}, Field{"sender", &S::sender},
                      Field{"receiver", &S::receiver}};
  }
  friend bool operator==(const StageEvent&, const StageEvent&) = default;
};

// ---- broker -> road ----------------------------------------------------------------------------

/// Drop the pending confirmation. `client gone`: its end is recorded; `stage lost`: silently, the
/// broker records the loss itself.
struct VoidConfirmation {
  static constexpr auto kType = MessageType::void_confirmation;
  EndReason why = EndReason::client_gone;
  static constexpr auto fields() { return std::tuple{Field{"why", &VoidConfirmation::why}}; }
  friend bool operator==(const VoidConfirmation&, const VoidConfirmation&) = default;
};

/// The broker's word about a request that it refused or closed, or about the control plane itself.
struct Report {
  static constexpr auto kType = MessageType::report;
  std::uint64_t nonce = 0;  ///< the answer carries it back
  Error error;
  std::string failure;  ///< failure type: "refused", "stage lost", "malformed" ... (F9)
  std::string lost;     ///< the actor concerned: "dispatcher 1a2b3c4d"
  std::string stage;    ///< name of the message that it held
  bool refusal = false; ///< recorded as refused, else as failed
  Bytes command;        ///< the submit body as far as known
  Bytes late;           ///< a late `acted` body: recorded, never sent
  std::vector<CountedRefusals> counted;  ///< one: the record is theirs, nobody waits
  static constexpr auto fields() {
    using R = Report;
    return std::tuple{Field{"nonce", &R::nonce},          Field{"error", &R::error},
                      Field{"failure", &R::failure, 64},  Field{"lost", &R::lost, 128},
                      Field{"stage", &R::stage, 64},      Field{"refusal", &R::refusal},
                      Field{"command", &R::command},      Field{"late", &R::late},
                      Field{"counted", &R::counted, 1, 3}};
  }
  friend bool operator==(const Report&, const Report&) = default;
};

/// The report is durable: now the broker tells the client, if one waits.
struct Reported {
  static constexpr auto kType = MessageType::reported;
  std::uint64_t nonce = 0;
  std::uint64_t record = 0;  ///< seq of its record
  static constexpr auto fields() {
    return std::tuple{Field{"nonce", &Reported::nonce}, Field{"record", &Reported::record}};
  }
  friend bool operator==(const Reported&, const Reported&) = default;
};

/// Is this client still there? Clients read and ignore it.
struct Probe {
  static constexpr auto kType = MessageType::probe;
  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const Probe&, const Probe&) = default;
};

}  // namespace aeromq
