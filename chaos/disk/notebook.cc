#include "chaos/disk/notebook.h"

#include "process/clock.h"

namespace aeromq::chaos::disk {

void Notebook::note(Event event) {
  const std::lock_guard lock(mutex_);
  event.seq = events_.size() + 1;
  event.at_ns = process::now().boot_ns;
  if (event.kind == EventKind::told) ++told_;
  events_.push_back(std::move(event));
}

History Notebook::history() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::uint64_t Notebook::told() const {
  const std::lock_guard lock(mutex_);
  return told_;
}

Event harness_event(EventKind kind, std::string what, std::string text) {
  Event event;
  event.kind = kind;
  event.lane = kind == EventKind::fault ? "disk" : "harness";
  event.what = std::move(what);
  event.text = std::move(text);
  return event;
}

}  // namespace aeromq::chaos::disk
