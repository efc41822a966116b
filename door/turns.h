// Whose turn it is: each address in turn, and of one address who has waited longest. Pure.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "door/caps.h"

namespace aeromq::door {

class Turns {
 public:
  void add(Caps::Id id, const std::string& address) { waiting_[address].push_back(id); }
  /// It could not go yet: it is the first of its address again.
  void add_first(Caps::Id id, const std::string& address) { waiting_[address].push_front(id); }
  /// The next one that is of none of these addresses, who waits no more; who has left meanwhile is
  /// the caller's to see.
  std::optional<Caps::Id> next(const std::set<std::string>& but = {}) {
    auto at = waiting_.upper_bound(last_);
    for (std::size_t i = 0; i < waiting_.size(); ++i, ++at) {
      if (at == waiting_.end()) at = waiting_.begin();
      if (but.contains(at->first)) continue;
      last_ = at->first;
      const auto id = at->second.front();
      at->second.pop_front();
      if (at->second.empty()) waiting_.erase(at);
      return id;
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, std::deque<Caps::Id>> waiting_;
  std::string last_;
};

}  // namespace aeromq::door
