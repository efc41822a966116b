#include "supervisor/node_verbs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <future>

#include "kernel/postgresql/agent_link.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/postgresql/sight/sampler.h"
#include "messages/text.h"
#include "process/clock.h"
#include "process/exit_codes.h"
#include "process/files.h"
#include "supervisor/node_change.h"
#include "supervisor/node_removal.h"
#include "transport/host.h"

namespace aeromq::supervisor {
namespace {

namespace fs = std::filesystem;
using postgresql::AgentStatus;
using postgresql::ClusterSettings;
using postgresql::NodeSettings;

auto bad(std::string what, std::string field) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), std::move(field)));
}

int refuse(const Error& error) {
  std::fprintf(stderr, "aeromq: %s: %s\n", error.field.c_str(), detail_of(error).c_str());
  return process::kExitUsage;
}

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string whole_path(const std::string& dir) {
  auto path = fs::absolute(dir).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string keys_text(const transport::KeyPair& pair) {
  return "public_key = \"" + pair.public_key + "\"\nsecret_key = \"" + pair.secret_key + "\"\n";
}

Result<void> check_reason(const std::string& reason) {
  constexpr std::size_t kMost = 1000;
  if (is_blank(reason) || reason.size() > kMost || has_control_characters(reason))
    return bad("a reason is needed, of at most 1000 octets and without control characters",
               "reason");
  return {};
}

/// What each agent says, all asked at once, in the settings' order.
std::vector<Result<AgentStatus>> ask_agents(const ClusterSettings& cluster,
                                            const transport::KeyPair& own) {
  const auto connect_ms = static_cast<int>(cluster.connection.connect_deadline_ms);
  const auto answer_ms = static_cast<int>(cluster.connection.query_deadline_ms);
  std::vector<std::future<Result<AgentStatus>>> asked;
  for (const auto& node : cluster.nodes)
    asked.push_back(std::async(std::launch::async, [&node, &own, connect_ms, answer_ms] {
      auto link = postgresql::AgentLink::connect(node, own, connect_ms);
      return link ? link->look(answer_ms) : Result<AgentStatus>(fail(link.error()));
    }));
  std::vector<Result<AgentStatus>> all;
  for (auto& one : asked) all.push_back(one.get());
  return all;
}

std::string list_text(const Result<AgentStatus>& heard, const std::string& digest) {
  if (!heard) return "not heard: " + detail_of(heard.error());
  if (heard->members == digest) return "has this list";
  if (heard->members.empty()) return "tells none: an older version";
  return "has another list, " + heard->members;
}

std::string server_text(const AgentStatus& status) {
  std::string text = status.running ? "server runs" : "server down";
  if (!status.not_started.empty()) text += ", not started: " + status.not_started;
  return text;
}

/// Who has which list; whether all have this one.
bool say_lists(const ClusterSettings& cluster, const transport::KeyPair& own) {
  const auto digest = postgresql::members_digest(cluster);
  const auto heard = ask_agents(cluster, own);
  bool all = true;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const auto& node = cluster.nodes[i];
    all = all && heard[i] && heard[i]->members == digest;
    say("  " + node.name + "  " + transport::with_port(node.host, node.port) + "  agent " +
        node.agent + "  " + list_text(heard[i], digest) +
        (heard[i] ? "; " + server_text(*heard[i]) : ""));
  }
  return all;
}

Result<transport::KeyPair> kernel_keys(const process::Settings& settings) {
  return process::read_key_pair(settings.kernel.keys);
}

/// The same edit in every copy of the member list that is kept here.
template <class Edit>
Result<void> edit_copies(const StoppedPlane& plane, NodeChange& change, Edit edit) {
  for (const auto& path : plane.copies()) {
    // The copy of a node that leaves goes with its folder.
    if (!change.dropped_folder.empty() && path.starts_with(change.dropped_folder + "/")) continue;
    // An agent's copy may belong to the server's user.
    constexpr auto kOwner = process::Owner::ours_or_any;
    const auto text = process::read_file(path, process::kMaxSettingsFile, kOwner);
    if (!text) return fail(text.error());
    const std::optional<std::string> edited = edit(*text);
    if (!edited)
      return bad(path + ": the change cannot be made in it: it is not written as [[node]] tables",
                 "dir");
    change.files.emplace_back(path, *edited);
  }
  return {};
}

Result<void> edit_names(const StoppedPlane& plane, NodeChange& change) {
  const auto path = plane.dir() + "/aeromq.toml";
  const auto text = process::read_file(path);
  if (!text) return fail(text.error());
  std::vector<std::string> names;
  for (const auto& node : change.after.nodes) names.push_back(node.name);
  change.files.emplace_back(path, with_cluster_nodes(*text, names));
  return {};
}

NodeChange begin_change(const StoppedPlane& plane, const std::string& what, const std::string& node,
                        const std::string& reason) {
  NodeChange change;
  change.row = {node, what, ::geteuid(), reason, process::now().wall_ns / kNanosPerMs};
  change.after = plane.cluster();
  return change;
}

/// What a person has to do now: the copies for the hosts, and whom nobody has told yet.
void say_next(const StoppedPlane& plane, const NodeChange& change,
              const transport::KeyPair& asking) {
  say("copy to each host, as it lies there (/etc/aeromq), owned by postgres, mode 0600, and then");
  say("restart its agent (`systemctl restart aeromq-pg-agent`; the server goes on):");
  for (const auto& node : change.after.nodes) {
    const auto folder = plane.agent_folder(node.name);
    const auto copy = folder + "/postgresql.toml";
    const auto what = node.name != change.row.node ? ""
                      : change.row.what == "add"   ? " and all else in that folder"
                                                   : " and keys.toml beside it";
    say("  " + node.name + " (" + node.host +
        "): " + (fs::exists(copy) ? copy : plane.settings().kernel.cluster) + what);
  }
  say("who has which list now (" + postgresql::members_digest(change.after) + " is this one):");
  if (!say_lists(change.after, asking))
    say("until every agent that answers has this list, each change of the cluster is refused "
        "(MEMBERS_DIFFER)");
  say("start the control plane again: `aeromq up --dir " + plane.dir() + "`, or its units");
}

Result<NodeSettings> parse_new_node(const NodeOptions& options, const ClusterSettings& cluster) {
  PostgresqlOptions wanted;
  wanted.nodes = {options.node};
  const auto parsed = parse_nodes(wanted);
  if (!parsed) return bad(detail_of(parsed.error()), "node");
  auto node = parsed->front();
  constexpr std::size_t kMostNodes = 32;
  if (cluster.nodes.size() >= kMostNodes) return bad("there are 32 nodes already", "node");
  for (const auto& other : cluster.nodes) {
    if (other.name == node.name) return bad(node.name + " is in the cluster already", "node");
    if (other.host == node.host && other.port == node.port)
      return bad(transport::with_port(node.host, node.port) + " is the address of " + other.name,
                 "node");
    if (other.agent == node.agent)
      return bad(node.agent + " is the agent of " + other.name, "node");
  }
  return node;
}

std::string agent_text(const NodeOptions& options, const std::string& node) {
  postgresql::AgentSettings agent;
  agent.node = node;
  agent.data = options.data.empty() ? "/var/lib/postgresql/15/main" : options.data;
  agent.bin = options.bin.empty() ? "/usr/lib/postgresql/15/bin" : options.bin;
  agent.options = options.options;
  agent.log = options.log;
  if (!options.journal.empty()) agent.journal = options.journal;
  return postgresql::agent_settings_text(agent);
}

Result<void> check_paths(const NodeOptions& options) {
  const std::vector<std::pair<const char*, const std::string*>> kAll{{"data", &options.data},
                                                                     {"bin", &options.bin},
                                                                     {"options", &options.options},
                                                                     {"log", &options.log},
                                                                     {"journal", &options.journal}};
  for (const auto& [field, value] : kAll)
    if (has_control_characters(*value)) return bad("control characters in it", field);
  // The agent would refuse it: what was claimed must outlive a PGDATA that is replaced.
  if (!options.data.empty() && options.journal.starts_with(options.data + "/"))
    return bad("must be outside of " + options.data, "journal");
  return {};
}

/// What an attempt that died left beside, before it counted.
bool holds_something(const std::string& folder) {
  if (!fs::exists(folder)) return false;
  return std::ranges::any_of(fs::directory_iterator(folder), [](const fs::directory_entry& entry) {
    return entry.path().extension() != ".new";
  });
}

Result<StoppedPlane> open_plane(const NodeOptions& options) {
  if (auto good = check_reason(options.reason); !good) return fail(good.error());
  auto plane = StoppedPlane::open(whole_path(options.dir));
  if (plane && !plane->finished().empty())
    say("finished first what an earlier command began: " + plane->finished());
  return plane;
}

const NodeSettings* known(const StoppedPlane& plane, const std::string& name) {
  return postgresql::find_node(plane.cluster(), name);
}

/// Why the node may not leave.
Result<void> check_removal(StoppedPlane& plane, const NodeOptions& options,
                           const transport::KeyPair& own) {
  const auto state = plane.store().load();
  RemovalFacts facts{options.node, state.holder, state.last_primary,
                     postgresql::Grants(plane.store().database()).unsettled(),
                     plane.cluster().synchronous_standby_names};
  const auto words = removal_words(postgresql::Sampler(plane.cluster(), own).look(), facts);
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
  };
  if (!words.against.empty())
    return bad(options.node + " may not leave: " + joined(words.against), "node");
  if (words.unknown.empty() || options.gone == gone_sentence(options.node)) return {};
  return bad("it cannot be seen that " + options.node + " may leave: " + joined(words.unknown) +
                 ". Who knows that says it: --gone \"" + gone_sentence(options.node) + "\"",
             "gone");
}

int done(const Result<void>& carried) {
  if (carried) return process::kExitOk;
  refuse(carried.error());
  return carried.error().field == "file" ? process::kExitFault : process::kExitUsage;
}

}  // namespace

std::string gone_sentence(const std::string& node) { return node + " is gone for good"; }

int list_nodes(const NodeOptions& options) {
  const auto dir = whole_path(options.dir);
  const auto settings = process::read_settings(dir + "/aeromq.toml");
  if (!settings) return refuse(settings.error());
  if (settings->kernel.kind != "postgresql")
    return refuse(make_error(ErrorCode::invalid_input,
                             dir + " has the embedded kernel: its nodes have no agents", "dir"));
  const auto cluster = postgresql::read_cluster_settings(settings->kernel.cluster);
  if (!cluster) return refuse(cluster.error());
  const auto own = kernel_keys(*settings);
  if (!own) return refuse(own.error());
  say("cluster " + cluster->name + ", member list " + postgresql::members_digest(*cluster));
  if (!say_lists(*cluster, *own)) say("not every agent has this list, or not every one is heard");
  for (const auto& node : cluster->nodes) {
    const auto copy = dir + "/agents/" + node.name + "/postgresql.toml";
    if (!fs::exists(copy)) continue;
    const auto read = postgresql::read_cluster_settings(copy);
    if (!read)
      say("  " + copy + " cannot be read: " + read.error().message);
    else if (postgresql::members_digest(*read) != postgresql::members_digest(*cluster))
      say("  " + copy + " has another list, " + postgresql::members_digest(*read));
  }
  if (fs::exists(dir + "/members.pending"))
    say("a change of the members was cut off: the next `aeromq up`, add, remove or rekey "
        "finishes it");
  return process::kExitOk;
}

int add_node(const NodeOptions& options) {
  if (auto good = check_paths(options); !good) return refuse(good.error());
  auto plane = open_plane(options);
  if (!plane) return refuse(plane.error());
  auto node = parse_new_node(options, plane->cluster());
  if (!node) return refuse(node.error());
  const auto asking = kernel_keys(plane->settings());
  if (!asking) return refuse(asking.error());
  const auto folder = plane->agent_folder(node->name);
  if (holds_something(folder))
    return refuse(make_error(ErrorCode::invalid_input,
                             folder + " is there already: take it away if nobody needs it",
                             "node"));
  const auto own = transport::make_key_pair();
  node->agent_key = own.public_key;
  auto change = begin_change(*plane, "add", node->name, options.reason);
  change.after.nodes.push_back(*node);
  std::ranges::sort(change.after.nodes, {}, &NodeSettings::name);
  change.made_folder = folder;
  const auto edit = [&](const std::string& text) -> std::optional<std::string> {
    return with_node(text, *node);
  };
  if (auto edited = edit_copies(*plane, change, edit); !edited) return refuse(edited.error());
  if (auto edited = edit_names(*plane, change); !edited) return refuse(edited.error());
  change.files.emplace_back(folder + "/postgresql.toml", change.files.front().second);
  change.files.emplace_back(folder + "/agent.toml", agent_text(options, node->name));
  change.files.emplace_back(folder + "/keys.toml", keys_text(own));
  if (const auto code = done(carry_out(*plane, change)); code != process::kExitOk) return code;
  say("added " + node->name + " at " + transport::with_port(node->host, node->port) + ", agent " +
      node->agent);
  if (const auto journal = postgresql::Journals(plane->store().database()).of(node->name);
      !journal.empty())
    say("the register knows the journal " + journal + " of a " + node->name +
        " before: if that is lost, `aeromq-kernel forget-journal " + node->name + "`");
  say_next(*plane, change, *asking);
  return process::kExitOk;
}

int remove_node(const NodeOptions& options) {
  auto plane = open_plane(options);
  if (!plane) return refuse(plane.error());
  const auto& name = options.node;
  if (known(*plane, name) == nullptr)
    return refuse(
        make_error(ErrorCode::invalid_input, "'" + name + "' is no node of the cluster", "node"));
  if (plane->cluster().nodes.size() == 1)
    return refuse(make_error(ErrorCode::invalid_input, name + " is the only node", "node"));
  const auto asking = kernel_keys(plane->settings());
  if (!asking) return refuse(asking.error());
  if (auto good = check_removal(*plane, options, *asking); !good) return refuse(good.error());
  auto change = begin_change(*plane, "remove", name, options.reason);
  std::erase_if(change.after.nodes, [&](const NodeSettings& node) { return node.name == name; });
  change.dropped_folder = plane->agent_folder(name);
  const auto edit = [&](const std::string& text) { return without_node(text, name); };
  if (auto edited = edit_copies(*plane, change, edit); !edited) return refuse(edited.error());
  if (auto edited = edit_names(*plane, change); !edited) return refuse(edited.error());
  if (const auto code = done(carry_out(*plane, change)); code != process::kExitOk) return code;
  say("removed " + name +
      ": nobody looks at its server any more. Keep that from starting as a "
      "primary, and stop its agent");
  say_next(*plane, change, *asking);
  return process::kExitOk;
}

int rekey_node(const NodeOptions& options) {
  if (options.kernel != options.node.empty())
    return refuse(
        make_error(ErrorCode::invalid_input, "either the name of a node, or --kernel", "node"));
  auto plane = open_plane(options);
  if (!plane) return refuse(plane.error());
  auto& name = options.node;
  if (!options.kernel && known(*plane, name) == nullptr)
    return refuse(
        make_error(ErrorCode::invalid_input, "'" + name + "' is no node of the cluster", "node"));
  auto asking = kernel_keys(plane->settings());
  if (!asking) return refuse(asking.error());
  const auto own = transport::make_key_pair();
  auto change = begin_change(*plane, "rekey", name, options.reason);
  const auto edit = [&](const std::string& text) {
    return options.kernel ? with_kernel_key(text, own.public_key)
                          : with_agent_key(text, name, own.public_key);
  };
  if (auto edited = edit_copies(*plane, change, edit); !edited) return refuse(edited.error());
  if (options.kernel) {
    change.after.kernel_key = own.public_key;
    change.files.emplace_back(plane->settings().kernel.keys, keys_text(own));
    asking = own;
  } else {
    for (auto& node : change.after.nodes)
      if (node.name == name) node.agent_key = own.public_key;
    const auto folder = plane->agent_folder(name);
    if (!fs::exists(folder))
      return refuse(make_error(ErrorCode::invalid_input,
                               folder + " is not there: the new keys.toml has no place", "node"));
    change.files.emplace_back(folder + "/keys.toml", keys_text(own));
  }
  if (const auto code = done(carry_out(*plane, change)); code != process::kExitOk) return code;
  say(options.kernel ? "the kernel has a new key: an agent hears it once it has the new list"
                     : name + " has a new key: its agent needs the new keys.toml and the new list");
  say_next(*plane, change, *asking);
  return process::kExitOk;
}

}  // namespace aeromq::supervisor
