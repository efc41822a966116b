#include "chaos/postgresql/cluster.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "chaos/postgresql/sql.h"
#include "chaos/stack/processes.h"

namespace aeromq::chaos::postgresql {
namespace {

namespace fs = std::filesystem;

constexpr int kUpMs = 120000;
constexpr int kVerbMs = 60000;
constexpr int kGoneMs = 15000;
constexpr const char* kPython = "/usr/bin/python3";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  const auto fresh = path.string() + ".new";
  std::ofstream(fresh, std::ios::binary) << text;
  fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read |
                             fs::perms::others_read);
  fs::rename(fresh, path);
}

pid_t parent_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end = stat.rfind(") ");
  if (end == std::string::npos) return -1;
  std::istringstream rest(stat.substr(end + 4));
  pid_t parent = -1;
  rest >> parent;
  return parent;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto pid = static_cast<pid_t>(std::stoi(name));
    if (parent_of(pid) == parent) children.push_back(pid);
  }
  return children;
}

// A line of TOML, `key = value`, keeps its place and gets another value; a new one goes first.
std::string with_setting(const std::string& text, const std::string& key,
                         const std::string& value) {
  std::istringstream lines(text);
  std::string out;
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    const bool here = line.rfind(key + " ", 0) == 0 || line.rfind(key + "=", 0) == 0;
    found = found || here;
    out += (here ? key + " = " + value : line) + "\n";
  }
  if (!found) throw std::runtime_error("no setting " + key + " to replace");
  return out;
}

}  // namespace

Cluster::Cluster(const fs::path& bin_dir, fs::path dir, const std::string& synchronous)
    : bin_(fs::canonical(bin_dir)), dir_(std::move(dir)) {
  std::vector<std::string> words{"up", dir_, "--nodes", "a,b,c"};
  words.insert(words.end(), {"--template", AEROMQ_PG_TEMPLATE});
  if (!synchronous.empty()) words.insert(words.end(), {"--synchronous", synchronous});
  const auto made = tool(words, kUpMs);
  if (made.exit_code != 0) {
    tool({"down", dir_}, kUpMs);
    throw std::runtime_error("no PostgreSQL cluster: " + made.out + made.err);
  }
  // Servers and agents are nobody's children. Its input ends with us, however we end.
  guardian_ = std::make_unique<Child>(std::vector<std::string>{
      "/bin/sh", "-c",
      "trap '' TERM; exec 1>/dev/null 2>&1; read line; [ -n \"$line\" ] || " +
          std::string(kPython) + " " + AEROMQ_PG_CLUSTER + " down " + dir_.string()});
  const auto told = nlohmann::json::parse(read_file(dir_ / "cluster.json"));
  server_user_ = told.at("server_user");
  pg_bin_ = told.at("bin").get<std::string>();
  url_ = told.at("url");
  for (const auto& node : told.at("nodes"))
    servers_.push_back({node.at("name"), node.at("host"), node.at("port"),
                        node.at("data").get<std::string>(), node.at("agent").get<std::string>()});
}

Cluster::~Cluster() {
  disarm();
  guardian_->write("done\n");
  guardian_->wait(kVerbMs);
  if (!kept_) {
    tool({"down", dir_}, kUpMs);
    return;
  }
  tool({"agents-down", dir_}, kUpMs);
  for (const auto& server : servers_)
    tool({"stop", dir_, server.name, "--mode", "immediate"}, kUpMs);
}

Ended Cluster::tool(std::vector<std::string> words, int timeout_ms) const {
  words.insert(words.begin(), {kPython, AEROMQ_PG_CLUSTER});
  return run(words, timeout_ms,
             {"AEROMQ_KILL_FILE=" + (dir_ / "kill").string(),
              "AEROMQ_KILL_TRACE=" + (dir_ / "trace").string()});
}

Ended Cluster::as_server_user(std::vector<std::string> words, int timeout_ms) const {
  if (geteuid() == 0) words.insert(words.begin(), {"/usr/sbin/runuser", "-u", server_user_, "--"});
  return run(words, timeout_ms,
             {"AEROMQ_KILL_FILE=" + (dir_ / "kill").string(),
              "AEROMQ_KILL_TRACE=" + (dir_ / "trace").string()});
}

const Server& Cluster::server(const std::string& name) const {
  const auto found = std::ranges::find(servers_, name, &Server::name);
  if (found == servers_.end()) throw std::runtime_error("no server " + name);
  return *found;
}

std::string Cluster::endpoints() const {
  std::string text;
  for (const auto& server : servers_)
    text += (text.empty() ? "" : ",") + server.name + "=" + server.host + ":" +
            std::to_string(server.port);
  return text;
}

std::string Cluster::writable_url() const { return url_; }

std::string Cluster::url_of(const Server& server) const {
  return "host=" + server.host + " port=" + std::to_string(server.port) +
         " user=postgres dbname=postgres connect_timeout=2";
}

void Cluster::place_agents(const fs::path& folder,
                           const std::map<std::string, std::string>& settings) {
  for (const auto& server : servers_) {
    const auto file = folder / "agents" / server.name / "agent.toml";
    auto text = read_file(file);
    for (const auto& [key, value] : settings) text = with_setting(text, key, value);
    write_file(file, text);
  }
  const auto placed = tool({"agents", dir_, "--folder", folder, "--bin-dir", bin_});
  if (placed.exit_code != 0) throw std::runtime_error("no agents: " + placed.out + placed.err);
}

void Cluster::drop_journals() {
  tool({"agents-down", dir_});
  std::error_code none;
  for (const auto& server : servers_)
    for (const auto* part :
         {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite.made"})
      fs::remove(server.agent / part, none);
}

pid_t Cluster::agent_pid(const std::string& name) const {
  return find_process((bin_ / "aeromq-pg-agent").string(),
                      " serve --config " + (server(name).agent / "agent.toml").string(), "\n");
}
bool Cluster::agent_runs(const std::string& name) const { return agent_pid(name) > 0; }

Ended Cluster::start_agent(const std::string& name) { return tool({"agent-start", dir_, name}); }

Ended Cluster::agent_verb(const std::string& name, std::vector<std::string> words) const {
  words.insert(words.begin(), bin_ / "aeromq-pg-agent");
  words.insert(words.end(), {"--config", server(name).agent / "agent.toml"});
  return as_server_user(std::move(words), kVerbMs);
}

Ended Cluster::start_by_person(const std::string& name) {
  return agent_verb(name, {"start", "--reason", "drill: the server is to run again"});
}

pid_t Cluster::postmaster(const std::string& name) const {
  const auto& data = server(name).data;
  std::istringstream file(read_file(data / "postmaster.pid"));
  pid_t pid = -1;
  if (!(file >> pid) || !is_alive(pid)) return -1;
  std::error_code none;
  // A pid file that outlived its process may name somebody else's.
  return fs::equivalent("/proc/" + std::to_string(pid) + "/cwd", data, none) ? pid : -1;
}

pid_t Cluster::startup_process(const std::string& name) const {
  const auto parent = postmaster(name);
  if (parent <= 0) return -1;
  for (const auto child : children_of(parent))
    if (read_file("/proc/" + std::to_string(child) + "/cmdline").find(" startup ") !=
        std::string::npos)
      return child;
  return -1;
}

bool Cluster::kill_postmaster(const std::string& name) {
  const auto pid = postmaster(name);
  if (pid <= 0) return false;
  auto family = children_of(pid);
  family.push_back(pid);
  ::kill(pid, SIGKILL);
  for (const auto child : family) ::kill(child, SIGCONT);  // one frozen by a drill may go too
  // Its children see the end of their parent by themselves and leave.
  return poll_until(kGoneMs, [&] {
    return std::ranges::none_of(family, [](pid_t one) { return is_alive(one); });
  });
}

bool Cluster::rejoin(const std::string& name, const std::string& source) {
  const auto& one = server(name);
  const auto& from = server(source);
  const auto old = one.data.string() + ".old";
  std::error_code none;
  fs::remove_all(old, none);
  fs::rename(one.data, old);
  const auto copied =
      as_server_user({pg_bin_ / "pg_basebackup", "-D", one.data, "-X", "stream", "-c", "fast", "-d",
                      "host=" + from.host + " port=" + std::to_string(from.port) + " user=repl"},
                     kUpMs);
  if (copied.exit_code != 0) {
    fs::remove_all(one.data, none);
    fs::rename(old, one.data);
    return false;
  }
  fs::remove_all(old, none);
  const auto signal = one.data / "standby.signal";
  as_server_user({"/usr/bin/touch", signal}, kVerbMs);
  if (!fs::exists(signal)) return false;
  start_by_person(name);
  Session session(url_of(one));
  if (!session.alive()) return false;
  // A base backup brings no slots: the others will need theirs when this one leads.
  for (const auto& other : servers_)
    if (other.name != name)
      session.run("SELECT pg_create_physical_replication_slot('" + other.name + "')");
  return true;
}

void Cluster::set_extra(const std::string& name, const std::string& text) {
  write_file(server(name).data.parent_path() / "extra.conf", text);
}

void Cluster::arm(const std::string& point, const std::string& action) {
  write_file(dir_ / "kill", point + " 1 " + action + "\n");
}
bool Cluster::armed() const { return fs::exists(dir_ / "kill"); }
void Cluster::disarm() {
  std::error_code ignored;
  fs::remove(dir_ / "kill", ignored);
}

std::vector<Pass> Cluster::passes() {
  std::ifstream file(dir_ / "trace", std::ios::binary);
  file.seekg(static_cast<std::streamoff>(traced_));
  std::vector<Pass> passed;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    traced_ += line.size() + 1;
    std::istringstream words(line);
    Pass pass;
    if (words >> pass.boot_ns >> pass.pid >> pass.point) passed.push_back(std::move(pass));
  }
  return passed;
}

}  // namespace aeromq::chaos::postgresql
