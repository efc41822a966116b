// A closed loop of requests over one client connection: audited inspections, or mutations that a
// program confirms as soon as it is asked.
#pragma once
#include <map>

#include "bench/slice.h"
#include "client/client.h"

namespace aeromq::bench {

/// Who to demote or promote next. A mutation counts when it was confirmed, dispatched and answered
/// by the kernel, whatever its verdict: the road is the same.
class Turns {
 public:
  /// The next command, as far as is known of who holds write authority.
  Submit next();
  void executed(const Submit& command);
  void rejected(const Submit& command);

 private:
  std::string holder_ = "a";  // the first node of a new kernel is primary
  std::size_t next_ = 0;
};

class Load {
 public:
  explicit Load(client::Client client) : client_(std::move(client)) {}
  /// Ends the program when the connection has ended: there is nothing left to measure.
  Measured run(const Slice& slice);

 private:
  struct Open {
    Clock::time_point begun;
    Submit command;
  };
  void begin(const Slice& slice);
  bool take(client::Answered answered, Measured& measured);

  client::Client client_;
  Turns turns_;
  std::map<RequestId, Open> open_;
};

}  // namespace aeromq::bench
