// The audit writer's core: every message that reaches it becomes records first and, once its host
// has made them durable, what they permit (G1). It must never send what no record of the same step
// stands for. It keeps no request: only the next sequence number.
//
//   message        records                                   then sends
//   observed       requested, answered                       result (view)
//   asked          requested, confirmation_asked             confirmation_asked
//   confirmed      confirmed, dispatched                     dispatch: the licence to act
//   acted          executed | rejected | failed | refused    result | error
//   acted (diag.)  answered | failed                         result (view) | error
//   refused_by_*   refused                                   error
//   ended          confirmation_ended                        error
//   audit_answer   audit_read                                audit_result
//   report         refused | failed | control_plane;         error, only if somebody waits
//                  late kernel words: executed | rejected    (a late answer is never sent)
//                  counted: refusals_counted
//   unreadable     control_plane                             error MALFORMED
//   no room        none: disk_room.h says what and when      error, or reported, with record 0
#pragma once
#include "actors/step.h"
#include "actors/writer/disk_room.h"
#include "actors/writer/record_maker.h"

namespace aeromq {

class AuditWriter {
 public:
  static constexpr ActorRole kRole = ActorRole::writer;
  static std::span<const MessageType> accepts();

  /// `next_seq`: the number after the log's last; `boot`: hexadecimal boot id of the broker's run.
  /// `look`: how much room the log has; none: enough for ever.
  AuditWriter(std::uint64_t next_seq, std::string boot, DiskLook look = {})
      : maker_(next_seq, std::move(boot)), look_(std::move(look)) {}

  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment& now);

  /// The record that opens this run; it ends every older pending confirmation in every reader.
  /// `log_wall_ns`: the wall clock of the log's last commit; that it went back is recorded.
  Step begin(const Moment& now, std::uint64_t log_wall_ns = 0);
  /// The record of an orderly stop.
  Step end(const Moment& now);

 private:
  Step on_observed(const Envelope& envelope, const Moment& now);
  Step on_asked(const Envelope& envelope, const Moment& now);
  Step on_confirmed(const Envelope& envelope, const Moment& now);
  Step on_acted(const Envelope& envelope, const Moment& now);
  Step on_refused(const Envelope& envelope, const Moment& now);
  Step on_ended(const Envelope& envelope, const Moment& now);
  Step on_audit_answer(const Envelope& envelope, const Moment& now);
  Step on_report(const Envelope& envelope, const Moment& now);

  Step counted_refusals(const Envelope& envelope, const Report& report, const Moment& now);
  Step kernel_acted(const Envelope& envelope, const Acted& acted, const Moment& now);
  Step diagnosed(const Envelope& envelope, const Acted& acted, const Moment& now);
  Record acted_record(const Envelope& envelope, const Acted& acted, const Moment& now);
  Step unreadable(const Envelope& envelope, const Error& fault, const Moment& now);

  std::optional<Record> clock_record(const Moment& now);
  Record room_record(const Moment& now);

  RecordMaker maker_;
  DiskLook look_;
  std::uint64_t turned_away_ = 0;  ///< since the last record about it
  std::uint64_t wall_ns_ = 0;      ///< the wall clock when it was looked at last
};

static_assert(Actor<AuditWriter>);

}  // namespace aeromq
