// What each node said last: a reader's memory, so that a person can be told how old the last word
// of a silent node is. Never evidence. Pure.
#pragma once
#include <map>

#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

class Memory {
 public:
  /// Keeps what answered, and tells `sample` of each node that did not when it last did.
  void note(ClusterSample& sample);

 private:
  struct Seen {
    LastSeen what;
    std::uint64_t at_ms = 0;
  };
  std::map<std::string, Seen> seen_;
};

}  // namespace aeromq::postgresql
