// Named places at which the chaos harness can end or freeze a process; nothing without
// AEROMQ_CHAOS. A process registers all of its points at start, so that the harness gets the list
// from the program itself and can tell which were never hit.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace aeromq::process {

/// Adds names, `<process>.<what>.<where>`, to this process's list.
void register_kill_points(const std::vector<std::string>& names);

/// True if an argument is `--list-kill-points`: the list was printed, one a line; exit with 0.
bool list_kill_points(int count, const char* const* arguments);

/// What the file of AEROMQ_KILL_FILE says: `name nth action`.
enum class KillAction { kill, stop, exit };
struct Arming {
  std::string name;
  unsigned nth = 0;  ///< from 1
  KillAction action = KillAction::kill;
  friend bool operator==(const Arming&, const Arming&) = default;
};
/// False for anything but one arming; `arming` is then untouched.
bool parse_arming(std::string_view text, Arming& arming);

#ifdef AEROMQ_CHAOS
/// A hit. On the nth hit since the file was written the file is unlinked first, and only the
/// process whose unlink succeeds acts. Each hit is a line "<boot_ns> <pid> <name>" in the file of
/// AEROMQ_KILL_TRACE, written before the action. Aborts if `name` was not registered.
void kill_point(std::string_view name);
#else
inline void kill_point(std::string_view) {}
#endif

}  // namespace aeromq::process
