// START HERE. Whatever a rung of the chaos harness does and sees is a list of these events, and one
// checker judges the list, so that a simulated run and a run of real processes prove the same
// things. An event is what was SEEN from outside, at a place that the product does not control
// (socket, disk, database, what a person was told), never the product's own opinion.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/codec.h"

namespace aeromq::chaos {

/// What happened. The fields that each kind uses beside seq, at_ns, lane and run:
///
///   kind       lane        fields
///   ------------------------------------------------------------------------------------------
///   asked      client.*    request, principal, what (submit confirm abandon outcome), command,
///                          node, digest (submit: of the command; confirm: of the explanation),
///                          token (confirm, abandon: digest of it), text (confirm: the risks
///                          acknowledged, each between two spaces)
///   told       client.*    request, principal, what (as asked), verdict, final, code, text,
///                          number (the record's; 0 = unrecorded). verdict: executed rejected
///                          not_executed unknown not_yet_decided | pending (a confirmation is
///                          asked; text: the risks to acknowledge, as above, only
///                          where those are seen too) | viewed
///   issued     keeper      request, principal, token, digest (explanation), number (expiry, ns
///                          of the keeper's clock), epoch (fencing epoch that was explained)
///   spent      keeper      request, principal, token, digest (explanation), number (keeper's
///                          clock)
///   called     dispatcher  request: one act was handed to the kernel
///   row        kernel      request, principal, what (action), node, digest (command), verdict
///                          (executed rejected), code, text, number (transaction)
///   granted    kernel      request: a kernel whose acts take time has let it in; its row follows
///   effect     kernel      request (the row of the same transaction, or none), before, after
///                          (holder of write authority), number (transaction), epoch (fencing
///                          epoch after it)
///   opened     kernel      node (dispatcher's number), epoch: a dispatcher has a new epoch
///   reported   kernel      node: its report was taken in, which may move the register
///   state      kernel      digest of everything that a read must not change
///   durable    disk        number: every record up to it survives a power cut now
///   kept       disk        request, principal, what (stage), number (record), digest (command),
///                          token, verdict (outcome): read back at the end, by an independent
///                          reader
///   stands     kernel      as row: read back at the end, by an independent reader
///   verified   disk        verdict (whole broken), text: the audit log as a whole, read back
///   policy     harness     principal, what (authority): in force from here on, on the control
///   plane
///                          that the lane is of
///   began      any         a run of this process
///   ended      any         what (killed, exit code): that run is over
///   stopped    any         SIGSTOP; continued: SIGCONT
///   point      any         what: a named kill point was passed
///   sent       any         request, what (message type), number (message), peer
///   received   any         the same message at the other end; one number may arrive twice
///   fault      any         what (lost doubled delayed reordered replayed partition full io_error
///                          torn power_cut ...), number: it happened (not: it was planned)
///   healed     harness     no more faults from here on
///   serves     any         after the heal this process does its work again
enum class EventKind : std::uint8_t {
  asked,
  told,
  issued,
  spent,
  called,
  row,
  effect,
  opened,
  reported,
  state,
  durable,
  kept,
  stands,
  verified,
  policy,
  began,
  ended,
  stopped,
  continued,
  point,
  sent,
  received,
  fault,
  healed,
  serves,
  granted,
};

/// One thing seen. Empty and zero fields say nothing.
struct Event {
  std::uint64_t seq = 0;    ///< place in the merged history, from 1: the order that predicates use
  std::uint64_t at_ns = 0;  ///< boot clock, for pictures only
  EventKind kind = EventKind::asked;
  std::string lane;       ///< "client.alice.1", "broker", "keeper", "kernel", "disk", "harness"; a
                          ///< second control plane's begin with "b/"
  std::uint64_t run = 0;  ///< which run of that process, from 1
  std::string request;    ///< RequestId::text()
  std::string principal;
  std::string what;
  std::string command;
  std::string node;
  std::string digest;  ///< hexadecimal
  std::string token;   ///< hexadecimal digest of the token
  std::string verdict;
  bool final_ = false;
  std::string code;
  std::string text;
  std::string peer;
  std::string before;
  std::string after;
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const Event&, const Event&) = default;
};

using History = std::vector<Event>;

}  // namespace aeromq::chaos

template <>
struct aeromq::EnumNames<aeromq::chaos::EventKind> {
  static constexpr std::array<std::string_view, 26> value{
      "asked",    "told",     "issued", "spent",   "called",    "row",    "effect",
      "opened",   "reported", "state",  "durable", "kept",      "stands", "verified",
      "policy",   "began",    "ended",  "stopped", "continued", "point",  "sent",
      "received", "fault",    "healed", "serves",  "granted"};
};
