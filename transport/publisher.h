// The observer feed's binding end: a PUB socket beside the road, with the same authentication as
// a Listener. It never blocks: an observer that does not read loses events, nothing else.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "transport/listener.h"

namespace aeromq::transport {

/// Not thread-safe: one thread owns a Publisher.
class Publisher {
 public:
  /// Errors as of Listener::bind.
  static Result<Publisher> bind(Context& context, const std::string& endpoint,
                                const ListenerOptions& options);
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;
  ~Publisher();

  /// To every observer that has room; 1 to 7 frames.
  void send(const std::vector<Bytes>& frames);

 private:
  struct Impl;
  explicit Publisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::transport
