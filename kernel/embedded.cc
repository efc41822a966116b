#include "kernel/embedded.h"

#include "kernel/views.h"
#include "messages/text.h"
#include "process/entropy.h"
#include "process/kill_point.h"

namespace aeromq::kernel {
namespace {

constexpr std::uint64_t kMaxDispatcher = 255;
constexpr std::uint32_t kMaxEpoch = (1U << 24) - 1;
// Snapshot ids grow in memory; a block of them is reserved durably, so that a restart never goes
// back and a question never writes.
constexpr std::uint64_t kSnapshotBlock = 1'000'000;

Error bad(const char* field, std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what), field);
}

ActAnswer refused(std::string code, std::string text) {
  ActAnswer answer;
  answer.status = ActStatus::refused;
  answer.code = std::move(code);
  answer.text = std::move(text);
  answer.invariants = {"P7-F1"};
  return answer;
}

ActAnswer repeat_of(const LedgerRow& row) {
  auto answer = row.answer;
  answer.status = ActStatus::duplicate;
  answer.first_executed = row.executed;
  return answer;
}

std::uint64_t wall_ms(const Moment& now) { return now.wall_ns / kNanosPerMs; }

}  // namespace

const std::vector<std::string>& kill_points() {
  static const std::vector<std::string> kAll{
      "kernel.open.received",  "kernel.open.committed", "kernel.open.answered",
      "kernel.call.received",  "kernel.call.answered",  "kernel.act.received",
      "kernel.act.begun",      "kernel.act.validated",  "kernel.act.written",
      "kernel.act.committed",  "kernel.act.answered",   "kernel.report.received",
      "kernel.fence.received", "kernel.fence.committed"};
  return kAll;
}

Result<Embedded> Embedded::start(const EmbeddedOptions& options, const Moment& now) {
  auto store =
      Store::exists(options.register_file)
          ? Store::open(options.register_file, Store::Mode::read_write)
      : options.nodes.empty()
          ? fail(bad("nodes", "a new register needs at least one node"))
          : Store::create(options.register_file, create_register(process::fresh<HistoryId>(),
                                                                 options.cluster, options.nodes));
  if (!store) return fail(store.error());
  store->add_nodes(options.nodes);
  auto state = store->load();
  state.stale_after_ms = options.stale_after_ms;
  state.listening_since_ms = kernel_ms(now);
  for (const auto& [name, host] : options.hosts)
    if (state.nodes.contains(name)) state.nodes[name].host = host;
  Embedded kernel(std::move(*store), std::move(state));
  kernel.snapshot_ = kernel.store_.snapshot_limit();
  kernel.snapshot_limit_ = kernel.snapshot_;
  kernel.changed();
  return kernel;
}

void Embedded::changed() {
  if (++snapshot_ <= snapshot_limit_) return;
  snapshot_limit_ = snapshot_ + kSnapshotBlock;
  store_.write_snapshot_limit(snapshot_limit_);
}

bool Embedded::is_current(const Standing& standing) const {
  const auto at = epochs_.find(standing.dispatcher);
  return standing.epoch != 0 && at != epochs_.end() && at->second == standing.epoch &&
         store_.epoch_of(standing.dispatcher) == standing.epoch;
}

std::uint32_t Embedded::next_epoch(std::uint64_t dispatcher) {
  if (dispatcher == 0 || dispatcher > kMaxDispatcher) return 0;
  const auto last = store_.epoch_of(dispatcher);
  return last >= kMaxEpoch ? 0 : last + 1;
}

Result<Opened> Embedded::open(std::uint64_t dispatcher, const Moment& now) {
  const auto epoch = next_epoch(dispatcher);
  if (epoch == 0) return fail(bad("dispatcher", "1 to 255, with epochs left"));
  store_.write_epoch(dispatcher, epoch);
  process::kill_point("kernel.open.committed");
  epochs_[dispatcher] = epoch;
  return Opened{state_.history, dispatcher, epoch, kernel_ms(now), kMaxLeaseMs, state_.cluster};
}

Result<Fenced> Embedded::fence(const Fence& order, unsigned uid, const Moment& now) {
  const auto epoch = next_epoch(order.dispatcher);
  if (epoch == 0) return fail(bad("dispatcher", "1 to 255, with epochs left"));
  if (order.reason.empty() || has_control_characters(order.reason))
    return fail(bad("reason", "a fence needs a reason, without control characters"));
  store_.write_fence({order.dispatcher, epoch, uid, order.reason, wall_ms(now)});
  process::kill_point("kernel.fence.committed");
  epochs_.erase(order.dispatcher);
  return Fenced{order.dispatcher, epoch};
}

// Refusals are not rows: whoever asks again may already have been told "not executed, final".
std::optional<ActAnswer> Embedded::refusal(const Act& act, const Standing& standing,
                                           const Moment& now) const {
  const auto& session = act.request.session;
  if (act.request.empty() || !act.request.kernel_action)
    return refused("NOT_A_KERNEL_ACTION", "the request id is not of a kernel action");
  if (!is_current(standing))
    return refused("STALE_EPOCH", "this connection does not hold its dispatcher's current epoch");
  if (session.history != state_.history)
    return refused("OTHER_HISTORY", "the request id names another kernel history");
  if (session.dispatcher != standing.dispatcher)
    return refused("OTHER_DISPATCHER", "the request id names another dispatcher");
  if (session.epoch != standing.epoch)
    return refused("OTHER_EPOCH", "the request id names another epoch of this dispatcher");
  if (!lease_holds(act.request, kernel_ms(now)))
    return refused("LEASE_ENDED", "the lease of the request id has ended");
  if (std::uint64_t{session.lease_end_s} * 1000 > kernel_ms(now) + kMaxLeaseMs)
    return refused("LEASE_TOO_LONG",
                   "the lease of the request id is longer than this kernel gives");
  return std::nullopt;
}

ActAnswer Embedded::act(const Act& act, const Standing& standing, const Moment& now) {
  process::kill_point("kernel.act.received");
  store_.begin();
  process::kill_point("kernel.act.begun");
  // The ledger first: about a repeat nothing else may be said (hole 4).
  if (const auto row = store_.find_row(act.request)) {
    store_.commit();
    return repeat_of(*row);
  }
  if (auto no = refusal(act, standing, now)) {
    store_.commit();
    return *no;
  }
  return decide(act, now);
}

// Within the transaction: facts, checks, effect, row. The register in memory changes only after
// the commit, so a crash anywhere is either before or after, never between (P6-F2).
ActAnswer Embedded::decide(const Act& act, const Moment& now) {
  const auto before = snapshot_;
  auto after = state_;
  const auto rejection = judge(state_, act, kernel_ms(now));
  process::kill_point("kernel.act.validated");
  ActAnswer answer;
  if (rejection) {
    answer.status = ActStatus::rejected;
    answer.code = rejection->code;
    answer.text = rejection->text;
    answer.invariants = rejection->invariants;
    answer.snapshot = before;
  } else {
    answer.status = ActStatus::executed;
    answer.effects = apply(after, act.action, act.node);
    answer.snapshot = before + 1;
    store_.write_register(after);
  }
  if (answer.snapshot > snapshot_limit_) {
    snapshot_limit_ = answer.snapshot + kSnapshotBlock;
    store_.write_snapshot_limit(snapshot_limit_);
  }
  store_.write_row({act.request, !rejection, act.action, act.node, act.principal,
                    act.command_digest, act.reason, answer, before, kernel_ms(now), wall_ms(now)});
  process::kill_point("kernel.act.written");
  store_.commit();
  process::kill_point("kernel.act.committed");
  state_ = std::move(after);
  snapshot_ = answer.snapshot;
  return answer;
}

KernelAnswer Embedded::answer(const KernelCall& call, const Standing& standing, const Moment& now) {
  KernelAnswer made;
  made.kind = call.kind;
  made.id = call.id;
  if (call.kind == CallKind::act) {
    made.act = act(call.act, standing, now);
    return made;
  }
  made.snapshot = snapshot_of(state_, snapshot_, kernel_ms(now), wall_ms(now));
  switch (call.kind) {
    case CallKind::survey:
      survey(made, call, state_, kernel_ms(now), store_);
      break;
    case CallKind::wal:
      add_wal(made, store_);
      break;
    case CallKind::snapshots:
      add_snapshots(made);
      break;
    case CallKind::diagnostics:
      add_diagnostics(made, store_);
      break;
    case CallKind::outcome:
      if (!call.about.empty()) {
        const auto& session = call.about.session;
        const auto epoch = store_.epoch_of(session.dispatcher);
        const auto opened = epochs_.find(session.dispatcher);
        made.outcome.push_back(decide_outcome(
            call.about,
            {store_.find_row(call.about), state_.history, epoch,
             opened != epochs_.end() && opened->second == epoch, true, kernel_ms(now)}));
      }
      break;
    default:
      break;
  }
  return made;
}

Assignment Embedded::report(const std::string& node, NodeReport report, const Moment& now) {
  auto after = state_;
  const auto grew = take_report(after, node, std::move(report), kernel_ms(now));
  if (!grew) {
    auto told = assignment(state_, node);
    told.refused.push_back(grew.error());
    return told;
  }
  if (*grew) store_.write_acknowledged(after.acknowledged);
  state_ = std::move(after);
  changed();
  return assignment(state_, node);
}

OutcomeAnswer outcome_of_dead(const Store& store, const RequestId& request, const Moment& now) {
  return decide_outcome(request,
                        {store.find_row(request), store.load().history,
                         store.epoch_of(request.session.dispatcher), false, false, kernel_ms(now)});
}

}  // namespace aeromq::kernel
