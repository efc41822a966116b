// What a supervisor does when a process of the control plane has ended: a pure decision, so that
// every case is a unit test. It never decides that a poisoned or fenced process runs again.
#pragma once
#include <cstdint>
#include <string>

namespace aeromq::supervisor {

/// How a process ended.
struct Ending {
  enum class Kind { exited, signalled };
  Kind kind = Kind::exited;
  int number = 0;  ///< exit code or signal
  friend bool operator==(const Ending&, const Ending&) = default;
};

/// "exit code 70", "killed by SIGKILL".
std::string to_text(const Ending& ending);

enum class AfterEnd {
  restart,
  left_dead,  ///< as asked: --no-restart
  poisoned,   ///< the audit writer could not write: a person must look (G9)
  fenced,     ///< another dispatcher holds a newer epoch
};

struct Verdict {
  AfterEnd what = AfterEnd::restart;
  std::uint64_t delay_ms = 0;  ///< before the restart
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

constexpr std::uint64_t kFirstDelayMs = 100;
constexpr std::uint64_t kMostDelayMs = 5000;
constexpr std::uint64_t kGoodRunMs = 10000;  ///< alive that long: the delay starts anew

/// One per process.
class RestartPolicy {
 public:
  enum class Mode { restart, leave_dead };
  /// `most_delay_ms`: the back-off grows no longer than that.
  RestartPolicy(std::string process, Mode mode, std::uint64_t most_delay_ms = kMostDelayMs)
      : process_(std::move(process)), mode_(mode), most_delay_ms_(most_delay_ms) {}

  /// The process ended after it had been alive for `alive_ms`.
  Verdict on_end(const Ending& ending, std::uint64_t alive_ms);

 private:
  std::string process_;
  Mode mode_;
  std::uint64_t most_delay_ms_;
  std::uint64_t next_delay_ms_ = kFirstDelayMs;
};

}  // namespace aeromq::supervisor
