#include "process/kill_point.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "process/clock.h"
#include "process/exit_codes.h"

namespace aeromq::process {
namespace {

struct Points {
  std::mutex mutex;
  std::set<std::string, std::less<>> names;
  std::string armed;  ///< which writing of the file is counted: inode, time and text
  unsigned hits = 0;
};

Points& points() {
  static Points all;
  return all;
}

#ifdef AEROMQ_CHAOS
/// One line per hit, "<boot_ns> <pid> <point>", in the file of AEROMQ_KILL_TRACE, which all
/// processes share: O_APPEND keeps the lines whole.
void trace(std::string_view name) {
  const char* path = std::getenv("AEROMQ_KILL_TRACE");
  if (path == nullptr) return;
  const int fd = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  const auto line = std::to_string(now().boot_ns) + ' ' + std::to_string(::getpid()) + ' ' +
                    std::string(name) + '\n';
  if (::write(fd, line.data(), line.size()) < 0) std::perror(path);
  ::close(fd);
}
#endif

}  // namespace

void register_kill_points(const std::vector<std::string>& names) {
  const std::lock_guard lock(points().mutex);
  points().names.insert(names.begin(), names.end());
}

bool list_kill_points(int count, const char* const* arguments) {
  const auto* end = arguments + count;
  if (std::find(arguments, end, std::string_view("--list-kill-points")) == end) return false;
  const std::lock_guard lock(points().mutex);
#ifdef AEROMQ_CHAOS
  for (const auto& name : points().names) std::puts(name.c_str());
#endif
  std::fflush(stdout);
  return true;
}

bool parse_arming(std::string_view text, Arming& arming) {
  std::istringstream in{std::string(text)};
  Arming read;
  std::string action;
  std::string more;
  if (!(in >> read.name >> read.nth >> action) || in >> more || read.nth == 0) return false;
  if (action == "kill")
    read.action = KillAction::kill;
  else if (action == "stop")
    read.action = KillAction::stop;
  else if (action == "exit")
    read.action = KillAction::exit;
  else
    return false;
  arming = read;
  return true;
}

#ifdef AEROMQ_CHAOS
void kill_point(std::string_view name) {
  auto& all = points();
  const std::lock_guard lock(all.mutex);
  if (!all.names.contains(name)) {
    std::fprintf(stderr, "kill point %.*s is not registered\n", static_cast<int>(name.size()),
                 name.data());
    std::abort();
  }
  trace(name);
  const char* path = std::getenv("AEROMQ_KILL_FILE");
  struct stat found {};
  if (path == nullptr || ::stat(path, &found) != 0) return;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  Arming arming;
  if (!parse_arming(text.str(), arming) || arming.name != name) return;
  const auto armed = std::to_string(found.st_ino) + ' ' + std::to_string(found.st_mtim.tv_sec) +
                     ' ' + std::to_string(found.st_mtim.tv_nsec) + ' ' + text.str();
  if (armed != all.armed) all.hits = 0;
  all.armed = armed;
  if (++all.hits < arming.nth || ::unlink(path) != 0) return;
  if (arming.action == KillAction::exit) ::_exit(kExitKillPoint);
  ::kill(::getpid(), arming.action == KillAction::stop ? SIGSTOP : SIGKILL);
}
#endif

}  // namespace aeromq::process
