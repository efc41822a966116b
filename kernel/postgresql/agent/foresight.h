// What the agent sees with its own eyes of what comes next: a new start tried, its disks, what
// waits for the archiver, how far received WAL lies on the disk. What takes time is done by threads
// of their own and kept while nothing changed, since a status is asked every second.
#pragma once
#include <functional>
#include <future>
#include <mutex>
#include <optional>

#include "kernel/postgresql/agent/control_data.h"
#include "kernel/postgresql/agent/start_trial.h"
#include "kernel/postgresql/settings.h"

namespace aeromq::postgresql {

class Foresight {
 public:
  explicit Foresight(const AgentSettings& settings);
  Foresight(const Foresight&) = delete;
  Foresight& operator=(const Foresight&) = delete;

  /// Fills in what is its own. Of any thread; waits `patience_ms` at most for what is not known
  /// yet, and that is said to be not tried.
  void add_to(AgentStatus& status, const ControlData& control, std::uint64_t patience_ms) const;

 private:
  struct WalEnd {
    std::uint64_t end = 0;
    std::uint64_t timeline = 0;
  };
  /// A thing that is found out slowly, of the state that `key` names.
  template <class T>
  struct Slow {
    std::string key;
    std::future<T> under_way;
    std::string found_key;
    std::optional<T> found;
    std::uint64_t at_ms = 0;
  };
  template <class T>
  std::optional<T> find_out(Slow<T>& slow, const std::string& key, std::uint64_t oldest_ms,
                            std::uint64_t until_ms, std::function<T()> how) const;
  void add_trial(AgentStatus& status, const ControlData& control, std::uint64_t until_ms) const;
  void add_received(AgentStatus& status, const ControlData& control, std::uint64_t until_ms) const;
  void add_disks(AgentStatus& status) const;

  std::string data_;
  std::string bin_;
  std::string options_;
  std::string journal_;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> files_;  ///< the settings files of the last trial
  mutable std::string
      config_file_;  ///< what the last trial that read it named as the first of them
  mutable Slow<TriedSettings> trial_;
  mutable Slow<WalEnd> received_;
};

}  // namespace aeromq::postgresql
