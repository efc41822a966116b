// From checks to a verdict, the same for every kernel: which reason an act is rejected with. No
// I/O, no clock; it knows no register.
#pragma once
#include <optional>

#include "messages/kernel.h"

namespace aeromq::kernel {

/// Why an act is rejected.
struct Rejection {
  std::string code;
  std::string text;
  std::vector<std::string> invariants;
  friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// FACTS_CHANGED (P7-A2): what was explained is not what is so.
Rejection facts_changed(std::string text);

/// The first check that fails and that no acknowledgement could help; else FACTS_CHANGED for the
/// first one that fails and is not among the acknowledged `overrides`. Nothing: nothing objects.
std::optional<Rejection> objection(const std::vector<Check>& checks,
                                   const std::vector<std::string>& overrides);

}  // namespace aeromq::kernel
