#include "actors/keeper/confirmation_keeper.h"

#include "messages/digest.h"

namespace aeromq {
namespace {

Error not_pending() { return make_error(ErrorCode::not_pending); }

Error mismatch(std::string what) {
  return make_error(ErrorCode::confirmation_mismatch, std::move(what));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Exactly the listed risks, each once (C4). Only our own ids are repeated in the message.
std::optional<Error> check_acknowledged(const std::vector<std::string>& risks,
                                        const std::vector<std::string>& acknowledged) {
  std::vector<std::string> missing;
  for (const auto& risk : risks)
    if (std::ranges::find(acknowledged, risk) == acknowledged.end()) missing.push_back(risk);
  if (!missing.empty())
    return make_error(ErrorCode::acknowledgement_missing, "missing " + joined(missing),
                      "acknowledge");
  for (std::size_t i = 0; i < acknowledged.size(); ++i) {
    const auto at = acknowledged.begin() + static_cast<std::ptrdiff_t>(i);
    const bool listed = std::ranges::find(risks, *at) != risks.end();
    const bool repeated = std::find(acknowledged.begin(), at, *at) != at;
    if (!listed || repeated)
      return make_error(ErrorCode::acknowledgement_missing,
                        listed ? "the same risk stands twice" : "a risk that was not listed",
                        "acknowledge[" + std::to_string(i) + "]");
  }
  return std::nullopt;
}

}  // namespace

std::span<const MessageType> ConfirmationKeeper::accepts() {
  static constexpr std::array kTypes{MessageType::explained, MessageType::authorised_confirm,
                                     MessageType::abandon, MessageType::void_confirmation};
  return kTypes;
}

ConfirmationKeeper::ConfirmationKeeper(TokenSource source, std::uint64_t ttl_ms,
                                       std::uint64_t most_of_one)
    : source_(std::move(source)), ttl_ms_(ttl_ms), most_of_one_(most_of_one) {}

Step ConfirmationKeeper::on(const Envelope& envelope, const Moment& now) {
  switch (envelope.type) {
    case MessageType::explained:
      return on_explained(envelope, now);
    case MessageType::authorised_confirm:
      return on_confirm(envelope, now);
    case MessageType::abandon:
      return on_abandon(envelope, now);
    case MessageType::void_confirmation:
      return on_void(envelope);
    default:
      return refuse(envelope.request, make_error(ErrorCode::illegal_message), {});
  }
}

Step ConfirmationKeeper::on_tick(const Moment& now) {
  Step step;
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (now.boot_ns < at->second.expires_boot_ns) {
      ++at;
      continue;
    }
    step.send.push_back(end(at->first, at->second, EndReason::expired));
    at = pending_.erase(at);
  }
  return step;
}

Step ConfirmationKeeper::on_explained(const Envelope& envelope, const Moment& now) {
  auto explained = decode<Explained>(envelope.body);
  // An id that is pending already is a repeat: nothing may be claimed about the first (E1).
  if (pending_.contains(envelope.request))
    return refuse(envelope.request, make_error(ErrorCode::duplicate_request), {});
  if (!explained)
    return refuse(envelope.request,
                  make_error(ErrorCode::malformed, "explained", Outcome::not_executed), {});
  Pending pending;
  pending.principal = envelope.principal;
  pending.authority = explained->authority;
  pending.command = explained->command;
  const auto explanation = decode<Explanation>(explained->explanation);
  // A longer explanation than its maker may make would not fit into `asked`.
  const bool askable = explanation && explained->explanation.size() <= kMaxNested &&
                       explanation->confirmation != ConfirmationKind::never &&
                       !envelope.principal.empty();
  if (!askable)
    return refuse(envelope.request,
                  make_error(ErrorCode::malformed, "explained", Outcome::not_executed), pending);
  if (auto full = full_for(envelope.principal)) return refuse(envelope.request, *full, pending);
  pending.token = source_();
  pending.explanation_digest = sha256(explained->explanation);
  pending.kind = explanation->confirmation;
  pending.given = given_for(*explanation);
  for (const auto& risk : explanation->risks) pending.risks.push_back(risk.id);
  pending.snapshot = explanation->snapshot;
  pending.fencing_epoch = explanation->fencing_epoch;
  pending.expires_boot_ns = after_ms(now, ttl_ms_).boot_ns;
  const Asked asked{explained->authority,   explained->command,
                    explained->explanation, explained->summary,
                    pending.token,          ttl_ms_,
                    pending.given.sentence, pending.given.responsibility_sentence};
  pending_.emplace(envelope.request, std::move(pending));
  return {{}, {}, {message(envelope.request, asked)}};
}

std::optional<Error> ConfirmationKeeper::full_for(const std::string& principal) const {
  const auto of_principal = std::ranges::count_if(
      pending_, [&](const auto& entry) { return entry.second.principal == principal; });
  if (static_cast<std::uint64_t>(of_principal) >= most_of_one_)
    return make_error(ErrorCode::busy, principal + " may have " + std::to_string(most_of_one_) +
                                           " confirmations pending");
  if (pending_.size() >= kMaxPending)
    return make_error(ErrorCode::busy, "too many confirmations are pending");
  return std::nullopt;
}

Step ConfirmationKeeper::on_confirm(const Envelope& envelope, const Moment& now) {
  const auto authorised = decode<AuthorisedConfirm>(envelope.body);
  Pending nobody;  // for the record of a refusal that concerns no pending confirmation
  if (authorised) nobody.authority = authorised->authority;
  const auto at = pending_.find(envelope.request);
  if (at == pending_.end()) return refuse(envelope.request, not_pending(), nobody);
  // Somebody else's confirm never spends a token, and says nothing about what becomes of it.
  if (at->second.principal != envelope.principal)
    return refuse(envelope.request,
                  make_error(ErrorCode::confirmation_mismatch, "principal", Outcome::unknown),
                  nobody);
  const auto pending = std::move(at->second);
  pending_.erase(at);  // spent, whatever happens from here on (C2)

  if (!authorised)
    return refuse(envelope.request,
                  make_error(ErrorCode::malformed, "authorised_confirm", Outcome::not_executed),
                  pending);
  if (authorised->authority != Authority::operator_)
    return refuse(envelope.request, make_error(ErrorCode::no_authority), pending);
  auto confirm = decode<Confirm>(authorised->confirm);
  if (!confirm) return refuse(envelope.request, confirm.error(), pending);
  if (auto error = check(pending, *confirm, now)) return refuse(envelope.request, *error, pending);
  const Confirmed confirmed{pending.authority,
                            pending.command,
                            pending.kind,
                            sha256(pending.token.view()),
                            pending.explanation_digest,
                            pending.snapshot,
                            pending.fencing_epoch,
                            confirm->acknowledge,
                            confirm->accept_responsibility};
  return {{}, {}, {message(envelope.request, confirmed)}};
}

Step ConfirmationKeeper::on_abandon(const Envelope& envelope, const Moment& now) {
  const auto at = pending_.find(envelope.request);
  if (at == pending_.end()) return refuse(envelope.request, not_pending(), {});
  if (at->second.principal != envelope.principal)
    return refuse(envelope.request,
                  make_error(ErrorCode::confirmation_mismatch, "principal", Outcome::unknown), {});
  const auto pending = std::move(at->second);
  pending_.erase(at);
  const auto abandon = decode<Abandon>(envelope.body);
  if (!abandon) return refuse(envelope.request, abandon.error(), pending);
  if (!equal_in_constant_time(abandon->token.view(), pending.token.view()))
    return refuse(envelope.request, mismatch("token"), pending);
  const bool late = now.boot_ns >= pending.expires_boot_ns;
  return {
      {}, {}, {end(envelope.request, pending, late ? EndReason::expired : EndReason::abandoned)}};
}

Step ConfirmationKeeper::on_void(const Envelope& envelope) {
  const auto at = pending_.find(envelope.request);
  if (at == pending_.end()) return {};
  const auto pending = std::move(at->second);
  pending_.erase(at);
  const auto voided = decode<VoidConfirmation>(envelope.body);
  if (voided && voided->why == EndReason::stage_lost) return {};
  return {{}, {}, {end(envelope.request, pending, EndReason::client_gone)}};
}

std::optional<Error> ConfirmationKeeper::check(const Pending& pending, const Confirm& confirm,
                                               const Moment& now) {
  if (!equal_in_constant_time(confirm.token.view(), pending.token.view())) return mismatch("token");
  if (confirm.explanation_digest != pending.explanation_digest)
    return mismatch("explanation_digest");
  if (now.boot_ns >= pending.expires_boot_ns) return make_error(ErrorCode::confirmation_expired);
  if (pending.kind == ConfirmationKind::enhanced) {
    if (auto error = check_acknowledged(pending.risks, confirm.acknowledge)) return error;
  } else if (!confirm.acknowledge.empty()) {
    return make_error(ErrorCode::invalid_input, "a standard confirmation does not take it",
                      "acknowledge");
  }
  return fault_of_words(pending.given, confirm.sentence, confirm.accept_responsibility);
}

Step ConfirmationKeeper::refuse(const RequestId& request, Error error, const Pending& pending) {
  Refused refused{
      std::move(error), pending.authority, pending.command, {}, pending.explanation_digest};
  if (!pending.token.empty()) refused.token_digest = sha256(pending.token.view());
  return {{}, {}, {message(MessageType::refused_by_keeper, request, refused)}};
}

Envelope ConfirmationKeeper::end(const RequestId& request, const Pending& pending, EndReason why) {
  return message(request, Ended{why, pending.authority, pending.command,
                                sha256(pending.token.view()), pending.explanation_digest});
}

}  // namespace aeromq
