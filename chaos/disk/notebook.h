// The history of one stack as its harness sees it, written by several threads: every event gets its
// place the moment it is noted, so an ask is noted before it is sent and an answer after it came.
#pragma once
#include <mutex>

#include "chaos/history/event.h"

namespace aeromq::chaos::disk {

class Notebook {
 public:
  /// Gives the event its place and its time.
  void note(Event event);
  History history() const;
  /// Answers of the control plane to clients (`told`), so far.
  std::uint64_t told() const;

 private:
  mutable std::mutex mutex_;
  History events_;
  std::uint64_t told_ = 0;
};

/// What the harness itself does: lane `harness` for a fault, `what` and its number.
Event harness_event(EventKind kind, std::string what, std::string text = {});

}  // namespace aeromq::chaos::disk
