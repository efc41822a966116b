// The command classes of the drills: each drives one command through the real road and says what
// the person was told. Together they reach every kill point that the programs list.
#pragma once
#include <functional>

#include "chaos/kill/scene.h"

namespace aeromq::chaos {

struct CommandClass {
  std::string name;
  /// Brings the cluster to where the command makes sense; nothing is armed yet.
  std::function<bool(Scene&)> prepare;
  std::function<Attempt(Scene&)> run;
  /// It ends a process itself and waits for the next run of it: it needs a supervisor at work.
  bool restarts = false;
};

const std::vector<CommandClass>& command_classes();
/// By its whole name; nullptr if there is none.
const CommandClass* command_class(const std::string& name);

}  // namespace aeromq::chaos
