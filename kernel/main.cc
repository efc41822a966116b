// aeromq-kernel: serves the register (no verb, or `serve`), and the verbs that people and services
// run beside it. It does not know that a control plane exists.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "kernel/embedded.h"
#include "kernel/postgresql/service/kernel.h"
#include "kernel/postgresql/service/serve.h"
#include "kernel/reporter.h"
#include "kernel/server.h"
#include "kernel/verbs.h"
#include "process/command_line.h"
#include "process/entry.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"

using namespace aeromq;

namespace {

struct Flags {
  std::string config = "aeromq.toml";
  std::string node_file;
  std::string output = "table";
  std::string request;
  std::string reason;
  std::string forgotten;
  std::string position;
  std::uint64_t alarm = 0;
  std::string holder;
  std::uint64_t dispatcher = 0;
  std::uint64_t least_fencing_epoch = 0;
  std::string role;
  kernel::NodeReport report;
  kernel::Output format() const {
    return output == "json" ? kernel::Output::json : kernel::Output::text;
  }
};

template <class Run>
int with_settings(const Flags& flags, Run run) {
  const auto settings = process::read_settings(flags.config);
  if (settings) return run(*settings);
  process::fail_start(settings.error());
  return process::kExitUsage;
}

void add_config(CLI::App* verb, Flags& flags) {
  verb->add_option("--config", flags.config, "the settings file, aeromq.toml");
}
void add_output(CLI::App* verb, Flags& flags) {
  verb->add_option("-o,--output", flags.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
}
void add_node_file(CLI::App* verb, Flags& flags) {
  verb->add_option("--node-file", flags.node_file, "the node's key file")->required();
}

void add_report(CLI::App* verb, Flags& flags) {
  auto& report = flags.report;
  add_node_file(verb, flags);
  verb->add_option("--role", flags.role, "primary or replica")
      ->required()
      ->check(CLI::IsMember({"primary", "replica"}));
  verb->add_option("--state", report.state, "the node's own word")->required();
  verb->add_option("--timeline", report.timeline)->required();
  verb->add_option("--position", report.position, "octets of history, decimal")->required();
  verb->add_option("--host", report.host);
  verb->add_option("--fencing-epoch", report.fencing_epoch,
                   "what the node acts under; default: as the kernel says when asked now");
  verb->add_option("--snapshot-label", report.snapshot_label);
  verb->add_option("--snapshot-position", report.snapshot_position);
}

int run(const CLI::App& app, Flags& flags) {
  const auto chosen = [&](const char* name) { return app.got_subcommand(name); };
  const bool serves = app.get_subcommands().empty() || chosen("serve") || chosen("reporter");
  if (!serves) process::become_tool();
  if (chosen("reporter")) return kernel::run_reporter(flags.node_file);
  if (chosen("role")) return kernel::ask_role(flags.node_file);
  if (chosen("report")) {
    flags.report.role = flags.role == "primary" ? NodeRole::primary : NodeRole::replica;
    return kernel::send_report(flags.node_file, flags.report);
  }
  return with_settings(flags, [&](const process::Settings& settings) {
    if (chosen("show")) return kernel::show(settings, flags.format());
    if (chosen("outcome")) return kernel::tell_outcome(settings, flags.request, flags.format());
    if (chosen("fence")) return kernel::order_fence(settings, flags.dispatcher, flags.reason);
    if (chosen("lower-acknowledged"))
      return kernel::lower_acknowledged(settings, flags.position, flags.reason);
    if (chosen("forget-journal"))
      return kernel::forget_journal(settings, flags.forgotten, flags.reason);
    if (chosen("clear-alarm")) return kernel::clear_alarm(settings, flags.alarm, flags.reason);
    if (chosen("begin"))
      return kernel::begin_register(settings, flags.reason, flags.holder,
                                    flags.least_fencing_epoch);
    if (chosen("renew-history")) return kernel::renew_history(settings, flags.least_fencing_epoch);
    return settings.kernel.kind == "postgresql" ? postgresql::serve(settings)
                                                : kernel::serve(settings);
  });
}

void add_verbs(CLI::App& app, Flags& flags) {
  add_config(&app, flags);
  add_config(app.add_subcommand("serve", "serve the register; also without a verb"), flags);
  auto* reporter = app.add_subcommand("reporter", "a demo node that reports as told");
  add_node_file(reporter, flags);
  add_config(reporter, flags);
  add_report(app.add_subcommand("report", "tell the kernel what this node does"), flags);
  add_node_file(app.add_subcommand("role", "primary or replica? exit 0, 10; 30 not known"), flags);
  auto* show = app.add_subcommand("show", "the register");
  add_config(show, flags);
  add_output(show, flags);
  auto* outcome = app.add_subcommand(
      "outcome", "what became of a request; exit 0 executed, 20 rejected, 10 not executed, 30");
  outcome->add_option("request", flags.request, "the request id")->required();
  add_config(outcome, flags);
  add_output(outcome, flags);
  auto* fence = app.add_subcommand("fence", "end a dispatcher's epoch now");
  fence->add_option("dispatcher", flags.dispatcher)->required();
  fence->add_option("--reason", flags.reason)->required();
  add_config(fence, flags);
  auto* lower = app.add_subcommand(
      "lower-acknowledged", "embedded: take back what the last primary's reports raised too far");
  lower->add_option("--to", flags.position, "octets, decimal or as `show` prints a position")
      ->required();
  lower->add_option("--reason", flags.reason)->required();
  add_config(lower, flags);
  auto* forget = app.add_subcommand("forget-journal",
                                    "PostgreSQL: the journal of a node's agent is gone for good");
  forget->add_option("node", flags.forgotten)->required();
  forget->add_option("--reason", flags.reason)->required();
  add_config(forget, flags);
  auto* clear =
      app.add_subcommand("clear-alarm", "PostgreSQL: what an alarm told of is dealt with");
  clear->add_option("number", flags.alarm, "as every look names it")->required();
  clear->add_option("--reason", flags.reason)->required();
  add_config(clear, flags);
  auto* begin = app.add_subcommand("begin", "a new register, after the one that was there is gone");
  begin->add_option("--reason", flags.reason)->required();
  begin->add_option("--holder", flags.holder, "embedded: the node that has write authority");
  begin->add_option("--least-fencing-epoch", flags.least_fencing_epoch,
                    "the highest that any service has seen");
  add_config(begin, flags);
  auto* renew = app.add_subcommand("renew-history", "after a backup of the register was restored");
  renew->add_option("--least-fencing-epoch", flags.least_fencing_epoch,
                    "the highest that any service has seen");
  add_config(renew, flags);
  app.require_subcommand(0, 1);
}

int run(int argc, char** argv) {
  process::register_kill_points(kernel::kill_points());
  // The list is of one kind of kernel: each has points that the other never passes.
  if (std::find(argv, argv + argc, std::string_view("postgresql")) == argv + argc &&
      process::list_kill_points(argc, argv))
    return process::kExitOk;
  process::register_kill_points(postgresql::kill_points());
  if (process::list_kill_points(argc, argv)) return process::kExitOk;
  process::start_log("kernel");
  CLI::App app("aeromq-kernel: a durable register of who holds write authority");
  app.set_version_flag("--version", std::string(process::kBuild));
  Flags flags;
  add_verbs(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? process::kExitOk : process::kExitUsage;
  }
  return run(app, flags);
}

}  // namespace

int main(int argc, char** argv) {
  return process::enter(
      argc, argv, [&] { return run(argc, argv); }, process::Program::service);
}
