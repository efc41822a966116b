// Counts what anybody can cause at will, so that it is told at once the first time and then as a
// number, at a bounded rate.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "messages/time.h"

namespace aeromq::broker {

class Tally {
 public:
  static constexpr std::uint64_t kEveryMs = 10000;
  struct Said {
    std::uint64_t count = 0;
    Moment first;
    std::string last;  ///< the newest that was counted, in words
  };

  void add(std::uint64_t count, std::string what, const Moment& now) {
    if (count == 0) return;
    if (open_.count == 0) open_.first = now;
    open_.count += count;
    open_.last = std::move(what);
  }
  /// What was counted since the last time, if there is any and it is time to tell.
  std::optional<Said> due(const Moment& now) {
    if (open_.count == 0) return std::nullopt;
    if (told_boot_ns_ != 0 && now.boot_ns < told_boot_ns_ + kEveryMs * kNanosPerMs)
      return std::nullopt;
    told_boot_ns_ = now.boot_ns;
    return std::exchange(open_, {});
  }

 private:
  Said open_;
  std::uint64_t told_boot_ns_ = 0;
};

}  // namespace aeromq::broker
