// aeromq-ctl: the operator's tool upon the public client library. It asks and shows; it never
// decides, remembers or sends anything a second time.
#include <CLI/CLI.hpp>
#include <functional>

#include "client/ctl/link.h"
#include "client/ctl/verbs.h"
#include "process/entry.h"
#include "process/kill_point.h"

namespace {

using namespace aeromq;
using namespace aeromq::ctl;

constexpr const char* kVersion = "aeromq-ctl " AEROMQ_VERSION;

constexpr const char* kExitCodes = R"(Exit codes:
   0  done: the kernel acknowledged, or the view was shown
   1  fault of aeromq-ctl itself; after a confirmation treat it as 30. With --log: no log was read
   2  wrong usage or input; nothing was sent
   3  done, but standard output could not be written; a confirmed act ends with its own code
  10  refused: authority, confirmation, audit log; not executed
  11  declined by the operator, or the confirmation ran out; not executed
  12  DUPLICATE_REQUEST: the first one stands, ask for its outcome
  20  rejected by the kernel, in its own words; final
  30  outcome unknown or not yet decided: `aeromq-ctl outcome ID`, never send again
  31  not reached, no confirmation was sent; not executed
  40-45  audit log: corrupt or changed, loss or roll-back, bad signature, torn tail, segment
         missing, last batch ambiguous
  49  two primaries seen
switchover ends with the code of its last request: 0 only if both were executed.
No option skips a confirmation.)";

/// The verb that the command line chose, to be run once parsing is over.
using Run = std::function<int(const Common&)>;

struct CommandLine {
  CLI::App app{
      "aeromq-ctl: look at a cluster, change who holds write authority, read the audit log",
      "aeromq-ctl"};
  Common common;
  std::string format = "table";
  Submit submit;
  unsigned watch_s = 0;
  bool two_step = false;
  bool list_kill_points = false;  ///< answered before parsing; here only for --help
  std::string id;
  AuditWish audit;
  Run run;

  CommandLine() {
    app.set_version_flag("--version", kVersion);
    app.footer(kExitCodes);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("-c,--config", common.config, "client file")->envname("AEROMQ_CONFIG");
    app.add_option("-o,--output", format, "how to show results")
        ->check(CLI::IsMember({"table", "json", "yaml"}));
    app.add_flag("--list-kill-points", list_kill_points, "print the kill points (chaos build)");
    add_looks();
    add_changes();
    add_audit();
    auto* status = app.add_subcommand("status", "which parts of the control plane live");
    status->callback([this] { run = [](const Common& c) { return run_status(c); }; });
  }

  static CLI::App* sub(CLI::App* parent, const char* name, const char* what) {
    auto* made = parent->add_subcommand(name, what);
    made->fallthrough();
    return made;
  }

  CLI::App* add_look(CLI::App* parent, const char* name, CommandName command, const char* what) {
    auto* made = sub(parent, name, what);
    made->add_option("--watch", watch_s, "look again every SEC seconds")
        ->check(CLI::Range(1U, 86400U));
    made->callback([this, command] {
      submit.command = text_of(command);
      run = [this](const Common& c) { return run_view(c, submit, watch_s); };
    });
    return made;
  }

  void add_confirmed(CLI::App* made, CommandName command) {
    made->add_flag("--two-step", two_step, "confirm by one JSON line on standard input");
    made->callback([this, command] {
      submit.command = text_of(command);
      run = [this](const Common& c) {
        return run_confirmed(c, submit, two_step ? Asking::two_step : Asking::terminal);
      };
    });
  }

  void add_successor(CLI::App* made, CommandName command) {
    if (!command_row(command).takes_successor) return;
    made->add_option("--successor", submit.successor,
                     "demote only if this node could be promoted next");
  }

  void add_looks() {
    auto* inspect = sub(&app, "inspect", "look: one kernel snapshot per view");
    inspect->require_subcommand(1);
    add_look(inspect, "cluster", CommandName::inspect_cluster_state, "all nodes");
    add_look(inspect, "node", CommandName::inspect_node, "one node")
        ->add_option("NODE", submit.node)
        ->required();
    add_look(inspect, "replication", CommandName::inspect_replication_status, "who follows whom");
    add_look(inspect, "promotion", CommandName::inspect_promotion_state, "who may be promoted");
    auto* diag = sub(&app, "diag", "diagnostics");
    diag->require_subcommand(1);
    add_confirmed(sub(diag, "diagnostics", "run them; declares the cost and asks first"),
                  CommandName::run_diagnostics);
    add_look(diag, "wal", CommandName::inspect_wal, "the write-ahead log");
    add_look(diag, "snapshots", CommandName::inspect_snapshots, "base backups and snapshots");
  }

  void add_changes() {
    struct Change {
      const char* name;
      CommandName command;
      const char* what;
    };
    constexpr std::array kChanges{
        Change{"promote", CommandName::request_promotion, "give a replica write authority"},
        Change{"demote", CommandName::request_demotion, "take write authority from a node"},
        Change{"force-promote", CommandName::force_promotion,
               "promote although the old primary is not proven down"}};
    for (const auto& change : kChanges) {
      auto* made = sub(&app, change.name, change.what);
      made->add_option("NODE", submit.node)->required();
      made->add_option("--reason", submit.reason, "why; recorded")->required();
      add_successor(made, change.command);
      add_confirmed(made, change.command);
    }
    auto* switchover =
        sub(&app, "switchover", "demote one node, then promote another: two requests");
    switchover->add_option("OLD", submit.node, "the primary")->required();
    switchover->add_option("NEW", submit.successor, "who is to follow it")->required();
    switchover->add_option("--reason", submit.reason, "why; recorded with both")->required();
    switchover->add_flag("--two-step", two_step, "confirm each by one JSON line on standard input");
    switchover->callback([this] {
      run = [this](const Common& c) {
        return run_switchover(c, submit, two_step ? Asking::two_step : Asking::terminal);
      };
    });
    auto* outcome = sub(&app, "outcome", "what became of a request");
    outcome->add_option("REQUEST_ID", id)->required();
    outcome->callback([this] { run = [this](const Common& c) { return run_outcome(c, id); }; });
    auto* explain = sub(&app, "explain", "the explanation of a change; nothing stays pending");
    explain->require_subcommand(1);
    for (const auto& change : kChanges) {
      auto* made = sub(explain, change.name, change.what);
      made->add_option("NODE", submit.node)->required();
      add_successor(made, change.command);
      made->callback([this, change] {
        submit.command = text_of(change.command);
        run = [this](const Common& c) { return run_explain(c, submit); };
      });
    }
  }

  CLI::App* add_audit_verb(CLI::App* parent, const char* name, AuditQueryKind kind,
                           const char* what) {
    auto* made = sub(parent, name, what);
    made->add_option("--log", audit.log, "read the log in DIR, without a control plane");
    made->callback([this, kind] {
      audit.query.kind = kind;
      run = [this](const Common& c) { return run_audit(c, audit); };
    });
    return made;
  }

  void add_audit() {
    auto* parent = sub(&app, "audit", "read the audit log (auditors)");
    parent->require_subcommand(1);
    auto& query = audit.query;
    add_audit_verb(parent, "tail", AuditQueryKind::tail, "the last records")
        ->add_option("-n", query.limit, "how many")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000}));
    auto* search = add_audit_verb(parent, "query", AuditQueryKind::query, "records that match");
    search->add_option("--request", query.request);
    search->add_option("--principal", query.principal);
    search->add_option("--command", query.command);
    search->add_option("--stage", query.stage);
    search->add_option("--from-seq", query.from_seq);
    search->add_option("--limit", query.limit);
    add_audit_verb(parent, "timeline", AuditQueryKind::timeline, "one request, with its gaps")
        ->add_option("REQUEST_ID", query.request)
        ->required();
    add_audit_verb(parent, "verify", AuditQueryKind::verify, "is the log whole and unchanged?");
    auto* exported =
        add_audit_verb(parent, "export", AuditQueryKind::export_, "one JSON line per record");
    exported->add_option("-f,--file", audit.file, "a new file");
    exported->add_option("--from-seq", query.from_seq);
    exported->add_option("--limit", query.limit);
  }
};

int run(int argc, char** argv) {
  process::register_kill_points(kill_point_names());
  if (process::list_kill_points(argc, argv)) return kExitDone;
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? kExitDone : kExitInput;
  }
  line.common.format = line.format == "json"   ? Format::json
                       : line.format == "yaml" ? Format::yaml
                                               : Format::table;
  return line.run(line.common);
}

}  // namespace

int main(int argc, char** argv) {
  return process::enter(argc, argv, [&] { return run(argc, argv); });
}
