// A whole control plane of real processes in a directory of its own, with kill points armed
// through a file, and the questions that the harness asks it. Gone with its destructor.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>

#include "chaos/child.h"

namespace aeromq::chaos {

/// A bounded poll: true as soon as `condition()` is, false after `timeout_ms`.
bool poll_until(int timeout_ms, const std::function<bool()>& condition);

class Stack {
 public:
  /// Starts `aeromq up` with three nodes and waits until it is ready. Throws std::runtime_error.
  Stack(std::filesystem::path bin_dir, std::filesystem::path dir);
  ~Stack();

  const std::filesystem::path& dir() const { return dir_; }

  /// aeromq-ctl with no terminal: `who` is operator, observer or auditor.
  Ended ctl(const std::string& who, std::vector<std::string> arguments);
  /// aeromq-ctl --two-step, started and not yet answered.
  std::unique_ptr<Child> two_step(const std::string& who, std::vector<std::string> arguments);
  /// An inspection's JSON; nothing if it failed.
  std::optional<nlohmann::json> inspect(std::vector<std::string> arguments);
  /// aeromq-ctl audit ... on the files alone.
  Ended read_log(std::vector<std::string> arguments);

  /// Arms one kill point for its next hit, anywhere in the stack (and in aeromq-ctl).
  void arm(const std::string& point);
  bool armed() const;
  void disarm();

  /// All kill points that the programs list.
  std::vector<std::string> kill_points() const;
  /// The points hit since the last call, in the order of their first hit.
  std::vector<std::string> hits();

  /// Serving again: every part alive and every node heard. False if it does not come back.
  bool settle();
  pid_t pid_of(const std::string& process) const;
  /// Kills the kernel: every dispatcher epoch ends, so every outcome becomes final.
  bool end_all_epochs();

  /// The witness: rows of the kernel's ledger file, read without the product.
  struct Ledger {
    std::set<std::string> executed;  ///< request ids, text form
    std::set<std::string> rejected;
    std::uint64_t fencing_epoch = 0;
  };
  Ledger ledger() const;

 private:
  std::vector<std::string> environment() const;
  std::filesystem::path bin_;
  std::filesystem::path dir_;
  std::unique_ptr<Child> up_;
};

}  // namespace aeromq::chaos
