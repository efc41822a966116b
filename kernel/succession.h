// Who is to follow: of a demotion whose successor was named, whether that node could be promoted
// once the primary has stopped in order. The same for every kernel; a kernel brings its promotion's
// checks twice, as they stand now and as they would stand after. No I/O, no clock.
#pragma once
#include <span>

#include "messages/kernel.h"

namespace aeromq::kernel {

struct Succession {
  Check ready;                 ///< SUCCESSOR_NOT_READY, one of the demotion's own checks
  std::vector<Check> preview;  ///< the successor's promotion as it stands now, for people
};

/// Ready: every check passes `now`, or is one of `by_the_stop` (those that only the stopped primary
/// can satisfy) and passes `later`. So whatever else stands behind a failing check still counts.
Succession succession(const std::string& primary, const std::string& successor,
                      const std::vector<Check>& now, const std::vector<Check>& later,
                      std::span<const std::string_view> by_the_stop);

}  // namespace aeromq::kernel
