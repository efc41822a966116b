// One control plane of real processes whose roads all lead through a proxy: the broker and the
// kernel bind as their settings say, the others are pointed beside it.
#pragma once
#include "chaos/network/chronicle.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::network {

/// Short stages and heartbeats, so that a fault is noticed within a run.
StackOptions quick_options();

class Site {
 public:
  /// Throws std::runtime_error.
  Site(const std::filesystem::path& bin_dir, const std::filesystem::path& dir,
       Chronicle& chronicle);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site();

  Stack& stack() { return *stack_; }
  Proxy& proxy() { return proxy_; }
  /// The broker's own endpoint, for `who`: operator, observer or auditor.
  client::ClientSettings direct(const std::string& who) const;
  /// One way for one connection of `who` through the proxy; nothing if the broker is not reached.
  std::optional<client::ClientSettings> through(Door door, const std::string& who);

 private:
  std::filesystem::path programs_;
  Proxy proxy_;
  std::unique_ptr<Stack> stack_;
  std::string broker_secret_key_;
  unsigned doors_ = 0;
};

}  // namespace aeromq::chaos::network
