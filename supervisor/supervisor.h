// Keeps the processes of one control plane running on one machine: starts them in order, says and
// restarts what ends, stops all. It never looks at a message and needs no socket.
#pragma once
#include <functional>
#include <optional>

#include "process/signals.h"
#include "supervisor/child.h"
#include "supervisor/restart_policy.h"

namespace aeromq::supervisor {

constexpr std::uint64_t kReadyMs = 20000;  ///< all processes together

/// Processes that are started together, once every earlier group is ready.
using Group = std::vector<ChildSpec>;

/// What SIGHUP means: to stop in order, or that every process is to reopen its log.
enum class OnHangup { stop, pass_on };

enum class StartEnd { ready, asked_to_stop, failed };

class Supervisor {
 public:
  using Say = std::function<void(const std::string& line)>;
  /// `groups` in start order; they are stopped in reverse.
  Supervisor(std::vector<Group> groups, RestartPolicy::Mode mode, std::uint64_t most_delay_ms,
             process::StopSignal& signals, Say say, OnHangup on_hangup = OnHangup::pass_on);

  /// Starts everything and waits until all are ready, for kReadyMs at most. If that fails it has
  /// said what is not ready and why.
  StartEnd start();
  /// Looks after the processes until SIGTERM, SIGINT or a SIGHUP that says stop.
  void run();
  /// SIGTERM group by group, SIGKILL to what stays; at most 5 s.
  void stop();

 private:
  struct Entry {
    ChildSpec spec;
    RestartPolicy policy;
    std::size_t group = 0;
    pid_t pid = -1;
    int ready_fd = -1;
    bool ready = false;
    bool restarted = false;
    bool over = false;  ///< will not be started again
    std::uint64_t started_ms = 0;
    std::optional<std::uint64_t> restart_ms;
    std::string last;  ///< how it last ended
  };

  bool start_one(Entry& entry);
  /// Waits for signals, readiness and due restarts, until `until_ms` at the latest.
  void turn(std::uint64_t until_ms);
  void take_signal(int number);
  void read_ready(Entry& entry);
  void reap();
  void on_end(Entry& entry, const Ending& ending);
  void say_not_ready();
  bool all_ready(std::size_t group) const;
  bool any_over(std::size_t group) const;

  std::vector<Entry> entries_;
  process::StopSignal& signals_;
  Say say_;
  OnHangup on_hangup_;
  std::size_t groups_ = 0;
  bool asked_to_stop_ = false;
  bool stopping_ = false;
};

}  // namespace aeromq::supervisor
