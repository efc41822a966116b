#include "kernel/postgresql/agent/server_process.h"

#include <signal.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace aeromq::postgresql {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path folder_of(pid_t pid) { return fs::path("/proc") / std::to_string(pid); }

pid_t number(std::string_view text) {
  pid_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && at == text.data() + text.size() && value > 0 ? value : 0;
}

/// The fields of /proc/PID/stat behind the program's name: state, parent, ...
std::vector<std::string> stat_of(pid_t pid) {
  const auto text = text_of(folder_of(pid) / "stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

bool is_alive(pid_t pid) {
  const auto stat = stat_of(pid);
  return !stat.empty() && stat[0] != "Z" && stat[0] != "X";
}

bool belongs_to(pid_t pid, const fs::path& data) {
  std::error_code error;
  const auto cwd = fs::read_symlink(folder_of(pid) / "cwd", error);
  if (error || cwd != data) return false;
  // A shell of a person that stands in the folder is no server.
  return text_of(folder_of(pid) / "comm").starts_with("postgres");
}

/// What postmaster.pid says: line 1 the pid, line 8 how far the server is.
struct PidFile {
  pid_t pid = 0;
  bool stopping = false;
};
PidFile read_pid_file(const fs::path& data) {
  std::istringstream in(text_of(data / "postmaster.pid"));
  PidFile file;
  constexpr int kStatusLine = 8;
  std::string line;
  for (int i = 1; i <= kStatusLine && std::getline(in, line); ++i) {
    if (i == 1) file.pid = number(line);
    if (i == kStatusLine) file.stopping = line.starts_with("stopping");
  }
  return file;
}

/// Any process of the server, those whose parent is one of them last.
ServerProcess search(const fs::path& data) {
  ServerProcess found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = number(entry.path().filename().string());
    if (pid == 0 || !belongs_to(pid, data) || !is_alive(pid)) continue;
    const auto stat = stat_of(pid);
    const auto parent = stat.size() > 1 ? number(stat[1]) : 0;
    // Without its postmaster a child has another parent; a postmaster's is never a postgres.
    if (parent != 0 && belongs_to(parent, data)) continue;
    found.orphan = pid;
  }
  return found;
}

/// A signal that ends a server waits for this process, which is stopped and has not heard it.
bool shutdown_waits(pid_t pid) {
  std::ifstream in(folder_of(pid) / "status");
  const auto bit = [](int signal) { return std::uint64_t{1} << (signal - 1); };
  const auto shutdown = bit(SIGTERM) | bit(SIGINT) | bit(SIGQUIT);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:")) continue;
    if ((std::stoull(line.substr(line.find(':') + 1), nullptr, 16) & shutdown) != 0) return true;
  }
  return false;
}

std::string program_of(pid_t pid) {
  const auto line = text_of(folder_of(pid) / "cmdline");
  std::istringstream in(line);
  std::string word;
  for (int i = 0; i < 3 && std::getline(in, word, '\0'); ++i) {
    const auto name = fs::path(word).filename().string();
    if (name == "patroni" || name == "pg_autoctl") return name;
  }
  return {};
}

}  // namespace

ServerProcess find_server(const std::string& data) {
  std::error_code error;
  const auto real = fs::canonical(data, error);
  if (error) return {};
  const auto file = read_pid_file(real);
  if (file.pid != 0 && is_alive(file.pid) && belongs_to(file.pid, real))
    return {file.pid, 0, file.stopping || shutdown_waits(file.pid)};
  return search(real);
}

bool awaits_reaping(const std::string& data) {
  const auto file = read_pid_file(data);
  return file.pid != 0 && !stat_of(file.pid).empty() && !is_alive(file.pid);
}

std::vector<pid_t> find_pg_ctl(const std::string& data) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = number(entry.path().filename().string());
    if (pid == 0 || !text_of(folder_of(pid) / "comm").starts_with("pg_ctl") || !is_alive(pid))
      continue;
    std::istringstream words(text_of(folder_of(pid) / "cmdline"));
    for (std::string word; std::getline(words, word, '\0');)
      if (word == data) found.push_back(pid);
  }
  return found;
}

std::string find_manager(const std::string& data, pid_t postmaster) {
  const auto stat = postmaster == 0 ? std::vector<std::string>{} : stat_of(postmaster);
  if (stat.size() > 1) {
    const auto parent = number(stat[1]);
    if (const auto name = program_of(parent); parent != 0 && !name.empty())
      return name + ", pid " + std::to_string(parent) + ", started this server";
  }
  std::error_code error;
  for (const auto* file : {"patroni.dynamic.json", "postgresql-auto-failover.conf",
                           "postgresql-auto-failover-standby.conf"})
    if (fs::exists(fs::path(data) / file, error)) return std::string(file) + " is in PGDATA";
  return {};
}

}  // namespace aeromq::postgresql
