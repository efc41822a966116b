// A whole control plane of real processes in a directory of its own, with kill points armed
// through a file, and the questions that the harness asks it. Gone with its destructor.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "chaos/stack/child.h"
#include "chaos/stack/witness.h"

namespace aeromq::chaos {

/// A bounded poll: true as soon as `condition()` is, false after `timeout_ms`.
bool poll_until(int timeout_ms, const std::function<bool()>& condition);

/// A kill point that a process passed.
struct Pass {
  std::uint64_t boot_ns = 0;
  pid_t pid = -1;
  std::string point;
};

/// The clocks of a drill are shorter than an installation's.
struct StackOptions {
  std::map<std::string, std::string> settings{{"stale_after_ms", "1500"}};  ///< of aeromq.toml
  std::filesystem::path programs;  ///< what `aeromq up --bin-dir` is told; empty = where it is
  /// Called with the directory between its making and the start that counts.
  std::function<void(const std::filesystem::path&)> prepare;
  /// Each pass of a kill point is written down; a flood would write without end.
  bool traced = true;
  /// What `aeromq up` is told of the cluster under control.
  std::vector<std::string> cluster{"--nodes", "a,b,c"};
  bool wide_limits = true;  ///< false: of principals and connections, as `aeromq up` writes them
};

class Stack {
 public:
  /// Starts `aeromq up` with nodes a, b and c and waits until it is ready. Throws
  /// std::runtime_error.
  Stack(const std::filesystem::path& bin_dir, std::filesystem::path dir,
        const StackOptions& options = {});
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack();

  const std::filesystem::path& dir() const { return dir_; }
  const std::filesystem::path& bin() const { return bin_; }

  /// `aeromq up` again over the same directory.
  void start();
  void stop();
  /// The supervisor is frozen: whatever ends stays ended until it is released.
  void hold_supervisor();
  void release_supervisor();
  /// The directory outlives this object, for whoever looks into a failure.
  void keep() { kept_ = true; }
  /// What `aeromq up` printed since the last call, line by line.
  std::vector<std::string> news();
  /// True once `aeromq up` has printed a line with `text`, at any time since the first start.
  bool says(const std::string& text, int timeout_ms);

  /// The words of an aeromq-ctl command line for `who`.
  std::vector<std::string> ctl_words(const std::string& who, const std::string& format,
                                     std::vector<std::string> arguments) const;
  /// The kernel's own tool: `aeromq-kernel VERB ...` beside the running kernel.
  Ended kernel(std::vector<std::string> arguments);

  /// aeromq-ctl with no terminal: `who` is operator, observer or auditor.
  Ended ctl(const std::string& who, std::vector<std::string> arguments);
  /// aeromq-ctl --two-step, started and not yet answered.
  std::unique_ptr<Child> two_step(const std::string& who, std::vector<std::string> arguments);
  /// An inspection's JSON; nothing if it failed.
  std::optional<nlohmann::json> inspect(std::vector<std::string> arguments);
  /// aeromq-ctl audit ... on the files alone.
  Ended read_log(std::vector<std::string> arguments);

  /// Arms one kill point for its next hit, anywhere in the stack (and in aeromq-ctl). `action` is
  /// kill, stop or exit.
  void arm(const std::string& point, const std::string& action = "kill");
  bool armed() const;
  void disarm();

  /// All kill points that the programs list.
  std::vector<std::string> kill_points() const;
  /// Every pass of a kill point since the last call (of this or of hits), in order.
  std::vector<Pass> passes();
  /// The points hit since the last call, in the order of their first hit.
  std::vector<std::string> hits();

  /// True if every part is alive and every node was heard, now.
  bool serves();
  /// Serving again: every part alive and every node heard. False if it does not come back. Nothing
  /// is armed any more.
  bool settle();
  /// What `aeromq-ctl status` says; nothing if nobody answers.
  std::optional<nlohmann::json> status();
  pid_t pid_of(const std::string& process) const;
  /// Kills the kernel: every dispatcher epoch ends, so every outcome becomes final.
  bool end_all_epochs();

  std::filesystem::path register_file() const { return dir_ / "kernel" / "register.sqlite"; }
  Ledger ledger() const { return read_ledger(register_file()); }

 private:
  std::vector<std::string> environment() const;
  std::filesystem::path bin_;
  std::filesystem::path dir_;
  std::vector<std::string> cluster_;
  std::filesystem::path programs_;
  std::unique_ptr<Child> up_;
  std::string said_;
  std::size_t told_ = 0;       // octets of said_ that news() has given out
  std::uintmax_t traced_ = 0;  // octets of the trace that passes() has given out
  bool kept_ = false;
  bool is_traced_ = true;
};

}  // namespace aeromq::chaos
