// aeromq: `aeromq up` makes and runs a whole control plane on one machine, with the embedded kernel
// or for a PostgreSQL cluster, until Ctrl-C. Not needed in production, where service units do the
// same. `aeromq node` changes who belongs to a PostgreSQL cluster.
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>

#include "process/command_line.h"
#include "process/entry.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"
#include "process/output.h"
#include "supervisor/folder.h"
#include "supervisor/node_change.h"
#include "supervisor/node_verbs.h"
#include "supervisor/supervisor.h"
#include "transport/endpoint.h"

namespace {

using namespace aeromq;
using supervisor::ChildSpec;
using supervisor::Group;
namespace fs = std::filesystem;

struct Options {
  supervisor::FolderOptions folder;
  std::string bin_dir;
  bool no_restart = false;
  std::uint64_t most_delay_ms = supervisor::kMostDelayMs;
};

// Whoever reads our output may have stopped reading: looking after the processes goes on, and the
// line is lost (a poll that says writable has room for a line of less than PIPE_BUF octets).
void say(const std::string& line) {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return;
  const auto whole = line.substr(0, PIPE_BUF - 1) + "\n";
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, whole.data(), whole.size());
}

int refuse(const Error& error) {
  process::put_error("aeromq: " + error.field + ": " + detail_of(error) + "\n");
  return process::kExitUsage;
}

/// All processes in start order: actors need the broker, the reader a log that the writer opened,
/// the dispatcher and reporters the kernel. Stopped in reverse, the writer outlives what it
/// records.
std::vector<Group> groups_of(const Options& options, const supervisor::Folder& folder) {
  const auto& dir = options.folder.dir;
  const auto config = dir + "/aeromq.toml";
  const auto spec = [&](const std::string& name, const std::string& log,
                        const std::vector<std::string>& more = {}) {
    ChildSpec child{log, {options.bin_dir + "/aeromq-" + name}, dir + "/log/" + log + ".log"};
    for (const auto& word : more) child.arguments.push_back(word);
    child.arguments.insert(child.arguments.end(), {"--config", config});
    return child;
  };
  Group actors;
  for (const char* name :
       {"audit-reader", "authority-gate", "explainer", "confirmation-keeper", "dispatcher", "feed"})
    actors.push_back(spec(name, name));
  for (std::size_t i = 0; i < folder.node_files.size(); ++i) {
    auto reporter = spec("kernel", "reporter-" + folder.settings.cluster.nodes[i], {"reporter"});
    reporter.arguments.insert(reporter.arguments.end(), {"--node-file", folder.node_files[i]});
    actors.push_back(std::move(reporter));
  }
  return {{spec("kernel", "kernel")},
          {spec("broker", "broker")},
          {spec("door", "door")},
          {spec("audit-writer", "audit-writer")},
          std::move(actors)};
}

Result<void> check_binaries(const std::string& bin_dir) {
  for (const char* name : {"kernel", "broker", "door", "feed", "audit-writer", "audit-reader",
                           "authority-gate", "explainer", "confirmation-keeper", "dispatcher"}) {
    const auto path = bin_dir + "/aeromq-" + name;
    if (::access(path.c_str(), X_OK) != 0)
      return fail(make_error(ErrorCode::invalid_input, path + " is missing", "bin-dir"));
  }
  return {};
}

Result<void> check_free_now(const process::Settings& settings) {
  for (const auto& endpoint :
       {settings.broker.control, settings.broker.clients, settings.broker.feed,
        settings.kernel.nodes_endpoint, process::events_endpoint(settings),
        process::inner_clients_endpoint(settings), process::inner_feed_endpoint(settings)}) {
    if (auto good = transport::check_endpoint(endpoint, true); !good) return good;
    if (auto free = transport::check_free(endpoint); !free) return free;
  }
  if (auto good = transport::check_socket_path(settings.kernel.socket); !good) return good;
  return transport::check_free(settings.kernel.socket);
}

/// The processes of a supervisor that was killed die a moment later: look for up to a second.
Result<void> check_free(const process::Settings& settings) {
  constexpr int kLooks = 20;
  constexpr int kPauseMs = 50;
  auto free = check_free_now(settings);
  for (int i = 0; i < kLooks && !free; ++i) {
    ::poll(nullptr, 0, kPauseMs);
    free = check_free_now(settings);
  }
  return free;
}

void introduce(const Options& options, const supervisor::Folder& folder) {
  std::string nodes;
  for (const auto& node : folder.settings.cluster.nodes)
    nodes += (nodes.empty() ? "" : ", ") + node;
  say((folder.made ? "made " : "using ") + options.folder.dir + ", cluster " +
      folder.settings.cluster.name + ", nodes " + nodes);
}

void say_where(const Options& options, const supervisor::Folder& folder) {
  const auto clients = options.folder.dir + "/clients/";
  say("endpoint  " + folder.settings.broker.clients);
  say("feed      " + folder.settings.broker.feed);
  for (const std::string who : {"operator", "observer", "auditor"})
    say(who + std::string(10 - who.size(), ' ') + clients + who + ".toml");
}

int up(Options options) {
  // Whoever closes the terminal that it was started on wants it to end; elsewhere SIGHUP is what
  // the rotation of logs sends.
  const bool on_terminal =
      ::isatty(STDIN_FILENO) != 0 || ::isatty(STDOUT_FILENO) != 0 || ::isatty(STDERR_FILENO) != 0;
  process::StopSignal signals(process::StopSignal::Children::watched,
                              process::StopSignal::Hangup::told);
  ::umask(077);
  auto& dir = options.folder.dir;
  dir = fs::absolute(dir).lexically_normal().string();
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  if (options.bin_dir.empty()) options.bin_dir = fs::read_symlink("/proc/self/exe").parent_path();
  if (auto found = check_binaries(options.bin_dir); !found) return refuse(found.error());
  options.folder.listen = supervisor::absolute_listen(options.folder.listen);
  if (auto good = supervisor::check_options(options.folder); !good) return refuse(good.error());
  if (!fs::exists(dir + "/aeromq.toml"))
    if (auto free = supervisor::check_bindable(options.folder); !free) return refuse(free.error());
  supervisor::Attempt attempt(dir);
  std::error_code fault;
  fs::create_directories(dir + "/run", fault);
  if (fault)
    return refuse(make_error(ErrorCode::invalid_input, dir + ": " + fault.message(), "dir"));
  const auto lock = process::LockFile::take(dir + "/run/aeromq.lock");
  if (!lock) return refuse(lock.error());
  attempt.locked();
  const auto finished = supervisor::finish_change(dir);
  if (!finished) return refuse(finished.error());
  if (*finished)
    say("finished what `aeromq node " + (*finished)->what + " " + (*finished)->node + "` began");
  const auto folder = supervisor::prepare_folder(options.folder);
  if (!folder) return refuse(folder.error());
  if (auto free = check_free(folder->settings); !free) return refuse(free.error());

  introduce(options, *folder);
  using Mode = supervisor::RestartPolicy::Mode;
  supervisor::Supervisor all(
      groups_of(options, *folder), options.no_restart ? Mode::leave_dead : Mode::restart,
      options.most_delay_ms, signals, say,
      on_terminal ? supervisor::OnHangup::stop : supervisor::OnHangup::pass_on);
  const auto end = all.start();
  if (end != supervisor::StartEnd::failed) attempt.keep();
  if (end == supervisor::StartEnd::ready) {
    say_where(options, *folder);
    say("ready");
    all.run();
  }
  all.stop();
  if (end == supervisor::StartEnd::failed && folder->made)
    say("what this first start made is removed, but for " + dir + "/log");
  return end == supervisor::StartEnd::failed ? process::kExitFault : process::kExitOk;
}

using supervisor::NodeOptions;

struct NodeVerb {
  const char* name;
  const char* about;
  int (*run)(const NodeOptions&);
};
constexpr std::array kNodeVerbs{
    NodeVerb{"list", "its members, their agents, and whose member list each has",
             supervisor::list_nodes},
    NodeVerb{"add", "a new member: keys, files, what to copy where", supervisor::add_node},
    NodeVerb{"remove", "a member leaves, if that is safe", supervisor::remove_node},
    NodeVerb{"rekey", "a new key for an agent, or for the kernel", supervisor::rekey_node}};

void add_node_verbs(CLI::App& app, NodeOptions& options) {
  auto* node = app.add_subcommand("node", "the members of a PostgreSQL cluster");
  node->require_subcommand(1);
  for (const auto& verb : kNodeVerbs) {
    auto* added = node->add_subcommand(verb.name, verb.about);
    const std::string name = verb.name;
    added->add_option("--dir", options.dir, "the control plane's directory")->required();
    if (name == "list") continue;
    added->add_option("--reason", options.reason, "for the register")->required();
    auto* which = added->add_option("node", options.node,
                                    name == "add" ? "NAME=HOST:PORT[/AGENT_PORT]" : "its name");
    if (name != "rekey") which->required();
    if (name == "rekey") added->add_flag("--kernel", options.kernel, "the kernel's key");
    if (name == "remove")
      added->add_option("--gone", options.gone, "a sentence, where nobody can see that it is down");
    if (name != "add") continue;
    added->add_option("--data", options.data, "its PGDATA");
    added->add_option("--bin", options.bin, "where pg_ctl and postgres are");
    added->add_option("--options", options.options, "for postgres, as pg_ctl -o takes them");
    added->add_option("--log", options.log, "the server's log");
    added->add_option("--journal", options.journal, "the agent's journal, outside of PGDATA");
  }
}

int run_node_verb(const CLI::App& app, const NodeOptions& options) {
  ::umask(077);
  const auto* node = app.get_subcommand("node");
  for (const auto& verb : kNodeVerbs)
    if (node->got_subcommand(verb.name)) return verb.run(options);
  return process::kExitUsage;
}

int run(int argc, char** argv) {
  CLI::App app("aeromq: a control plane that a person operates");
  app.set_version_flag("--version", std::string(process::kBuild));
  app.require_subcommand(1);
  Options options;
  auto* command = app.add_subcommand("up", "make and run a control plane on this machine");
  command->add_option("--dir", options.folder.dir, "its directory; made by the first start")
      ->required();
  command->add_option("--nodes", options.folder.nodes, "names of the nodes; the first is primary")
      ->delimiter(',');
  command->add_option("--listen", options.folder.listen,
                      "where clients connect: ipc://PATH or tcp://HOST:PORT");
  auto& postgresql = options.folder.postgresql;
  command
      ->add_option("--postgresql", postgresql.nodes,
                   "PostgreSQL is the kernel: NAME=HOST:PORT[/AGENT_PORT],...")
      ->delimiter(',');
  command->add_option("--synchronous", postgresql.synchronous,
                      "its synchronous_standby_names, as every node has them");
  command->add_option("--user", postgresql.user, "role that reads the nodes");
  command->add_option("--database", postgresql.database, "what it connects to");
  command->add_option("--passfile", postgresql.passfile, "its password, as libpq reads it");
  command->add_option("--sslmode", postgresql.sslmode, "as libpq takes it");
  command->add_option("--sslrootcert", postgresql.sslrootcert,
                      "file of the authority whose certificates the nodes have");
  command->add_option("--sslcert", postgresql.sslcert, "file of the role's own certificate");
  command->add_option("--sslkey", postgresql.sslkey, "file of that certificate's key");
  command->add_flag("--no-restart", options.no_restart, "leave a process that ends dead");
  command->add_option("--most-restart-delay-ms", options.most_delay_ms,
                      "longest pause before a process is started again");
  command->add_option("--bin-dir", options.bin_dir, "where the other programs are");
  NodeOptions node;
  add_node_verbs(app, node);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? process::kExitOk : process::kExitUsage;
  }
  return app.got_subcommand("node") ? run_node_verb(app, node) : up(std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  return process::enter(argc, argv, [&] { return run(argc, argv); });
}
