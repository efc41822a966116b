#include "chaos/situations/witness.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "chaos/postgresql/sql.h"
#include "chaos/stack/processes.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

namespace fs = std::filesystem;
using postgresql::Session;

constexpr int kAskMs = 50;
constexpr int kLookMs = 300;
constexpr int kSpeakMs = 1000;
constexpr int kToolMs = 20000;

// One row; a standby's position is known as long as nothing that it received can be unread.
constexpr const char* kQuestion =
    "SELECT pg_is_in_recovery(), pg_postmaster_start_time(),"
    " CASE WHEN pg_is_in_recovery() THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver),"
    " 0) ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int "
    "END,"
    " CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(),"
    " pg_last_wal_replay_lsn()) - '0/0'::pg_lsn ELSE pg_current_wal_flush_lsn() - '0/0'::pg_lsn "
    "END,"
    " NOT pg_is_in_recovery() OR EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE status ="
    " 'streaming'),"
    " (SELECT string_agg(application_name, ',') FROM pg_stat_replication WHERE state = 'streaming'"
    " AND application_name NOT LIKE 'aeromq%'),"
    " EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name ILIKE 'patroni%')";

std::optional<Sample> sample_of(Session& session) {
  const auto sent = boot_now();
  const auto rows = session.ask(kQuestion);
  if (!rows || rows->size() != 1) return std::nullopt;
  const auto& row = rows->front();
  Sample sample;
  sample.window = {sent, boot_now()};
  sample.writable = row[0] == "f";
  sample.postmaster = row[1];
  sample.timeline = row[2].empty() ? 0 : std::stoull(row[2]);
  sample.position = row[3].empty() ? 0 : std::stoull(row[3]);
  sample.position_known = row[4] == "t";
  std::istringstream names(row[5]);
  for (std::string name; std::getline(names, name, ',');) sample.streams.insert(name);
  sample.manager = row[6] == "t";
  return sample;
}

std::string after_colon(const std::string& text, const std::string& label) {
  const auto at = text.find(label);
  if (at == std::string::npos) return {};
  const auto begin = text.find_first_not_of(' ', at + label.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::uint64_t position_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return 0;
  return (std::stoull(text.substr(0, slash), nullptr, 16) << 32U) |
         std::stoull(text.substr(slash + 1), nullptr, 16);
}

}  // namespace

Witness::Witness(const postgresql::Cluster& cluster, Address address)
    : cluster_(cluster), address_(std::move(address)) {
  std::uint64_t number = 0;
  for (const auto& server : cluster.servers()) {
    servers_[server.name];
    clients_.push_back(std::make_unique<Client>(
        server.name, fmt::format("host={} port={} user=app dbname=app", server.host, server.port),
        ++number));
    threads_.emplace_back([this, server](const std::stop_token& stop) { ask(stop, server); });
    threads_.emplace_back([this, server](const std::stop_token& stop) { look(stop, server); });
  }
}

// A question to a frozen server has no answer to wait for: it is broken off by the caller, who
// lets every frozen process go before.
Witness::~Witness() {
  for (auto& thread : threads_) thread.request_stop();
}

void Witness::ask(const std::stop_token& stop, const postgresql::Server& server) {
  std::optional<Session> session;
  for (; !stop.stop_requested(); ::poll(nullptr, 0, kAskMs)) {
    if (!session || !session->alive()) session.emplace(cluster_.url_of(server));
    if (!session->alive()) continue;
    if (auto sample = sample_of(*session)) {
      const std::lock_guard lock(mutex_);
      servers_[server.name].samples.push_back(std::move(*sample));
    }
  }
}

void Witness::look(const std::stop_token& stop, const postgresql::Server& server) {
  for (; !stop.stop_requested(); ::poll(nullptr, 0, kLookMs)) {
    Outside seen;
    seen.window.from_ns = boot_now();
    seen.runs = cluster_.postmaster(server.name) > 0;
    std::ifstream file(server.agent / "agent.pid");
    pid_t agent = -1;
    seen.agent = static_cast<bool>(file >> agent) && is_alive(agent);
    const auto port = address_(server.name);
    seen.spoke = port && speaks(*port, kSpeakMs);
    seen.window.to_ns = boot_now();
    const std::lock_guard lock(mutex_);
    servers_[server.name].outside.push_back(seen);
  }
}

std::map<std::string, Server> Witness::servers() const {
  const std::lock_guard lock(mutex_);
  return servers_;
}

std::vector<Acknowledged> Witness::acknowledged() const {
  std::vector<Acknowledged> all;
  for (const auto& client : clients_) {
    const auto some = client->acknowledged();
    all.insert(all.end(), some.begin(), some.end());
  }
  std::ranges::sort(all, {}, [](const Acknowledged& one) { return one.window.to_ns; });
  return all;
}

std::set<std::uint64_t> Witness::cancelled() const {
  std::set<std::uint64_t> all;
  for (const auto& client : clients_) all.merge(client->cancelled());
  return all;
}

Cluster read_files(const postgresql::Cluster& cluster) {
  Cluster files;
  for (const auto& server : cluster.servers()) {
    auto& one = files[server.name];
    std::error_code none;
    one.standby_signal = fs::exists(server.data / "standby.signal", none);
    for (const auto& entry : fs::directory_iterator(server.data / "pg_wal", none)) {
      const auto name = entry.path().filename().string();
      if (name.size() == 16 && name.ends_with(".history"))
        one.histories.insert(std::stoull(name.substr(0, 8), nullptr, 16));
    }
    if (!one.histories.empty()) one.newest_history = *one.histories.rbegin();
    const auto told =
        run({cluster.pg_bin() / "pg_controldata", server.data}, kToolMs, {"LC_ALL=C"}).out;
    one.state = after_colon(told, "Database cluster state:");
    one.checkpoint = position_of(after_colon(told, "Latest checkpoint location:"));
  }
  return files;
}

// What any client begins with: may it be encrypted? The answer is one byte, before any question of
// rights.
bool speaks(unsigned port, int timeout_ms) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  pollfd waits{fd, POLLOUT, 0};
  constexpr unsigned char kAsk[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
  char byte = 0;
  bool heard = ::poll(&waits, 1, timeout_ms) == 1 &&
               send(fd, kAsk, sizeof kAsk, MSG_NOSIGNAL) == sizeof kAsk;
  waits.events = POLLIN;
  heard = heard && ::poll(&waits, 1, timeout_ms) == 1 && recv(fd, &byte, 1, 0) == 1;
  close(fd);
  return heard && (byte == 'N' || byte == 'S' || byte == 'E');
}

std::vector<std::string> writable_now(const postgresql::Cluster& cluster) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& server : cluster.servers()) {
    Session session(cluster.url_of(server));
    const auto sample = session.alive() ? sample_of(session) : std::nullopt;
    if (sample && sample->writable) found.emplace_back(sample->timeline, server.name);
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<std::string> names;
  for (auto& [timeline, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace aeromq::chaos::situations
