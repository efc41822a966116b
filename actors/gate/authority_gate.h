// The authority gate: structure first, then authority, of every submit, confirm and audit query.
// It must never trust a field that the client filled in: who asks is the broker's word alone.
//
//   message      checks, in order                              good -> sends
//   submit       size, decode, structure, may_submit           observe (confirmation never)
//                                                              survey (else)
//   confirm      size, decode, authority is operator (B1, B3)  authorised_confirm
//   audit_query  size, decode, structure, authority is auditor audit_read
//   any          a check fails                                 refused_by_gate
#pragma once
#include <map>

#include "actors/step.h"

namespace aeromq {

/// One line of the principals file.
struct Grant {
  std::string principal;
  Authority authority = Authority::none;
};

class AuthorityGate {
 public:
  static constexpr ActorRole kRole = ActorRole::gate;
  static std::span<const MessageType> accepts();

  /// A principal with more than one grant has no authority at all (B2).
  explicit AuthorityGate(std::span<const Grant> grants);

  /// From here on these are the grants.
  void judge_by(std::span<const Grant> grants);

  /// Errors: INVALID_INPUT with the field, UNKNOWN_COMMAND, NO_AUTHORITY. Nothing is remembered:
  /// every message is judged afresh (B3).
  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment& now);

 private:
  Authority authority_of(const std::string& principal) const;
  Step on_submit(const Envelope& envelope, Authority authority) const;
  Step on_confirm(const Envelope& envelope, Authority authority) const;
  Step on_audit_query(const Envelope& envelope, Authority authority) const;

  std::map<std::string, Authority> authorities_;
};

static_assert(Actor<AuthorityGate>);

}  // namespace aeromq
