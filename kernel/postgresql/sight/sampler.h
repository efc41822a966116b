// Looks at the whole cluster at once: every node over libpq, every agent over its link, all in
// parallel, each with its own deadline. One slow or dead node delays a look by the connect deadline
// at most and is then shown as it is: not answered. Reads only.
#pragma once
#include <memory>

#include "kernel/postgresql/sample.h"
#include "kernel/postgresql/settings.h"
#include "transport/keys.h"

namespace aeromq::postgresql {

/// What a look asks for beyond the facts that every rule needs.
enum class Depth : std::uint8_t { facts, wal, backups };

struct LookOptions {
  Depth depth = Depth::facts;
  /// An agent that looks does not ask itself: this is its own word on its own node.
  std::optional<AgentStatus> own;
};

/// Keeps an ordinary connection to each node from look to look; a replication connection it opens
/// only for the looks that need one (known_timeline.h). Not thread-safe: one thread owns it; each
/// agent's link has a thread of its own inside, which ends with the sampler, at most one connect
/// deadline later.
class Sampler {
 public:
  /// `own`: the key pair that agents know, the kernel's or another agent's.
  Sampler(ClusterSettings cluster, transport::KeyPair own);
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  ~Sampler();

  /// Blocks until every node and agent has answered or run out of its time.
  ClusterSample look(const LookOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::postgresql
