// What every run of this rung has beside its own faults: who may do what, a handful of seeded
// actions, and, once all is healed, the questions that must be answered and the reading back.
#pragma once
#include "chaos/network/people.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::network {

/// How one run is told apart and where it leaves what it made.
struct RunOptions {
  std::filesystem::path bin_dir;
  std::filesystem::path dir;
  std::uint64_t seed = 0;
};

class Scene {
 public:
  /// `direct` leads to the broker past all faults.
  Scene(Stack& stack, Chronicle& chronicle, Way direct);

  /// One action, drawn from `choices`, by `people`.
  void act(Choices& choices, People& people);
  /// Waits for a moment, but not for long, until every part is there.
  void pause_for_parts();
  /// SIGSTOP until resumed.
  void stop_kernel();
  void resume_kernel();

  /// After the heal: waits until everything serves, calls `end_epoch` so that every outcome becomes
  /// final, asks for each outcome, stops the stack and reads everything back.
  void finish(const std::set<std::string>& requests, const std::function<void()>& end_epoch);

 private:
  std::optional<Status> status();
  bool settle(std::uint64_t above_epoch, int timeout_ms);
  void say_policy();
  void read_back();
  void tell_crashes();

  Stack& stack_;
  Chronicle& chronicle_;
  Way direct_;
  People bystanders_;
  std::optional<client::Client> observer_;
  std::uint64_t epoch_ = 0;
  pid_t kernel_ = -1;
};

}  // namespace aeromq::chaos::network
