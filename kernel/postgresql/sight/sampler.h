// Looks at the whole cluster at once: every node over libpq, every agent over its link, all in
// parallel, each with its own deadline. One slow or dead node delays a look by the connect deadline
// at most and is then shown as it is: not answered. Reads only.
#pragma once
#include <memory>

#include "kernel/postgresql/sample.h"
#include "kernel/postgresql/settings.h"
#include "transport/keys.h"

namespace aeromq::postgresql {

/// Keeps its connections from look to look. Not thread-safe: one thread owns it.
class Sampler {
 public:
  /// `own`: the key pair that agents know, the kernel's or another agent's.
  Sampler(ClusterSettings cluster, transport::KeyPair own);
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  ~Sampler();

  /// Blocks until every node and agent has answered or run out of its time.
  ClusterSample look();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::postgresql
