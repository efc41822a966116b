// A feed's binding end: an XPUB socket with the same authentication as a Listener. It never blocks:
// a subscriber that does not read loses events, nothing else. What is asked for is told to the
// owner, since each octet of a topic is memory and work of this process: bounding it is theirs.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/listener.h"

namespace aeromq::transport {

class Subscriber;

/// Not thread-safe: one thread owns a Publisher.
class Publisher {
 public:
  /// Errors as of Listener::bind.
  static Result<Publisher> bind(Context& context, const std::string& endpoint,
                                const ListenerOptions& options);
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;
  ~Publisher();

  /// To every subscriber that has room; 1 to 7 frames.
  void send(const std::vector<Bytes>& frames);

  /// One topic that is wanted, or wanted no more, by whom.
  struct Asked {
    std::size_t octets = 0;
    int fd = -1;  ///< as Incoming::fd; -1: nobody said it, the subscriber has gone
  };
  /// The next question that waits, if one does; never blocks. Ask again and again: what nobody
  /// reads is kept.
  std::optional<Asked> next_asked();
  /// True while somebody wants something, as far as next_asked() has told.
  bool has_audience() const;

 private:
  friend void wait_for_feed(const Publisher& to, Subscriber* from, int timeout_ms, int extra_fd);
  struct Impl;
  explicit Publisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Sleeps until `to` is asked something, `from` (if there is one) has an event, `extra_fd` is
/// readable, or the time is over.
void wait_for_feed(const Publisher& to, Subscriber* from, int timeout_ms, int extra_fd);

}  // namespace aeromq::transport
