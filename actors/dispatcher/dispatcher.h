// The dispatcher's core: the only one that spells a kernel call (D4). It must never act without a
// readable dispatch, nor twice for one request, and it never retries: what the kernel does not
// answer is reported as lost.
//
//   input                   condition                        effect
//   observe, inspect_*      no shared snapshot under way      snapshot call; it waits
//                           one is under way                  waits for the NEXT shared snapshot
//   observe, wal, outcome.. always                            a call of its own
//   survey                  always                            a call of its own
//   either, with its own    the kernel has a window of them   waits, in order; beyond that BUSY
//   dispatch                kernel action, none in flight     the one act call
//                           run_diagnostics                   diagnostics call
//                           seen before, or one in flight     refused_by_dispatcher, outcome
//                           unknown
//   answer to a read        agrees with itself                observed | surveyed
//                           contradicts itself                refused_by_dispatcher MIXED_VIEW
//   answer to a dispatch    always                            acted
//   kernel lost             reads                             refused_by_dispatcher
//   KERNEL_UNAVAILABLE
//                           a dispatch in flight              acted (lost)
#pragma once
#include <deque>
#include <map>
#include <set>

#include "actors/step.h"

namespace aeromq {

class Dispatcher {
 public:
  static constexpr ActorRole kRole = ActorRole::dispatcher;
  /// Dispatched request ids kept to refuse repeats; an older repeat is the ledger's to refuse.
  static constexpr std::size_t kMaxRemembered = 4096;
  /// Calls that the kernel has at one time, and what may wait for a place among them: the window of
  /// this link. A dispatch waits for nobody, a shared snapshot is one call.
  static constexpr std::size_t kMaxCalls = 64;
  static constexpr std::size_t kMaxQueued = 1024;
  static std::span<const MessageType> accepts();

  Step on(const Envelope& envelope, const Moment& now);
  Step on_tick(const Moment& now);

  /// The kernel's answer to one of this core's calls. An answer to no call changes nothing.
  Step on_answer(const KernelAnswer& answer, const Moment& now);

  /// The kernel connection is gone, and every call with it. Calls are not made again (D5).
  Step on_kernel_lost(const Moment& now);

 private:
  /// A request that waits for the kernel.
  struct Waiting {
    MessageType type = MessageType::none;  ///< observe, survey or dispatch
    RequestId request;
    Authority authority = Authority::none;
    Bytes body;  ///< the submit body
    Command command;
    std::uint64_t cause = 0;  ///< dispatch: the dispatched record
  };
  struct InFlight {
    KernelCall call;
    std::vector<Waiting> waiting;  ///< several only for a shared snapshot
  };

  Step on_observe(const Envelope& envelope);
  Step on_survey(const Envelope& envelope);
  Step on_dispatch(const Envelope& envelope);
  Step begin(KernelCall call, std::vector<Waiting> waiting);
  Step begin_read(KernelCall call, Waiting waiting);
  Step begin_queued();
  Step share_snapshot();
  void remember(const RequestId& request);

  std::uint64_t next_call_ = 1;
  std::map<std::uint64_t, InFlight> in_flight_;
  std::deque<std::pair<KernelCall, Waiting>> queued_;  ///< reads that wait for a place
  std::vector<Waiting> next_snapshot_;  ///< wait until the shared snapshot under way is answered
  bool snapshot_under_way_ = false;
  bool act_under_way_ = false;
  std::set<RequestId> dispatched_;
  std::deque<RequestId> dispatched_in_order_;
};

static_assert(Actor<Dispatcher>);

}  // namespace aeromq
