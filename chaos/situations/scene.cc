#include "chaos/situations/scene.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include "chaos/stack/processes.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

namespace fs = std::filesystem;
using postgresql::Session;
using postgresql::SqlEnd;

constexpr int kWholeMs = 60000;
constexpr int kToolMs = 40000;
constexpr const char* kAnyOther = "ANY 1 (a,b,c)";
constexpr const char* kFill = "fill";

fs::path fresh_dir(const std::string& name, const char* part) {
  const auto dir = fs::temp_directory_path() / fmt::format("aeromq-{}-{}-{}", name, part, getpid());
  fs::remove_all(dir);
  return dir;
}

std::string with(const std::string& text, const std::string& key, const std::string& value) {
  return std::regex_replace(text, std::regex("(^|\n)" + key + " *=[^\n]*"),
                            "$1" + key + " = " + value);
}

}  // namespace

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// The deadlines are shorter than an installation's: what they bound is the same.
Scene::Scene(const fs::path& bin_dir, const std::string& name, bool synchronous)
    : synchronous_(synchronous) {
  cluster_ = std::make_unique<postgresql::Cluster>(bin_dir, fresh_dir(name, "pg"),
                                                   synchronous ? kAnyOther : "");
  for (const auto& server : cluster_->servers())
    hba_base_[server.name] = read_text(server.data.parent_path() / "pg_hba.conf");
  fs::create_directories(copies());
  const auto made = sql(
      "a", "CREATE TABLE written (id bigint PRIMARY KEY); ALTER TABLE written OWNER TO app", "app");
  if (!made.done) throw std::runtime_error("no table: " + made.message);
  StackOptions stack;
  stack.settings.clear();
  stack.cluster = {"--postgresql", cluster_->endpoints()};
  if (synchronous) stack.cluster.insert(stack.cluster.end(), {"--synchronous", kAnyOther});
  stack.prepare = [&](const fs::path& folder) {
    for (const auto& file :
         {folder / "postgresql.toml", folder / "agents/a/postgresql.toml",
          folder / "agents/b/postgresql.toml", folder / "agents/c/postgresql.toml"})
      write_text(file, with(read_text(file), "act_deadline_ms", "30000"));
    cluster_->place_agents(folder, {{"promote_deadline_ms", "5000"},
                                    {"stop_deadline_ms", "8000"},
                                    {"start_deadline_ms", "10000"},
                                    {"receive_deadline_ms", "4000"}});
  };
  stack_ = std::make_unique<Stack>(bin_dir, fresh_dir(name, "plane"), stack);
  witness_ = std::make_unique<Witness>(
      *cluster_, [this](const std::string& node) { return address_of(node); });
  const bool whole = poll_until(kWholeMs, [&] {
    const auto shown =
        run(stack_->ctl_words("operator", "json", {"explain", "demote", "a"}), kToolMs);
    if (shown.out.find("b and c") != std::string::npos) return true;
    ::poll(nullptr, 0, 200);
    return false;
  });
  if (!whole) throw std::runtime_error("the cluster and its control plane do not become whole");
}

Scene::~Scene() {
  thaw_all();
  held_.clear();
  helpers_.clear();
  witness_.reset();
  stack_.reset();
  if (mounts_.empty()) return;
  cluster_->tool({"agents-down", cluster_->dir()});
  for (const auto& server : cluster_->servers())
    cluster_->tool({"stop", cluster_->dir(), server.name, "--mode", "immediate"});
  for (const auto& mount : mounts_) run({"/bin/umount", "-l", mount}, kToolMs);
}

void Scene::keep() {
  stack_->keep();
  cluster_->keep();
}

std::vector<std::string> Scene::names() const {
  std::vector<std::string> all;
  for (const auto& server : cluster_->servers()) all.push_back(server.name);
  return all;
}

std::vector<std::string> Scene::others(const std::string& node) const {
  auto all = names();
  std::erase(all, node);
  return all;
}

std::string Scene::primary() {
  const auto writable = writable_now(*cluster_);
  if (!writable.empty()) primary_ = writable.front();
  return primary_;
}

SqlEnd Scene::sql(const std::string& node, const std::string& text, const std::string& database) {
  const auto& one = server(node);
  // The statement's own limit: a frozen process must not hold the harness.
  Session session(
      fmt::format("host={} port={} user=postgres dbname={} connect_timeout=3 "
                  "options='-c statement_timeout=8000 -c synchronous_commit=local' "
                  "tcp_user_timeout=8000",
                  one.host, one.port, database));
  if (!session.alive()) return {};
  return session.run(text);
}

Ended Scene::run_as_server(std::vector<std::string> words, int timeout_ms) const {
  return cluster_->as_server_user(std::move(words), timeout_ms);
}

Ended Scene::pg_ctl(const std::string& node, std::vector<std::string> words, int timeout_ms) {
  words.insert(words.begin(), cluster_->pg_bin() / "pg_ctl");
  words.insert(words.end(), {"-D", server(node).data});
  return run_as_server(std::move(words), timeout_ms);
}

void Scene::reload(const std::string& node) {
  if (const auto pid = cluster_->postmaster(node); pid > 0) ::kill(pid, SIGHUP);
}

bool Scene::start_server(const std::string& node) {
  return cluster_->tool({"start", cluster_->dir(), node}, kToolMs).exit_code == 0;
}

void Scene::stop_server(const std::string& node, const char* mode) {
  pg_ctl(node, {"stop", "-m", mode, "-w", "-t", "20"});
}

// What is down stays down: starting it is for the agent, or for the person who heals.
bool Scene::restart(const std::string& node) {
  if (cluster_->postmaster(node) <= 0) return false;
  stop_server(node);
  return start_server(node);
}

void Scene::write_settings(const std::string& node) {
  std::string text;
  for (const auto& [key, line] : settings_[node]) text += line + "\n";
  cluster_->set_extra(node, text);
}

void Scene::set(const std::string& node, const std::string& key, const std::string& text) {
  if (text.empty())
    settings_[node].erase(key);
  else
    settings_[node][key] = text;
  write_settings(node);
}

void Scene::hba(const std::string& node, const std::string& key, const std::string& line) {
  if (line.empty())
    hba_[node].erase(key);
  else
    hba_[node][key] = line;
  std::string text;
  for (const auto& [name, one] : hba_[node]) text += one + "\n";
  write_text(server(node).data.parent_path() / "pg_hba.conf", text + hba_base_[node]);
  reload(node);
}

void Scene::show_out(const std::string& node) {
  sql(node,
      "SELECT pg_sleep(0.3); SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
      "usename = 'aeromq'");
}

std::vector<unsigned> Scene::ports() const {
  std::vector<unsigned> all;
  for (const auto& one : cluster_->servers()) all.push_back(one.port);
  return all;
}

std::string Scene::conninfo(const std::string& application_name,
                            const std::vector<unsigned>& ports) const {
  std::string hosts;
  std::string numbers;
  for (const auto port : ports) {
    hosts += (hosts.empty() ? "" : ",") + std::string("127.0.0.1");
    numbers += (numbers.empty() ? "" : ",") + std::to_string(port);
  }
  return fmt::format(
      "primary_conninfo = 'host={} port={} user=repl application_name={} {}connect_timeout=2'",
      hosts, numbers, application_name, ports.size() > 1 ? "target_session_attrs=primary " : "");
}

std::vector<pid_t> Scene::children_of_process(pid_t parent) {
  std::vector<pid_t> all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto stat = read_text(entry.path() / "stat");
    const auto end = stat.rfind(") ");
    if (end == std::string::npos) continue;
    std::istringstream rest(stat.substr(end + 4));
    pid_t its = -1;
    if (rest >> its && its == parent) all.push_back(std::stoi(name));
  }
  return all;
}

std::vector<pid_t> Scene::processes_of(const std::string& node) const {
  const auto parent = cluster_->postmaster(node);
  if (parent <= 0) return {};
  auto all = children_of_process(parent);
  all.insert(all.begin(), parent);
  return all;
}

std::vector<pid_t> Scene::children_named(const std::string& node, const std::string& word) const {
  auto all = processes_of(node);
  std::erase_if(all, [&](pid_t pid) {
    return read_text(fmt::format("/proc/{}/cmdline", pid)).find(word) == std::string::npos;
  });
  return all;
}

void Scene::freeze(const std::vector<pid_t>& processes) {
  for (const auto pid : processes) {
    if (pid <= 0) continue;
    ::kill(pid, SIGSTOP);
    frozen_.push_back(pid);
  }
}

void Scene::thaw_all() {
  for (const auto pid : frozen_) ::kill(pid, SIGCONT);
  frozen_.clear();
}

void Scene::kill_agent(const std::string& node) {
  cluster_->tool({"agent-kill", cluster_->dir(), node});
}
bool Scene::start_agent(const std::string& node) {
  return cluster_->start_agent(node).exit_code == 0;
}

void Scene::helper(const std::string& key, const std::string& program,
                   std::vector<std::string> words) {
  words.insert(words.begin(), {"/usr/bin/python3", "-c", program});
  helpers_[key] = std::make_unique<Child>(words);
}
void Scene::end_helper(const std::string& key) { helpers_.erase(key); }
pid_t Scene::helper_pid(const std::string& key) const {
  const auto found = helpers_.find(key);
  return found == helpers_.end() ? -1 : found->second->pid();
}

bool Scene::own(const fs::path& file) const {
  return run({"/bin/chown", cluster_->server_user() + ":", file.string()}, kToolMs).exit_code == 0;
}

fs::path Scene::agents_copy(const std::string& node) const {
  return server(node).agent / "postgresql.toml";
}

bool Scene::restart_plane() {
  stack_->stop();
  try {
    stack_->start();
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

void Scene::edit_agents(const std::vector<std::string>& nodes,
                        const std::function<std::string(std::string)>& edit) {
  for (const auto& node : nodes) {
    cluster_->tool({"agent-stop", cluster_->dir(), node});
    write_text(agents_copy(node), edit(read_text(agents_copy(node))));
    start_agent(node);
  }
}

void Scene::edit_settings(const std::function<std::string(std::string)>& edit, bool agents_too) {
  stack_->stop();
  write_text(settings_file(), edit(read_text(settings_file())));
  if (agents_too) edit_agents(names(), edit);
  restart_plane();
}

std::optional<unsigned> Scene::address_of(const std::string& node) const {
  const auto text = read_text(settings_file());
  const auto at = text.find("name = \"" + node + "\"\nhost");
  if (at == std::string::npos) return std::nullopt;
  const auto port = text.find("port = ", at);
  if (port == std::string::npos) return std::nullopt;
  return static_cast<unsigned>(std::stoul(text.substr(port + 7)));
}

bool Scene::mount_small(const fs::path& folder, unsigned kilobytes) {
  if (geteuid() != 0) return false;
  const auto kept = folder.string() + ".kept";
  std::error_code none;
  fs::rename(folder, kept, none);
  if (none) return false;
  fs::create_directory(folder);
  const auto mounted = run({"/bin/mount", "-t", "tmpfs", "-o",
                            fmt::format("size={}k,mode=700", kilobytes), "tmpfs", folder},
                           kToolMs);
  if (mounted.exit_code == 0) {
    mounts_.push_back(folder);
    const auto copied = run({"/bin/cp", "-a", kept + "/.", folder.string()}, kToolMs);
    run({"/bin/chown", "--reference=" + kept, folder.string()}, kToolMs);
    if (copied.exit_code == 0) {
      fs::remove_all(kept, none);
      return true;
    }
    run({"/bin/umount", "-l", folder.string()}, kToolMs);
    mounts_.pop_back();
  }
  fs::remove_all(folder, none);
  fs::rename(kept, folder, none);
  return false;
}

void Scene::fill(const fs::path& folder) {
  run({"/bin/dd", "if=/dev/zero", "of=" + (folder / kFill).string(), "bs=4k"}, kToolMs);
}
void Scene::make_room(const fs::path& folder) {
  std::error_code none;
  fs::remove(folder / kFill, none);
}

void Scene::foreign(const std::string& fault, const std::string& node, bool may_write,
                    bool may_lose) {
  // Where two can be written to already, whoever restarts one of them goes on with it.
  const auto writable = writable_now(*cluster_);
  const bool goes_on = writable.size() > 1 && std::ranges::find(writable, node) != writable.end();
  foreign_acts.push_back({boot_now(), fault, node, may_write || goes_on, may_lose});
}

}  // namespace aeromq::chaos::situations
