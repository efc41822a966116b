#include "supervisor/folder.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "messages/text.h"
#include "messages/toml_text.h"
#include "process/files.h"
#include "transport/endpoint.h"
#include "transport/keys.h"

namespace aeromq::supervisor {
namespace {

namespace fs = std::filesystem;
using transport::KeyPair;

constexpr std::string_view kSettingsFile = "aeromq.toml";
constexpr std::array kAuthorities{"operator", "observer", "auditor"};
constexpr const char* kPostgresql = "postgresql";
// A stage has to outlast an act: the look before it, the promise, the agent's whole time.
constexpr std::uint64_t kActMarginMs = 15000;
constexpr std::string_view kLongestSocket = "/run/kernel-nodes.ipc";

auto bad(std::string what, std::string field) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), std::move(field)));
}

std::string line(std::string_view key, std::string_view text) {
  return std::string(key) + " = " + toml_text(text) + "\n";
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string user_name() {
  const auto* user = ::getpwuid(::getuid());
  return user == nullptr ? "uid" + std::to_string(::getuid()) : user->pw_name;
}

/// host, as it is written, and port of a tcp endpoint; the port 0 if there is none.
std::pair<std::string, unsigned> host_and_port(const std::string& endpoint) {
  const auto address = endpoint.substr(transport::kTcp.size());
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return {address, 0};
  const auto port = address.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return {address.substr(0, colon), number ? static_cast<unsigned>(std::stoul(port)) : 0};
}

/// Beside the clients' endpoint: on tcp the next port.
std::string feed_of(const std::string& clients, const std::string& dir) {
  if (!clients.starts_with(transport::kTcp)) return "ipc://" + dir + "/run/feed.ipc";
  const auto [host, port] = host_and_port(clients);
  return "tcp://" + host + ":" + std::to_string(port + 1);
}

/// Where a client on this machine connects to what is bound: a wildcard is no address.
std::string to_connect(const std::string& bound) {
  if (!bound.starts_with(transport::kTcp)) return bound;
  const auto [host, port] = host_and_port(bound);
  if (host == "[::]") return "tcp://[::1]:" + std::to_string(port);
  return host == "*" || host == "0.0.0.0" ? "tcp://127.0.0.1:" + std::to_string(port) : bound;
}

/// What the kernel's kind decides.
std::string kernel_text(const process::KernelSettings& kernel) {
  const auto common = line("socket", kernel.socket) + line("register", kernel.register_file) +
                      line("keys", kernel.keys);
  if (kernel.kind == kPostgresql)
    return line("kind", kernel.kind) + line("cluster", kernel.cluster) + common;
  return line("kind", kernel.kind) + common + line("nodes_endpoint", kernel.nodes_endpoint) +
         line("nodes", kernel.nodes) + "stale_after_ms = " + std::to_string(kernel.stale_after_ms) +
         "\n";
}

std::string settings_text(const std::vector<std::string>& nodes, const std::string& clients,
                          const std::string& feed, bool postgresql) {
  process::Settings plain;  // every default, written out: that is what a reader can change
  if (postgresql) {
    plain.kernel.kind = kPostgresql;
    plain.broker.stage_timeout_ms = postgresql::ClusterSettings{}.act_deadline_ms + kActMarginMs;
  }
  const auto number = [](std::string_view key, std::uint64_t value) {
    return std::string(key) + " = " + std::to_string(value) + "\n";
  };
  std::string limits;
  each_limit(plain.limits, [&](const std::string& name, std::uint64_t value, auto...) {
    limits += number(name, value);
  });
  std::string names;
  for (const auto& node : nodes) names += (names.empty() ? "" : ", ") + toml_text(node);
  return "# One file for all processes of this control plane. Paths may be relative to it.\n"
         "# Nodes and endpoints also stand in nodes/, nodes.toml and clients/.\n" +
         line("run", plain.run) + "\n[cluster]\n" + line("name", plain.cluster.name) + "nodes = [" +
         names + "]\n\n[broker]\n" + line("control", plain.broker.control) +
         line("clients", clients) + line("feed", feed) + line("keys", plain.broker.keys) +
         number("heartbeat_ms", plain.broker.heartbeat_ms) +
         number("stage_timeout_ms", plain.broker.stage_timeout_ms) +
         number("token_ttl_ms", plain.broker.token_ttl_ms) +
         number("lease_ms", plain.broker.lease_ms) + "\n[door]\n" +
         number("connections", plain.door.connections) +
         number("connections_per_address", plain.door.connections_per_address) +
         number("handshakes_per_address", plain.door.handshakes_per_address) +
         number("hello_ms", plain.door.hello_ms) +
         number("unfinished_bytes", plain.door.unfinished_bytes) + "\n[audit]\n" +
         line("dir", plain.audit.dir) + line("watermark", plain.audit.watermark) +
         number("segment_bytes", plain.audit.segment_bytes) + "\n[kernel]\n" +
         kernel_text(plain.kernel) + "\n[dispatcher]\n" + number("id", plain.dispatcher.id) +
         "\n[principals]\n" + line("file", plain.principals) + "\n[limits]\n" + limits;
}

std::string pair_text(const KeyPair& pair) {
  return line("public_key", pair.public_key) + line("secret_key", pair.secret_key);
}

const std::set<std::string> kOurs{
    "keys",   "clients",         "nodes",          "run", "log", "nodes.toml",
    "agents", "postgresql.toml", "principals.toml"};
constexpr std::array kStores{"audit", "kernel"};

/// Only what an earlier start that was broken off can have left.
Result<void> check_ours(const std::string& dir) {
  for (const auto& entry : fs::directory_iterator(dir)) {
    auto name = entry.path().filename().string();
    if (name.ends_with(".new")) name.resize(name.size() - 4);
    const bool empty_store =
        std::ranges::find(kStores, name) != kStores.end() && fs::is_empty(entry.path());
    if (!kOurs.contains(name) && !empty_store && name != kSettingsFile)
      return bad(dir + " was not made by aeromq: it holds " + name + " and no aeromq.toml", "dir");
  }
  return {};
}

Result<void> make_folder(const fs::path& path) {
  std::error_code fault;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), fault);
  if (fault) return bad(path.string() + ": " + fault.message(), "dir");
  if (auto made = process::make_private_folder(path.string()); !made)
    return bad(detail_of(made.error()), "dir");
  return {};
}

constexpr std::array kFolders{"run",    "keys", "clients", "audit",
                              "kernel", "log",  "nodes",   "agents"};

/// What lies there decides what we do: nobody else may have made or be able to change it. Of the
/// files below only what they are is judged here; whose they are, when they are read.
Result<void> check_whose(const std::string& dir) {
  std::error_code ignored;
  if (!fs::is_directory(dir, ignored)) return {};
  const auto judged = [](const Result<void>& good) {
    return good ? Result<void>{} : bad(detail_of(good.error()), "dir");
  };
  if (auto good = judged(process::check_folder(dir, process::Links::followed)); !good) return good;
  for (const std::string name : kFolders) {
    const auto path = dir + "/" + name;
    if (auto good = judged(process::refuse_link(path)); !good) return good;
    if (!fs::exists(path, ignored)) continue;
    if (auto good = judged(process::check_folder(path, process::Links::refused)); !good)
      return good;
  }
  for (const std::string name : {"aeromq.toml", "principals.toml", "nodes.toml", "postgresql.toml",
                                 "keys/broker.toml", "keys/kernel.toml"})
    if (auto good = judged(process::refuse_link(dir + "/" + name)); !good) return good;
  return {};
}

Result<void> make_folders(const std::string& dir, bool postgresql) {
  if (std::error_code fault; fs::is_directory(dir, fault)) {  // a link to one is as good
    fs::permissions(dir, fs::perms::owner_all, fault);
    if (fault) return bad(dir + ": " + fault.message(), "dir");
  } else if (auto made = make_folder(dir); !made) {
    return made;
  }
  for (const char* name : {"/run", "/keys", "/clients", "/audit", "/kernel", "/log"})
    if (auto made = make_folder(dir + name); !made) return made;
  return make_folder(dir + (postgresql ? "/agents" : "/nodes"));
}

/// What the embedded kernel's nodes report with, and who may.
std::vector<NamedText> reporter_files(const std::string& dir, const std::vector<std::string>& nodes,
                                      const KeyPair& kernel) {
  std::vector<NamedText> files;
  std::string allowed = "# Which key may report for which node.\n";
  for (const auto& node : nodes) {
    const auto own = transport::make_key_pair();
    files.emplace_back("nodes/" + node + ".toml",
                       line("node", node) +
                           line("endpoint", "ipc://" + dir + "/run/kernel-nodes.ipc") +
                           line("server_key", kernel.public_key) + pair_text(own));
    allowed += "\n[[node]]\n" + line("name", node) + line("key", own.public_key) +
               line("host", "localhost");
  }
  files.emplace_back("nodes.toml", allowed);
  return files;
}

/// The texts of all files, the settings last.
std::vector<NamedText> texts_of(const FolderOptions& options) {
  const auto& dir = options.dir;
  const auto clients =
      options.listen.empty() ? "ipc://" + dir + "/run/clients.ipc" : options.listen;
  const auto feed = feed_of(clients, dir);
  const bool postgresql = !options.postgresql.nodes.empty();
  auto nodes = options.nodes;
  if (postgresql) {
    const auto named = parse_nodes(options.postgresql);
    for (const auto& node : *named) nodes.push_back(node.name);
  } else if (nodes.empty()) {
    nodes = {"node1", "node2", "node3"};
  }
  const auto broker = transport::make_key_pair();
  const auto kernel = transport::make_key_pair();
  std::vector<NamedText> files{{"keys/broker.toml", pair_text(broker)},
                               {"keys/kernel.toml", pair_text(kernel)}};
  std::string principals = "# Who may connect, with which key and authority.\n";
  for (const std::string authority : kAuthorities) {
    const auto own = transport::make_key_pair();
    files.emplace_back("clients/" + authority + ".toml",
                       line("endpoint", to_connect(clients)) + line("feed", to_connect(feed)) +
                           line("server_key", broker.public_key) + pair_text(own));
    principals += "\n[[principal]]\n" + line("name", user_name() + "-" + authority) +
                  line("key", own.public_key) + line("authority", authority);
  }
  files.emplace_back("principals.toml", principals);
  const auto more = postgresql ? postgresql_files(options.postgresql, kernel)
                               : reporter_files(dir, nodes, kernel);
  files.insert(files.end(), more.begin(), more.end());
  files.emplace_back(kSettingsFile, settings_text(nodes, clients, feed, postgresql));
  return files;
}

/// The settings are read before anything is there: what their reader refuses is never made.
Result<void> make_all(const FolderOptions& options) {
  const auto& dir = options.dir;
  const auto files = texts_of(options);
  const auto& [name_of_settings, settings] = files.back();
  if (const auto read = process::parse_settings(dir + "/" + name_of_settings, settings); !read)
    return fail(read.error());
  if (auto made = make_folders(dir, !options.postgresql.nodes.empty()); !made) return made;
  for (const auto& [name, text] : files) {
    const auto parent = fs::path(dir + "/" + name).parent_path();
    if (parent != dir)  // which is there, and may be a link
      if (auto made = make_folder(parent); !made) return made;
    if (auto written = process::write_file(dir + "/" + name, text); !written) return written;
  }
  return {};
}

/// What a later start may not change.
Result<void> check_same(const FolderOptions& options, const process::Settings& settings) {
  if (!options.nodes.empty() && options.nodes != settings.cluster.nodes)
    return bad(options.dir + " was made with --nodes " + join(settings.cluster.nodes) +
                   ", not with " + join(options.nodes),
               "nodes");
  if (!options.listen.empty() && options.listen != settings.broker.clients)
    return bad(options.dir + " was made with --listen " + settings.broker.clients + ", not with " +
                   options.listen,
               "listen");
  if (options.postgresql.none()) return {};
  if (settings.kernel.kind != kPostgresql)
    return bad(options.dir + " was made with the embedded kernel, not with --postgresql",
               "postgresql");
  const auto cluster = postgresql::read_cluster_settings(settings.kernel.cluster);
  if (!cluster) return fail(cluster.error());
  return check_same(options.postgresql, options.dir, *cluster);
}

/// The kernel starts before the writer: a log, however short, tells that there was a register.
Result<void> check_register(const process::Settings& settings) {
  std::error_code ignored;
  const fs::path log = fs::path(settings.audit.dir) / "log";
  const auto& file = settings.kernel.register_file;
  const bool ran = fs::exists(file + ".made", ignored) ||
                   (fs::is_directory(log, ignored) && !fs::is_empty(log, ignored));
  if (!ran || fs::exists(file, ignored)) return {};
  return bad(
      file +
          ": the register is gone, and this directory had one; none is made in its place unless "
          "a person begins a new one: aeromq-kernel begin --config " +
          settings.folder + "/" + std::string(kSettingsFile) + " --reason TEXT" +
          (settings.kernel.kind == "postgresql" ? "" : " --holder NODE"),
      "register");
}

Result<void> check_postgresql(const FolderOptions& options) {
  if (options.postgresql.none()) return {};
  if (!options.nodes.empty()) return bad("--postgresql names the nodes: not with --nodes", "nodes");
  if (auto nodes = parse_nodes(options.postgresql); !nodes) return fail(nodes.error());
  if (options.postgresql.nodes.empty() &&
      !fs::exists(options.dir + "/" + std::string(kSettingsFile)))
    return bad("a new directory needs --postgresql NAME=HOST:PORT,... with the other options of it",
               "postgresql");
  if (fs::exists(options.dir + "/" + std::string(kSettingsFile))) return {};
  return check_connection(options.postgresql);
}

}  // namespace

Result<void> check_options(const FolderOptions& options) {
  if (auto fits = transport::check_socket_path(options.dir + std::string(kLongestSocket)); !fits)
    return fits;
  if (has_control_characters(options.dir)) return bad("control characters in the path", "dir");
  if (!detail::is_utf8(options.dir)) return bad("the path is not UTF-8", "dir");
  std::error_code ignored;
  if (auto ours = check_whose(options.dir); !ours) return ours;
  if (fs::is_directory(options.dir, ignored) &&
      !fs::exists(options.dir + "/" + std::string(kSettingsFile), ignored))
    if (auto ours = check_ours(options.dir); !ours) return ours;
  std::set<std::string> seen;
  for (const auto& node : options.nodes) {
    if (!process::is_node_name(node)) return bad("'" + node + "' is not a node name", "nodes");
    if (!seen.insert(node).second) return bad("'" + node + "' stands twice", "nodes");
  }
  if (auto good = check_postgresql(options); !good) return good;
  if (options.listen.empty()) return {};
  auto good = transport::check_endpoint(options.listen, true);
  if (!good) return bad(good.error().message, "listen");
  if (options.listen.starts_with(transport::kTcp)) {
    const auto port = host_and_port(options.listen).second;
    if (port == 0 || port >= 65535)
      return bad("a tcp endpoint needs a port from 1 to 65534 (the feed takes the next one): " +
                     options.listen,
                 "listen");
  }
  return {};
}

Attempt::Attempt(std::string dir) : dir_(std::move(dir)) {
  std::error_code ignored;
  for (fs::path path = dir_; !path.empty() && !fs::exists(path, ignored); path = path.parent_path())
    first_missing_ = path.string();
}

void Attempt::locked() {
  std::error_code ignored;
  is_ours_to_undo_ = !fs::exists(dir_ + "/" + std::string(kSettingsFile), ignored);
}

Attempt::~Attempt() {
  if (!is_ours_to_undo_) return;
  std::error_code ignored;
  auto names = kOurs;
  names.insert(kStores.begin(), kStores.end());
  // What the processes said stays, for it tells why; an empty folder of it says nothing.
  names.erase("log");
  fs::remove(dir_ + "/log", ignored);
  for (const auto& name : names) fs::remove_all(dir_ + "/" + name, ignored);
  fs::remove(dir_ + "/" + std::string(kSettingsFile), ignored);
  for (const auto& entry : fs::directory_iterator(dir_, ignored))
    if (entry.path().extension() == ".new") fs::remove(entry.path(), ignored);
  if (first_missing_.empty()) return;
  // Only what is empty goes: a parent may hold somebody else's by now.
  for (fs::path path = dir_; fs::remove(path, ignored) && path != first_missing_;)
    path = path.parent_path();
}

std::string absolute_listen(const std::string& listen) {
  if (!listen.starts_with(transport::kIpc)) return listen;
  const auto path = listen.substr(transport::kIpc.size());
  if (path.empty() || path.front() == '@' || path.front() == '*') return listen;
  return std::string(transport::kIpc) + fs::absolute(path).lexically_normal().string();
}

Result<void> check_bindable(const FolderOptions& options) {
  const auto& listen = options.listen;
  if (listen.empty()) return {};
  for (const auto& endpoint : {listen, feed_of(listen, options.dir)})
    if (auto free = transport::check_free(endpoint); !free)
      return bad(detail_of(free.error()), "listen");
  if (!listen.starts_with(transport::kIpc)) return {};
  const auto folder = fs::path(listen.substr(transport::kIpc.size())).parent_path();
  if ((folder.string() + "/").starts_with(options.dir + "/")) return {};  // made with the rest
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return bad("there is no folder " + folder.string() + " for the socket", "listen");
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return bad("no socket can be made in " + folder.string() + ": " + std::strerror(errno),
               "listen");
  return {};
}

Result<Folder> prepare_folder(const FolderOptions& options) {
  if (auto good = check_options(options); !good) return fail(good.error());
  Folder folder;
  const auto settings_path = options.dir + "/" + std::string(kSettingsFile);
  folder.made = !fs::exists(settings_path);
  if (folder.made) {
    if (auto made = make_all(options); !made) return fail(made.error());
  }
  auto settings = process::read_settings(settings_path);
  if (!settings) return fail(settings.error());
  if (auto there = check_register(*settings); !there) return fail(there.error());
  if (auto same = check_same(options, *settings); !same) return fail(same.error());
  folder.settings = std::move(*settings);
  if (folder.settings.kernel.kind == kPostgresql) {
    const auto read = postgresql::read_cluster_settings(folder.settings.kernel.cluster);
    if (!read) return fail(read.error());
    return folder;
  }
  for (const auto& node : folder.settings.cluster.nodes) {
    folder.node_files.push_back(options.dir + "/nodes/" + node + ".toml");
    const auto read = process::read_node_settings(folder.node_files.back());
    if (!read) return fail(read.error());
  }
  return folder;
}

}  // namespace aeromq::supervisor
