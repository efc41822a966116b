// Whose turn it is: each address in turn, and of one address who has waited longest. Pure.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "door/caps.h"

namespace aeromq::door {

class Turns {
 public:
  void add(Caps::Id id, const std::string& address) { waiting_[address].push_back(id); }
  /// The next one, who waits no more; who has left meanwhile is the caller's to see.
  std::optional<Caps::Id> next() {
    if (waiting_.empty()) return std::nullopt;
    auto at = waiting_.upper_bound(last_);
    if (at == waiting_.end()) at = waiting_.begin();
    last_ = at->first;
    const auto id = at->second.front();
    at->second.pop_front();
    if (at->second.empty()) waiting_.erase(at);
    return id;
  }

 private:
  std::map<std::string, std::deque<Caps::Id>> waiting_;
  std::string last_;
};

}  // namespace aeromq::door
