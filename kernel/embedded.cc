#include "kernel/embedded.h"

#include "kernel/views.h"
#include "messages/text.h"
#include "process/kill_point.h"

namespace aeromq::kernel {
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
      open_or_create(options.register_file, kEmbeddedRegister, options.cluster, options.nodes);
  if (!store) return fail(store.error());
  auto state = store->load();
  state.stale_after_ms = options.stale_after_ms;
  state.listening_since_ms = kernel_ms(now);
  for (const auto& [name, host] : options.hosts)
    if (state.nodes.contains(name)) state.nodes[name].host = host;
  return Embedded(std::move(*store), std::move(state));
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
  reserve(answer.snapshot);
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
      // Only where it speaks against the action: it is no rule of the register.
      if (auto room = has_room(); !room.passes && !made.snapshot.checks.empty())
        made.snapshot.checks.push_back(std::move(room));
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
      if (!call.about.empty()) made.outcome.push_back(outcome(call.about, now));
      break;
    default:
      break;
  }
  return made;
}

Result<Lowered> Embedded::lower(const LowerAcknowledged& order, unsigned uid, const Moment& now) {
  if (is_blank(order.reason) || has_control_characters(order.reason))
    return fail(make_error(ErrorCode::invalid_input,
                           "the order needs a reason, without control characters", "reason"));
  auto after = state_;
  if (auto done = lower_acknowledged(after, order.to, kernel_ms(now)); !done)
    return fail(done.error());
  store_.write_lowering({state_.last_primary, state_.acknowledged, after.acknowledged, uid,
                         order.reason, wall_ms(now)});
  const Lowered lowered{state_.last_primary, state_.acknowledged, after.acknowledged};
  state_ = std::move(after);
  changed();
  return lowered;
}

Assignment Embedded::report(const std::string& node, NodeReport report, const Moment& now) {
  auto after = state_;
  const auto grew = take_report(after, node, std::move(report), kernel_ms(now));
  if (!grew) {
    keep_refused(state_, node, grew.error(), kernel_ms(now));
    changed();
    auto told = assignment(state_, node);
    told.refused.push_back(grew.error());
    return told;
  }
  unsaved_ = unsaved_ || *grew;
  state_ = std::move(after);
  changed();
  auto told = assignment(state_, node);
  if (!unsaved_) return told;
  // Without room the checks go by what was told, and the node hears that it is not kept.
  if (const auto room = has_room(); !room.passes) {
    told.refused.push_back(make_error(ErrorCode::kernel_unavailable, room.text));
    return told;
  }
  store_.write_acknowledged(state_.acknowledged);
  unsaved_ = false;
  return told;
}

}  // namespace aeromq::kernel
