#include "kernel/register_kernel.h"

#include <algorithm>
#include <filesystem>

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

}  // namespace

ActAnswer refused(std::string code, std::string text) {
  ActAnswer answer;
  answer.status = ActStatus::refused;
  answer.code = std::move(code);
  answer.text = std::move(text);
  answer.invariants = {"P7-F1"};
  return answer;
}

Register first_register(const RegisterKind& kind, const std::string& cluster,
                        const std::vector<std::string>& nodes) {
  auto first = create_register(process::fresh<HistoryId>(), cluster, nodes);
  if (!kind.first_node_holds) {
    first.holder.clear();
    first.last_primary.clear();
    first.fencing_epoch = 0;
    first.timeline = 0;
  }
  return first;
}

Result<Store> open_or_create(const std::string& file, const RegisterKind& kind,
                             const std::string& cluster, const std::vector<std::string>& nodes) {
  if (Store::exists(file)) {
    auto store = Store::open(file, Store::Mode::read_write, kind);
    if (store) store->add_nodes(nodes);
    return store;
  }
  if (nodes.empty()) return fail(bad("nodes", "a new register needs at least one node"));
  return Store::create(file, first_register(kind, cluster, nodes), kind);
}

RegisterKernel::RegisterKernel(Store store, Register state)
    : store_(std::move(store)), state_(std::move(state)) {
  snapshot_ = store_.snapshot_limit();
  snapshot_limit_ = snapshot_;
  changed();
}

void RegisterKernel::changed() { reserve(++snapshot_); }

void RegisterKernel::reserve(std::uint64_t snapshot) {
  if (snapshot <= snapshot_limit_) return;
  snapshot_limit_ = snapshot + kSnapshotBlock;
  store_.write_snapshot_limit(snapshot_limit_);
}

bool RegisterKernel::is_current(const Standing& standing) const {
  const auto at = epochs_.find(standing.dispatcher);
  return standing.epoch != 0 && at != epochs_.end() && at->second == standing.epoch &&
         store_.epoch_of(standing.dispatcher) == standing.epoch;
}

std::uint32_t RegisterKernel::next_epoch(std::uint64_t dispatcher) {
  if (dispatcher == 0 || dispatcher > kMaxDispatcher) return 0;
  const auto last = store_.epoch_of(dispatcher);
  return last >= kMaxEpoch ? 0 : last + 1;
}

Result<Opened> RegisterKernel::open(std::uint64_t dispatcher, const Moment& now) {
  const auto epoch = next_epoch(dispatcher);
  if (epoch == 0) return fail(bad("dispatcher", "1 to 255, with epochs left"));
  store_.write_epoch(dispatcher, epoch);
  process::kill_point("kernel.open.committed");
  epochs_[dispatcher] = epoch;
  return Opened{state_.history, dispatcher, epoch, kernel_ms(now), kMaxLeaseMs, state_.cluster};
}

Result<Fenced> RegisterKernel::fence(const Fence& order, unsigned uid, const Moment& now) {
  const auto epoch = next_epoch(order.dispatcher);
  if (epoch == 0) return fail(bad("dispatcher", "1 to 255, with epochs left"));
  if (is_blank(order.reason) || has_control_characters(order.reason))
    return fail(bad("reason", "a fence needs a reason, without control characters"));
  store_.write_fence({order.dispatcher, epoch, uid, order.reason, wall_ms(now)});
  process::kill_point("kernel.fence.committed");
  epochs_.erase(order.dispatcher);
  return Fenced{order.dispatcher, epoch};
}

Result<Lowered> RegisterKernel::lower(const LowerAcknowledged&, unsigned, const Moment&) {
  return fail(bad("kind", "this kernel hears no reports: it looks at its servers itself"));
}

std::optional<ActAnswer> RegisterKernel::refusal(const Act& act, const Standing& standing,
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
  if (!admitted_.empty() && std::ranges::find(admitted_, session.dispatcher) == admitted_.end())
    return refused("DISPATCHER_NOT_ADMITTED", "dispatcher " + std::to_string(session.dispatcher) +
                                                  " is not among those of this kernel's settings");
  if (const auto room = has_room(); !room.passes) return refused(room.code, room.text);
  return std::nullopt;
}

Check RegisterKernel::has_room() const {
  const bool passes = store_.has_room();
  const auto disk = std::filesystem::path(store_.path()).parent_path().string();
  return {"REGISTER_DISK_FULL", "P6-F1",
          "the disk of " + disk + (passes ? " has room for the register" : " is full"), passes,
          false};
}

ActAnswer repeat_of(const LedgerRow& row) {
  auto answer = row.answer;
  // Of a row that says "not executed" the answer is the first one's: a refusal, as its outcome is.
  if (row.not_executed) return answer;
  answer.status = ActStatus::duplicate;
  answer.first_executed = row.executed;
  return answer;
}

OutcomeAnswer RegisterKernel::outcome(const RequestId& request, const Moment& now) const {
  const auto& session = request.session;
  const auto epoch = store_.epoch_of(session.dispatcher);
  const auto opened = epochs_.find(session.dispatcher);
  return decide_outcome(request,
                        {store_.find_row(request), state_.history, epoch,
                         opened != epochs_.end() && opened->second == epoch, true, kernel_ms(now)});
}

OutcomeAnswer outcome_of_dead(const Store& store, const RequestId& request, const Moment& now) {
  return decide_outcome(request,
                        {store.find_row(request), store.load().history,
                         store.epoch_of(request.session.dispatcher), false, false, kernel_ms(now)});
}

}  // namespace aeromq::kernel
