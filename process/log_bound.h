// How many lines of one kind a peer can make a log grow by: a flood is told once, with its number.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "messages/time.h"

namespace aeromq::process {

/// One for each event; a peer is known by a short name, such as its node or address. Pure.
class LogBound {
 public:
  static constexpr std::uint64_t kMostLines = 5;      ///< of one peer in a window
  static constexpr std::uint64_t kWindowMs = 10'000;  ///< milliseconds
  static constexpr std::size_t kMostPeers = 256;      ///< more share one entry

  /// Whether a line about `peer` may be written now. If so, `left_out` is how many were not since
  /// the last one that was: it belongs into the line.
  bool may(const std::string& peer, const Moment& now, std::uint64_t& left_out) {
    const bool known = peers_.contains(peer) || peers_.size() < kMostPeers;
    auto& window = peers_[known ? peer : std::string{}];
    if (window.lines == 0 || now.boot_ns >= window.since_ns + kWindowMs * kNanosPerMs) {
      window.since_ns = now.boot_ns;
      window.lines = 0;
    }
    if (window.lines == kMostLines) {
      ++window.left_out;
      return false;
    }
    ++window.lines;
    left_out = window.left_out;
    window.left_out = 0;
    return true;
  }

 private:
  struct Window {
    std::uint64_t since_ns = 0;
    std::uint64_t lines = 0;
    std::uint64_t left_out = 0;
  };
  std::map<std::string, Window> peers_;
};

}  // namespace aeromq::process
