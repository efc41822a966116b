// The confirmation keeper: gives out tokens and sentences, and spends a token for its sentence. Its
// memory is the only place where pending confirmations live; it must never write one down, nor
// outlive its process with one (C3).
//
//   message             pending?  condition                         pending then  sends
//   explained           no        room, body reads                  added         asked
//   explained           any       full, unreadable, already there   as before     refused_by_keeper
//   authorised_confirm  no                                          -             refused_by_keeper
//   authorised_confirm  yes       another principal                 STAYS (C5)    refused_by_keeper
//   authorised_confirm  yes       any check fails                   gone          refused_by_keeper
//   authorised_confirm  yes       everything holds                  gone          confirmed
//   abandon             yes       principal and token match         gone          ended (abandoned)
//   abandon             yes       the token does not match          gone          refused_by_keeper
//   void_confirmation   yes       client gone                       gone          ended (client
//   gone) void_confirmation   yes       stage lost                        gone          nothing
//   tick                yes       now >= expiry                     gone          ended (expired)
#pragma once
#include <functional>
#include <map>

#include "actors/step.h"
#include "messages/given.h"
#include "messages/limits.h"

namespace aeromq {

class ConfirmationKeeper {
 public:
  static constexpr ActorRole kRole = ActorRole::keeper;
  static constexpr std::size_t kMaxPending = 1024;
  static std::span<const MessageType> accepts();

  /// Gives a fresh unguessable token at every call; the shell draws it from the kernel's entropy.
  using TokenSource = std::function<Token()>;

  /// `most_of_one`: confirmations of one principal that may be pending.
  ConfirmationKeeper(TokenSource source, std::uint64_t ttl_ms,
                     std::uint64_t most_of_one = Limits{}.pending);

  Step on(const Envelope& envelope, const Moment& now);

  /// Ends every confirmation whose time is over, each once. Time never confirms (C5).
  Step on_tick(const Moment& now);

  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    std::string principal;
    Authority authority = Authority::none;
    Bytes command;
    Token token;
    Digest explanation_digest;
    Given given;
    ConfirmationKind kind = ConfirmationKind::never;
    std::vector<std::string> risks;
    std::uint64_t snapshot = 0;
    std::uint64_t fencing_epoch = 0;
    std::uint64_t expires_boot_ns = 0;
  };

  Step on_explained(const Envelope& envelope, const Moment& now);
  Step on_confirm(const Envelope& envelope, const Moment& now);
  Step on_abandon(const Envelope& envelope, const Moment& now);
  Step on_void(const Envelope& envelope);
  static std::optional<Error> check(const Pending& pending, const Confirm& confirm,
                                    const Moment& now);
  static Step refuse(const RequestId& request, Error error, const Pending& pending);
  static Envelope end(const RequestId& request, const Pending& pending, EndReason why);

  std::optional<Error> full_for(const std::string& principal) const;

  TokenSource source_;
  std::uint64_t ttl_ms_;
  std::uint64_t most_of_one_;
  std::map<RequestId, Pending> pending_;
};

static_assert(Actor<ConfirmationKeeper>);

}  // namespace aeromq
