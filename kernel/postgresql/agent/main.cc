// aeromq-pg-agent: the only starter and stopper of one PostgreSQL server, and the ledger of what
// was done to it. It acts when the kernel says so and never by itself.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "kernel/postgresql/agent/server.h"
#include "kernel/postgresql/agent/verbs.h"
#include "process/command_line.h"
#include "process/entry.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"

using namespace aeromq;

namespace {

struct Flags {
  std::string config = "/etc/aeromq/agent.toml";
  std::string output = "table";
  std::string request;
  std::string history;
  std::string reason;
  std::string accepted;
};

void add_verbs(CLI::App& app, Flags& flags) {
  const auto add = [&](const char* name, const char* what) {
    auto* verb = app.add_subcommand(name, what);
    verb->add_option("--config", flags.config, "the settings file, agent.toml");
    return verb;
  };
  const auto add_output = [&](CLI::App* verb) {
    verb->add_option("-o,--output", flags.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
  };
  add("serve", "serve the kernel; start the server if that is safe");
  add_output(add("status", "the server beside it, promises and claims"));
  auto* outcome = add("outcome",
                      "this journal's word on a request; exit 0 executed, 20 rejected, 30 no claim "
                      "here, not decided or not known");
  outcome->add_option("request", flags.request, "the request id")->required();
  add_output(outcome);
  auto* start = add("start", "start the server; as a primary only if nobody speaks against it");
  start->add_option("--reason", flags.reason)->required();
  start->add_option("--i-accept", flags.accepted,
                    "the sentence that a refusal named: start a primary in spite of it");
  add("stop", "stop the server, and leave it down")
      ->add_option("--reason", flags.reason)
      ->required();
  add("begin", "a new journal, after the one that was there is gone")
      ->add_option("--reason", flags.reason)
      ->required();
  auto* bind = add("bind", "belong to another register from now on");
  bind->add_option("history", flags.history, "as aeromq-kernel show names it")->required();
  bind->add_option("--reason", flags.reason)->required();
  add_output(add("journal", "every entry, oldest first"));
  app.require_subcommand(1, 1);
}

int run(const CLI::App& app, const Flags& flags) {
  const auto chosen = [&](const char* name) { return app.got_subcommand(name); };
  if (!chosen("serve")) process::become_tool();
  const auto settings = postgresql::read_agent_settings(flags.config);
  if (!settings) {
    process::fail_start(settings.error());
    return process::kExitUsage;
  }
  const bool json = flags.output == "json";
  if (chosen("status")) return postgresql::show_status(*settings, json);
  if (chosen("outcome")) return postgresql::tell_outcome(*settings, flags.request, json);
  if (chosen("start")) return postgresql::order_start(*settings, flags.reason, flags.accepted);
  if (chosen("stop")) return postgresql::order_stop(*settings, flags.reason);
  if (chosen("bind")) return postgresql::bind_history(*settings, flags.history, flags.reason);
  if (chosen("journal")) return postgresql::list_journal(*settings, json);
  // PostgreSQL itself refuses root, and what root wrote here nobody else could go on with.
  if (::geteuid() == 0) {
    process::log_error("cannot_start", {{"why", "it must run as the server's user, not as root"}});
    return process::kExitUsage;
  }
  if (chosen("begin")) return postgresql::begin_journal(*settings, flags.reason);
  return postgresql::serve(*settings);
}

int run(int argc, char** argv) {
  process::register_kill_points(postgresql::agent_kill_points());
  if (process::list_kill_points(argc, argv)) return process::kExitOk;
  process::start_log("pg-agent");
  CLI::App app("aeromq-pg-agent: the hand of aeromq on one PostgreSQL server");
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
