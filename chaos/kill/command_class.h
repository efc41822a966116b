// The command classes of the kill matrix: each drives one command through the real road and says
// what the person was told. Together they reach every kill point that the programs list.
#pragma once
#include <functional>

#include "chaos/stack/stack.h"

namespace aeromq::chaos {

/// One command as its person saw it.
struct Attempt {
  std::string request;     ///< text id, if one was told
  bool mutation = false;   ///< promotion, demotion or forced promotion
  bool confirmed = false;  ///< a confirmation was sent: only then may anything have executed
  int exit_code = -1;
  std::string words;  ///< what it printed, for the report
};

struct CommandClass {
  std::string name;
  /// Brings the cluster to where the command makes sense; nothing is armed yet.
  std::function<bool(Stack&)> prepare;
  std::function<Attempt(Stack&)> run;
};

const std::vector<CommandClass>& command_classes();

}  // namespace aeromq::chaos
