// What each process of the bare model runs, for ever; the driver ends them.
#pragma once
#include "bench/bare/sockets.h"
#include "bench/slice.h"

namespace aeromq::bench {

/// Binds both endpoints, waits for five actors, writes one line to standard output, forwards.
[[noreturn]] void run_broker(const Places& places, const Keys& keys);

/// Gate, explainer, keeper: every message goes back as it came.
[[noreturn]] void run_forwarder(const Places& places, Role role);

/// As above, with one call to the kernel process between.
[[noreturn]] void run_dispatcher(const Places& places);

/// Two records per visit (one for an outcome), one pwrite and one fdatasync per drained batch.
[[noreturn]] void run_writer(const Places& places);

/// Answers calls over a unix socket; an act is one SQLite transaction under synchronous=FULL.
[[noreturn]] void run_kernel(const Places& places);

/// The client: one CURVE connection, many requests outstanding.
class Client {
 public:
  Client(const Places& places, const Keys& keys);
  Measured load(const Slice& slice);

 private:
  void begin(Kind kind, std::uint64_t slot);

  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace aeromq::bench
