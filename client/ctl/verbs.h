// The verbs of aeromq-ctl, one file per family. Each returns the exit code. Those that only ask a
// question die of a signal as any program does: nothing hangs on them.
#pragma once
#include "client/ctl/output.h"

namespace aeromq::ctl {

/// A read-only command; with `watch_s` again and again until a signal.
int run_view(const Common& common, const Submit& command, unsigned watch_s);

enum class Asking : std::uint8_t { terminal, two_step };

/// A command that needs a confirmation. Without a terminal, and not two_step: exit 2, nothing sent.
int run_confirmed(const Common& common, const Submit& command, Asking asking);

/// `wish.node` is demoted, with `wish.successor` named; then that one is promoted. Two requests,
/// two confirmations; the exit code is the last one's.
int run_switchover(const Common& common, const Submit& wish, Asking asking);

/// The explanation alone: submitted, then abandoned.
int run_explain(const Common& common, Submit command);

/// What became of the request written `id`.
int run_outcome(const Common& common, const std::string& id);

struct AuditWish {
  AuditQuery query;
  std::string log;   ///< a log's directory: read it here, without a control plane
  std::string file;  ///< export: write here; empty = stdout
};
int run_audit(const Common& common, AuditWish wish);

int run_status(const Common& common);

}  // namespace aeromq::ctl
