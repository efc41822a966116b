#include "kernel/postgresql/agent/server_process.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "kernel/postgresql/agent/proc_tables.h"

namespace aeromq::postgresql {
namespace {

namespace fs = std::filesystem;

/// A process may read its clock a moment after it began, and the host's clock may be set a little.
constexpr std::uint64_t kStartToleranceS = 5;

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

std::optional<ProcessStat> stat_of(pid_t pid) {
  return parse_stat(text_of(folder_of(pid) / "stat"));
}

bool is_alive(pid_t pid) {
  const auto stat = stat_of(pid);
  return stat && stat->is_alive();
}

/// A file or folder however its path is written.
struct Place {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// no: `path` leads nowhere any more; unknown: it may not be read.
Sign is_at(const fs::path& path, const Place& place) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return errno == EACCES || errno == EPERM ? Sign::unknown : Sign::no;
  return Place{found.st_dev, found.st_ino} == place ? Sign::yes : Sign::no;
}

/// The effective user of a process. Of one that may not be read the folder below /proc is root's,
/// whoever it is.
std::optional<uid_t> user_of(pid_t pid) {
  struct stat found {};
  if (::stat(folder_of(pid).c_str(), &found) != 0) return std::nullopt;
  if (found.st_uid != 0) return found.st_uid;
  std::istringstream in(text_of(folder_of(pid) / "status"));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string title;
    uid_t real = 0;
    uid_t effective = 0;
    if (line.starts_with("Uid:") && words >> title >> real >> effective) return effective;
  }
  return found.st_uid;
}

/// The file that a server's process executes has such a name, whatever the process calls itself.
Sign executes_server(pid_t pid) {
  std::error_code error;
  auto name = fs::read_symlink(folder_of(pid) / "exe", error).filename().string();
  if (error) return error == std::errc::no_such_file_or_directory ? Sign::no : Sign::unknown;
  // It was replaced meanwhile, as updates do.
  if (const auto gone = name.find(" (deleted)"); gone != std::string::npos) name.resize(gone);
  return name == "postgres" || name == "postmaster" || name == "edb-postgres" ? Sign::yes
                                                                              : Sign::no;
}

Sign is_attached(pid_t pid, const PostmasterFile& file) {
  if (!file.segment) return Sign::unknown;
  std::ifstream in(folder_of(pid) / "maps");
  std::ostringstream maps;
  maps << in.rdbuf();
  // A process without a single mapping is one that may not be read.
  if (maps.str().empty()) return Sign::unknown;
  return maps_segment(maps.str(), *file.segment) ? Sign::yes : Sign::no;
}

/// One PGDATA and its lock file.
class Folder {
 public:
  explicit Folder(const std::string& data) {
    struct stat found {};
    if (::stat(data.c_str(), &found) != 0) {
      readable_ = errno == ENOENT || errno == ENOTDIR;
      return;
    }
    there_ = true;
    place_ = {found.st_dev, found.st_ino};
    owner_ = found.st_uid;
    const auto path = data + "/postmaster.pid";
    locked_ = ::access(path.c_str(), F_OK) == 0;
    const bool none = !locked_ && errno == ENOENT;
    std::ifstream in(path);
    readable_ = none || (locked_ && in.is_open());
    std::ostringstream text;
    text << in.rdbuf();
    file_ = parse_postmaster_file(text.str());
  }
  bool is_there() const { return there_; }
  bool is_called(const std::string& path) const {
    return there_ && !path.empty() && is_at(path, place_) == Sign::yes;
  }
  bool is_readable() const { return readable_; }
  bool is_locked() const { return locked_; }
  const PostmasterFile& file() const { return file_; }

  /// True for a living process of its server. Only the owner of PGDATA can run one: PostgreSQL
  /// starts for nobody else.
  bool has(pid_t pid) const {
    if (user_of(pid) != owner_) return false;
    ProcessSigns signs;
    signs.is_noted = pid == file_.pid;
    signs.in_folder = is_at(folder_of(pid) / "cwd", place_);
    if (signs.in_folder == Sign::no || !is_alive(pid)) return false;
    signs.starts_as_noted = signs.is_noted && began_then(pid);
    signs.program = executes_server(pid);
    if (signs.program != Sign::yes) signs.attached = is_attached(pid, file_);
    return is_of_server(signs);
  }

 private:
  bool began_then(pid_t pid) const {
    const auto stat = stat_of(pid);
    const auto booted = parse_boot_time(text_of("/proc/stat"));
    const auto ticks = ::sysconf(_SC_CLK_TCK);
    if (!stat || !booted || ticks <= 0 || file_.start == 0) return false;
    const auto began = *booted + stat->start_ticks / static_cast<std::uint64_t>(ticks);
    return std::max(began, file_.start) - std::min(began, file_.start) <= kStartToleranceS;
  }

  bool there_ = false;
  bool readable_ = false;
  bool locked_ = false;
  Place place_;
  uid_t owner_ = 0;
  PostmasterFile file_;
};

/// Every process of the server; of those without a postmaster the one whose parent is none of them.
void search(const Folder& folder, ServerProcess& found) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = number(entry.path().filename().string());
    if (pid == 0 || !folder.has(pid)) continue;
    ++found.processes;
    const auto stat = stat_of(pid);
    if (found.postmaster != 0 || !stat) continue;
    if (found.orphan == 0 || stat->parent == 0 || !folder.has(stat->parent)) found.orphan = pid;
  }
  if (error) found.unclear = true;
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

ServerProcess find(const Folder& folder) {
  ServerProcess found;
  found.unclear = !folder.is_readable();
  if (!folder.is_there()) return found;
  const auto& file = folder.file();
  if (file.pid != 0 && folder.has(file.pid)) {
    found.postmaster = file.pid;
    found.stopping = file.stopping || shutdown_waits(file.pid);
    found.started_ms = file.start * 1000;
  }
  search(folder, found);
  if (file.segment && file.segment_key) {
    const auto attached =
        attached_to(text_of("/proc/sysvipc/shm"), *file.segment_key, *file.segment);
    found.attached = attached.value_or(0);
    if (!attached) found.unclear = true;
  }
  return found;
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

ServerProcess find_server(const std::string& data) { return find(Folder(data)); }

LocalServer local_server(const ServerProcess& found, const std::string& data,
                         const std::string& host, std::uint64_t port) {
  const Folder folder(data);
  const auto& file = folder.file();
  LocalServer told;
  told.lock_file = folder.is_locked();
  told.postmaster = static_cast<std::uint64_t>(found.postmaster);
  told.attached = found.attached;
  told.processes = found.processes;
  told.started_ms = file.start * 1000;
  told.port = file.port;
  std::error_code error;
  if (found.postmaster != 0)
    told.executable = fs::read_symlink(folder_of(found.postmaster) / "exe", error).string();
  // As the server itself calls it, so that its own setting can be compared with it; but only if
  // that is this folder.
  told.data_directory =
      folder.is_called(file.folder) ? file.folder : fs::canonical(data, error).string();
  for (const auto* table : {"/proc/net/tcp", "/proc/net/tcp6"})
    if (listens_at(text_of(table), host, port)) told.listens = true;
  if (!file.socket_folder.empty() && file.port != 0 &&
      listens_at_path(text_of("/proc/net/unix"),
                      file.socket_folder + "/.s.PGSQL." + std::to_string(file.port)))
    told.listens = true;
  return told;
}

bool awaits_reaping(const std::string& data) {
  const auto file = Folder(data).file();
  if (file.pid == 0) return false;
  const auto stat = stat_of(file.pid);
  return stat && !stat->is_alive();
}

std::vector<pid_t> find_pg_ctl(const std::string& data) {
  std::vector<pid_t> found;
  struct stat folder {};
  const bool there = ::stat(data.c_str(), &folder) == 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto pid = number(entry.path().filename().string());
    if (pid == 0 || !text_of(folder_of(pid) / "comm").starts_with("pg_ctl") || !is_alive(pid))
      continue;
    std::istringstream words(text_of(folder_of(pid) / "cmdline"));
    for (std::string word; std::getline(words, word, '\0');)
      if (word == data || (there && word.starts_with('/') &&
                           is_at(word, {folder.st_dev, folder.st_ino}) == Sign::yes))
        found.push_back(pid);
  }
  return found;
}

std::string find_manager(const std::string& data, pid_t postmaster) {
  const auto stat = postmaster == 0 ? std::nullopt : stat_of(postmaster);
  if (stat) {
    if (const auto name = program_of(stat->parent); stat->parent != 0 && !name.empty())
      return name + ", pid " + std::to_string(stat->parent) + ", started this server";
  }
  std::error_code error;
  for (const auto* file : {"patroni.dynamic.json", "postgresql-auto-failover.conf",
                           "postgresql-auto-failover-standby.conf"})
    if (fs::exists(fs::path(data) / file, error)) return std::string(file) + " is in PGDATA";
  return {};
}

}  // namespace aeromq::postgresql
