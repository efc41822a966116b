// One audit record (requirement G4): the canonical MessagePack of this struct is what is hashed.
#pragma once
#include "messages/kernel.h"

namespace aeromq {

/// The newest record schema that this program writes and reads. A record of an older one is its
/// shorter row (messages/fields.h); a segment's header names the schema of all that is in it.
constexpr unsigned kRecordSchema = 3;

/// The stages of a request, and what the control plane says of itself (G2).
enum class Stage : std::uint8_t {
  requested,
  answered,
  confirmation_asked,
  confirmed,
  dispatched,
  executed,
  rejected,
  failed,
  refused,
  confirmation_ended,  ///< ran out, abandoned, or its client is gone
  audit_read,
  run_begins,        ///< the writer started: ends every older pending confirmation
  run_ends,          ///< the writer stopped in order
  control_plane,     ///< a failure of the control plane itself, tied to no open request
  refusals_counted,  ///< many refusals of one kind in one record; schema 3
};
template <>
struct EnumNames<Stage> {
  static constexpr std::array<std::string_view, 15> value{
      "requested",  "answered",           "confirmation_asked", "confirmed",
      "dispatched", "executed",           "rejected",           "failed",
      "refused",    "confirmation_ended", "audit_read",         "run_begins",
      "run_ends",   "control_plane",      "refusals_counted"};
};

enum class RecordOutcome : std::uint8_t { none, executed, not_executed, unknown };
template <>
struct EnumNames<RecordOutcome> {
  static constexpr std::array<std::string_view, 4> value{"none", "executed", "not executed",
                                                         "unknown"};
};

/// Refusals of one kind in one session that were not recorded one by one. The request ids are the
/// lowest and the highest: whatever of this session was refused so lies between them.
struct CountedRefusals {
  std::string session;  ///< hex of its 15 octets; empty: of several, or before there was one
  std::string kind;     ///< the error's code
  std::uint64_t number = 0;
  std::uint64_t first_wall_ns = 0;
  std::uint64_t last_wall_ns = 0;
  std::string first_request;  ///< text form; empty if they were about no request
  std::string last_request;
  static constexpr auto fields() {
    using C = CountedRefusals;
    return std::tuple{Field{"session", &C::session, 30},
                      Field{"kind", &C::kind, 64},
                      Field{"number", &C::number},
                      Field{"first_wall_ns", &C::first_wall_ns},
                      Field{"last_wall_ns", &C::last_wall_ns},
                      Field{"first_request", &C::first_request, 64},
                      Field{"last_request", &C::last_request, 64}};
  }
  /// Can the request of this id, in text form, be one of them? Ids in text form sort as they do.
  bool may_hold(std::string_view request) const {
    return !session.empty() && !first_request.empty() && first_request <= request &&
           request <= last_request;
  }
  friend bool operator==(const CountedRefusals&, const CountedRefusals&) = default;
};

/// Fields that a stage has no word for stay empty. A token appears only as its SHA-256.
struct Record {
  std::uint64_t seq = 0;  ///< dense, total order (G3); given by the writer
  Stage stage = Stage::failed;
  std::uint64_t wall_ns = 0;  ///< CLOCK_REALTIME of the writer's host
  std::uint64_t boot_ns = 0;  ///< CLOCK_BOOTTIME of the writer's host
  std::string boot;           ///< hex boot id of the broker's run
  std::string request;        ///< text form; empty if none
  std::string principal;
  Authority authority = Authority::none;
  std::string command;
  std::string node;
  std::string reason;
  std::string about;
  std::string command_digest;  ///< hex SHA-256 of the submit body as received
  ConfirmationKind confirmation = ConfirmationKind::never;
  std::string token_digest;
  std::string explanation_digest;
  std::vector<std::string> acknowledged;
  std::string responsibility;       ///< the sentence of an enhanced confirmation
  std::uint64_t snapshot = 0;       ///< kernel snapshot id
  std::uint64_t fencing_epoch = 0;  ///< as explained or seen
  std::string snapshot_summary;     ///< one line: holder, nodes
  std::string kernel_code;
  std::string kernel_text;
  std::vector<Effect> effects;
  RecordOutcome outcome = RecordOutcome::none;
  std::string error_domain;
  std::string error_code;
  std::string error_message;
  std::string error_field;
  std::vector<std::string> error_invariants;
  std::string failure;                   ///< failure type: "stage lost", "client gone" ... (F9)
  std::string lost;                      ///< the actor concerned, if one
  std::uint64_t cause = 0;               ///< seq of the record that this one follows from; 0 = none
  std::string successor;                 ///< of a demotion: who was to follow; schema 2
  std::vector<CountedRefusals> counted;  ///< of refusals_counted: one; schema 3
  static constexpr auto fields() {
    using R = Record;
    return std::tuple{Field{"seq", &R::seq},
                      Field{"stage", &R::stage},
                      Field{"wall_ns", &R::wall_ns},
                      Field{"boot_ns", &R::boot_ns},
                      Field{"boot", &R::boot},
                      Field{"request", &R::request},
                      Field{"principal", &R::principal},
                      Field{"authority", &R::authority},
                      Field{"command", &R::command},
                      Field{"node", &R::node},
                      Field{"reason", &R::reason, 1000},
                      Field{"about", &R::about},
                      Field{"command_digest", &R::command_digest},
                      Field{"confirmation", &R::confirmation},
                      Field{"token_digest", &R::token_digest},
                      Field{"explanation_digest", &R::explanation_digest},
                      Field{"acknowledged", &R::acknowledged, 32},
                      Field{"responsibility", &R::responsibility, 1000},
                      Field{"snapshot", &R::snapshot},
                      Field{"fencing_epoch", &R::fencing_epoch},
                      Field{"snapshot_summary", &R::snapshot_summary, 1024},
                      Field{"kernel_code", &R::kernel_code},
                      Field{"kernel_text", &R::kernel_text, 1024},
                      Field{"effects", &R::effects, 32},
                      Field{"outcome", &R::outcome},
                      Field{"error_domain", &R::error_domain},
                      Field{"error_code", &R::error_code},
                      Field{"error_message", &R::error_message, 2048},
                      Field{"error_field", &R::error_field},
                      Field{"error_invariants", &R::error_invariants, 16},
                      Field{"failure", &R::failure},
                      Field{"lost", &R::lost},
                      Field{"cause", &R::cause},
                      Field{"successor", &R::successor, 64, 2},
                      Field{"counted", &R::counted, 1, 3}};
  }
  friend bool operator==(const Record&, const Record&) = default;
};

}  // namespace aeromq
