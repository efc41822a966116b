// Names to addresses without waiting: the system's resolver blocks for as long as it likes, so it
// is asked in a thread of its own, at most one for each name, and whoever asked waits on a
// descriptor, or not at all. Nothing is cached: the system does that.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::transport {

/// One question. Several for the same name at one time share a thread and its answer.
class Resolution {
 public:
  /// Starts. An address is its own answer, at once and without a thread.
  explicit Resolution(const std::string& host);
  /// Readable once the answer is there, and from then on.
  int fd() const;
  bool done() const;
  /// The addresses, without brackets, in the resolver's order, each once. Error NOT_REACHED, in
  /// words that name the host. Precondition: done().
  Result<std::vector<std::string>> addresses() const;

 private:
  struct State;
  static std::shared_ptr<State> ask(const std::string& host);
  std::shared_ptr<State> state_;
};

/// Waits for the answer, up to `timeout_ms`.
Result<std::vector<std::string>> resolve(const std::string& host, int timeout_ms);

}  // namespace aeromq::transport
