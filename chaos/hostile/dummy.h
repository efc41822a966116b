// What stands in for the product in the control run: doors that let everybody in, greet, say BUSY
// to whatever is asked, and do no work. The same attackers at it show what the machine itself costs
// an honest person.
#pragma once
#include "chaos/hostile/arena.h"

namespace aeromq::chaos::hostile {

/// The arena of a dummy in `folder` whose doors for tcp are `port` and the next.
Arena dummy_arena(const Arena& like, const std::string& folder, unsigned port,
                  const transport::KeyPair& server);

/// Binds the doors of dummy_arena(), prints "ready", and serves until SIGTERM.
int serve_dummy(const std::string& folder, unsigned port, const transport::KeyPair& server);

}  // namespace aeromq::chaos::hostile
