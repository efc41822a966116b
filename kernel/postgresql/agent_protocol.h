// What travels between the kernel and an agent, and between agents: the frames of
// messages/envelope.h over CURVE, outside the route table, since no broker forwards them (a frame's
// type is at most 127). Types only, no I/O.
//
// The first version knew no version. Whoever asks says AgentHello first; an agent of the first
// version drops it, and its status comes without `protocol`. Nobody is told a field of a version
// that it has not named.
//
// A connection that acts is made for one action: AgentOpen promises the term, AgentAct names the
// same term, and the answer ends it. Everything else only reads.
#pragma once
#include "messages/kernel.h"
#include "messages/routes.h"

namespace aeromq::postgresql {

/// The version of this conversation that these programs speak.
constexpr std::uint64_t kAgentProtocol = 2;

/// "I understand versions up to this one." Nothing is refused by it, nothing waits for it.
struct AgentHello {
  static constexpr auto kType = static_cast<MessageType>(117);
  std::uint64_t protocol = 0;
  static constexpr auto fields() { return std::tuple{Field{"protocol", &AgentHello::protocol}}; }
  friend bool operator==(const AgentHello&, const AgentHello&) = default;
};

/// "From now on take nothing of a term below this one." The agent journals the promise before it
/// answers. Only the kernel's key may open.
struct AgentOpen {
  static constexpr auto kType = static_cast<MessageType>(110);
  HistoryId history;       ///< the register's; an agent is bound to the first that opens it
  std::uint64_t term = 0;  ///< durable in the register before it is said here
  std::string journal;     ///< the journal that the register knows; another one opens nothing
  static constexpr auto fields() {
    return std::tuple{Field{"history", &AgentOpen::history}, Field{"term", &AgentOpen::term},
                      Field{"journal", &AgentOpen::journal, 64}};
  }
  friend bool operator==(const AgentOpen&, const AgentOpen&) = default;
};

struct AgentOpened {
  static constexpr auto kType = static_cast<MessageType>(111);
  std::uint64_t promised = 0;  ///< the highest term ever promised here, now durable
  std::vector<Error> refused;  ///< at most one: another history, a term that is not higher
  static constexpr auto fields() {
    return std::tuple{Field{"promised", &AgentOpened::promised},
                      Field{"refused", &AgentOpened::refused, 1}};
  }
  friend bool operator==(const AgentOpened&, const AgentOpened&) = default;
};

/// The one action of a term. The agent claims the id durably, then validates, then acts.
struct AgentAct {
  static constexpr auto kType = static_cast<MessageType>(112);
  std::uint64_t term = 0;
  Act act;                   ///< as the kernel was asked; fencing_epoch is the kernel's
  std::string last_primary;  ///< who held write authority last; empty: not known
  /// Of its demotion by aeromq: a successor must be strictly past it. 0: it was not demoted so.
  std::uint64_t shutdown_checkpoint = 0;
  std::uint64_t timeline = 0;      ///< of that checkpoint
  std::uint64_t shutdown_end = 0;  ///< where that checkpoint's record ends; 0: not known
  std::string members;             ///< members_digest() of the kernel's settings
  static constexpr auto fields() {
    using A = AgentAct;
    return std::tuple{Field{"term", &A::term},
                      Field{"act", &A::act},
                      Field{"last_primary", &A::last_primary, 64},
                      Field{"shutdown_checkpoint", &A::shutdown_checkpoint},
                      Field{"timeline", &A::timeline},
                      Field{"shutdown_end", &A::shutdown_end, 0, 2},
                      Field{"members", &A::members, 64, 2}};
  }
  friend bool operator==(const AgentAct&, const AgentAct&) = default;
};

/// What a journal has of one request id. executed and rejected are final; an agent that gave a
/// claim up has it as rejected with the code VOIDED.
enum class ClaimState : std::uint8_t { none, open, executed, rejected };
}  // namespace aeromq::postgresql
template <>
struct aeromq::EnumNames<aeromq::postgresql::ClaimState> {
  static constexpr std::array<std::string_view, 4> value{"none", "open", "executed", "rejected"};
};
namespace aeromq::postgresql {

/// A journal's word on one request id. Answers AgentAct (when it is done) and AgentAsk (at once).
struct AgentClaim {
  static constexpr auto kType = static_cast<MessageType>(113);
  RequestId request;
  ClaimState state = ClaimState::none;
  bool repeat = false;         ///< AgentAct only: the id was claimed before; nothing was done now
  std::string journal;         ///< whose word this is: the journal's own name
  std::uint64_t promised = 0;  ///< read together with the claim
  std::uint64_t term = 0;      ///< of the claim
  std::string node;
  std::string action;
  std::string principal;
  std::string phase;           ///< open: what is being done, for people
  std::uint64_t since_ms = 0;  ///< open: how long, in the agent's clock
  std::string code;            ///< rejected: the stable code; none: why AgentAct was not taken
  std::string text;            ///< PostgreSQL's own words and SQLSTATE where it had any
  std::vector<std::string> invariants;
  std::vector<Effect> effects;            ///< executed: role, timeline, switch or shutdown position
  std::uint64_t shutdown_checkpoint = 0;  ///< executed demotion
  std::uint64_t timeline = 0;             ///< executed promotion: the new one
  std::uint64_t shutdown_end = 0;         ///< executed demotion: where that record ends
  std::vector<Finding> alarms;            ///< executed: what it did that it must not have done
  static constexpr auto fields() {
    using C = AgentClaim;
    return std::tuple{Field{"request", &C::request},
                      Field{"state", &C::state},
                      Field{"repeat", &C::repeat},
                      Field{"journal", &C::journal, 64},
                      Field{"promised", &C::promised},
                      Field{"term", &C::term},
                      Field{"node", &C::node, 64},
                      Field{"action", &C::action, 64},
                      Field{"principal", &C::principal, 64},
                      Field{"phase", &C::phase, 64},
                      Field{"since_ms", &C::since_ms},
                      Field{"code", &C::code, 64},
                      Field{"text", &C::text, 1024},
                      Field{"invariants", &C::invariants, 16},
                      Field{"effects", &C::effects, 32},
                      Field{"shutdown_checkpoint", &C::shutdown_checkpoint},
                      Field{"timeline", &C::timeline},
                      Field{"shutdown_end", &C::shutdown_end, 0, 2},
                      Field{"alarms", &C::alarms, 4, 2}};
  }
  friend bool operator==(const AgentClaim&, const AgentClaim&) = default;
};

/// "What became of this id here?" Reads only.
struct AgentAsk {
  static constexpr auto kType = static_cast<MessageType>(114);
  RequestId request;
  static constexpr auto fields() { return std::tuple{Field{"request", &AgentAsk::request}}; }
  friend bool operator==(const AgentAsk&, const AgentAsk&) = default;
};

/// "How is the server beside you?" Reads only; other agents may ask it too.
struct AgentLook {
  static constexpr auto kType = static_cast<MessageType>(115);
  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const AgentLook&, const AgentLook&) = default;
};

/// What runs on an agent's PGDATA, by the lock file, /proc and the shared memory that the lock file
/// names; never by a process's name. Nothing there: zeros.
struct LocalServer {
  bool lock_file = false;        ///< postmaster.pid is there
  std::uint64_t postmaster = 0;  ///< its process, alive and at work in this folder; 0: none
  std::string executable;        ///< of that process, for people
  std::uint64_t started_ms = 0;  ///< wall clock, as the lock file says
  std::uint64_t port = 0;        ///< as the lock file says
  std::string data_directory;    ///< as the lock file says, if that is this folder
  std::uint64_t attached = 0;    ///< processes attached to the lock file's shared memory
  std::uint64_t processes = 0;   ///< processes at work in this folder, postmaster or not
  bool listens = false;          ///< somebody listens at the node's port on this host
  static constexpr auto fields() {
    using L = LocalServer;
    return std::tuple{Field{"lock_file", &L::lock_file},
                      Field{"postmaster", &L::postmaster},
                      Field{"executable", &L::executable, 512},
                      Field{"started_ms", &L::started_ms},
                      Field{"port", &L::port},
                      Field{"data_directory", &L::data_directory, 1024},
                      Field{"attached", &L::attached},
                      Field{"processes", &L::processes},
                      Field{"listens", &L::listens}};
  }
  friend bool operator==(const LocalServer&, const LocalServer&) = default;
};

/// One setting as PostgreSQL has it.
struct ServerSetting {
  std::string name;
  std::string value;
  static constexpr auto fields() {
    return std::tuple{Field{"name", &ServerSetting::name, 64},
                      Field{"value", &ServerSetting::value, 512}};
  }
  friend bool operator==(const ServerSetting&, const ServerSetting&) = default;
};

/// Whether the server could start again as it stands on disk, tried without starting it.
struct StartTrial {
  bool tried = false;
  std::string refused;                  ///< why not, in PostgreSQL's words; empty: nothing found
  std::vector<std::string> not_tried;   ///< what only a real start would show
  std::vector<ServerSetting> settings;  ///< what it would start with: limits that replay needs
  std::vector<ServerSetting> needs;     ///< what replay needs of those, by the control file
  static constexpr auto fields() {
    using T = StartTrial;
    return std::tuple{Field{"tried", &T::tried}, Field{"refused", &T::refused, 1024},
                      Field{"not_tried", &T::not_tried, 16}, Field{"settings", &T::settings, 16},
                      Field{"needs", &T::needs, 16}};
  }
  friend bool operator==(const StartTrial&, const StartTrial&) = default;
};

/// What an agent knows of the server beside it, from its files and its process table.
struct AgentStatus {
  static constexpr auto kType = static_cast<MessageType>(116);
  std::string node;
  std::uint64_t system_identifier = 0;
  bool running = false;  ///< a postmaster of this PGDATA lives: its pid file's process is it
  std::uint64_t pid = 0;
  NodeRole durable_role = NodeRole::none;  ///< replica: standby.signal is there; the role on disk
  bool promote_signal = false;             ///< the file `promote` waits
  std::string control_state;               ///< pg_controldata: "in production", "shut down", ...
  std::uint64_t checkpoint = 0;            ///< pg_controldata: latest checkpoint location
  std::uint64_t checkpoint_timeline = 0;
  std::uint64_t minimum_recovery_end = 0;
  std::string manager;      ///< an automatic manager that owns this server; empty: none seen
  std::string not_started;  ///< why the agent does not start it; empty: nothing holds it
  std::string journal;      ///< its name, made at random with the file
  std::uint64_t promised = 0;
  bool bound = false;  ///< to a register's history
  HistoryId history;
  std::vector<RequestId> open_claim;  ///< at most one
  std::string open_action;
  std::string phase;
  std::uint64_t open_ms = 0;
  // Since protocol 2.
  std::uint64_t protocol = 0;  ///< what this agent speaks; 0: the first version
  std::string members;         ///< members_digest() of its settings
  LocalServer server;
  StartTrial next_start;
  std::uint64_t disk_free = 0;  ///< octets on PGDATA's file system; with disk_size 0: not known
  std::uint64_t disk_size = 0;
  std::uint64_t wal_disk_free = 0;      ///< pg_wal's, where that is another one
  std::uint64_t journal_disk_free = 0;  ///< where the journal is; 0 with disk_size 0: not known
  std::uint64_t wal_disk_size = 0;      ///< 0: pg_wal lies with the data
  std::uint64_t journal_disk_size = 0;  ///< 0: not known
  std::uint64_t ready_segments = 0;     ///< WAL that waits for the archiver
  std::uint64_t wal_end = 0;  ///< how far whole records lie on disk, on wal_timeline; 0: not read
  std::uint64_t wal_timeline = 0;
  std::string log_end;               ///< the end of the server's log, if it is down
  std::uint64_t not_started_ms = 0;  ///< for how long it has not been started
  std::string way_on;                ///< the command that starts it now; empty: none would
  /// A person started it as a primary against what was seen, and nothing was done by the kernel
  /// since.
  std::string foreign_start;
  static constexpr auto fields() {
    using S = AgentStatus;
    return std::tuple{Field{"node", &S::node, 64},
                      Field{"system_identifier", &S::system_identifier},
                      Field{"running", &S::running},
                      Field{"pid", &S::pid},
                      Field{"durable_role", &S::durable_role},
                      Field{"promote_signal", &S::promote_signal},
                      Field{"control_state", &S::control_state, 64},
                      Field{"checkpoint", &S::checkpoint},
                      Field{"checkpoint_timeline", &S::checkpoint_timeline},
                      Field{"minimum_recovery_end", &S::minimum_recovery_end},
                      Field{"manager", &S::manager, 128},
                      Field{"not_started", &S::not_started, 512},
                      Field{"journal", &S::journal, 64},
                      Field{"promised", &S::promised},
                      Field{"bound", &S::bound},
                      Field{"history", &S::history},
                      Field{"open_claim", &S::open_claim, 1},
                      Field{"open_action", &S::open_action, 64},
                      Field{"phase", &S::phase, 64},
                      Field{"open_ms", &S::open_ms},
                      Field{"protocol", &S::protocol, 0, 2},
                      Field{"members", &S::members, 64, 2},
                      Field{"server", &S::server, 0, 2},
                      Field{"next_start", &S::next_start, 0, 2},
                      Field{"disk_free", &S::disk_free, 0, 2},
                      Field{"disk_size", &S::disk_size, 0, 2},
                      Field{"wal_disk_free", &S::wal_disk_free, 0, 2},
                      Field{"journal_disk_free", &S::journal_disk_free, 0, 2},
                      Field{"wal_disk_size", &S::wal_disk_size, 0, 2},
                      Field{"journal_disk_size", &S::journal_disk_size, 0, 2},
                      Field{"ready_segments", &S::ready_segments, 0, 2},
                      Field{"wal_end", &S::wal_end, 0, 2},
                      Field{"wal_timeline", &S::wal_timeline, 0, 2},
                      Field{"log_end", &S::log_end, 1024, 2},
                      Field{"not_started_ms", &S::not_started_ms, 0, 2},
                      Field{"way_on", &S::way_on, 512, 2},
                      Field{"foreign_start", &S::foreign_start, 512, 2}};
  }
  friend bool operator==(const AgentStatus&, const AgentStatus&) = default;
};

}  // namespace aeromq::postgresql
