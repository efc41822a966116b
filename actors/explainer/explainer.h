// The explainer: (command, snapshot) -> explanation, a pure function. Same command and same
// snapshot = same octets (C6). It states facts only: no advice, no ranking, no promise (C7).
//
//   message    condition                                         sends
//   surveyed   command and snapshot read, snapshot agrees         explained
//   surveyed   the body or the command does not read              refused_by_explainer MALFORMED
//   surveyed   the snapshot does not read, or lacks its checks    ... KERNEL_UNAVAILABLE
//   surveyed   the snapshot contradicts itself                    ... MIXED_VIEW
#pragma once
#include "actors/step.h"

namespace aeromq {

/// What confirming `command` would do, drawn from `snapshot` alone. `cost`: what the kernel
/// declared for run_diagnostics, else empty. Precondition: the snapshot agrees with itself.
Explanation explain(const Command& command, const KernelSnapshot& snapshot,
                    const std::string& cost);

class Explainer {
 public:
  static constexpr ActorRole kRole = ActorRole::explainer;
  static std::span<const MessageType> accepts();

  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment& now);
};

static_assert(Actor<Explainer>);

}  // namespace aeromq
