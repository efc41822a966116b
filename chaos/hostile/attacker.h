// One attack in a process of its own, which gives way to everybody else on its core: what is
// measured is what the product makes of it, not who got the processor.
#pragma once
#include <memory>
#include <tl/expected.hpp>

#include "chaos/hostile/attack.h"
#include "chaos/stack/child.h"

namespace aeromq::chaos::hostile {

/// Started by start_attack(): leads the attack in this process and prints its Load.
int lead_attack(const std::string& name, const std::string& arena_file, int milliseconds);

/// Keeps the arena in a file that is ours alone; throws std::runtime_error.
void write_arena(const std::string& file, const Arena& arena);

/// An attack that goes on beside the caller.
class Attacker {
 public:
  Attacker(const std::string& program, const Attack& attack, const std::string& arena_file,
           int milliseconds);
  /// Waits for its end. Else how it ended, in words.
  tl::expected<Load, std::string> wait();

 private:
  int milliseconds_;
  std::unique_ptr<Child> child_;
};

}  // namespace aeromq::chaos::hostile
