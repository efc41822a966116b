// `aeromq-kernel serve` for a PostgreSQL cluster: the main thread has register and clients and
// never blocks; a thread looks, one acts and settles, one asks.
#pragma once
#include "process/settings.h"

namespace aeromq::postgresql {

/// Takes the lifetime lock, starts, says ready, serves until SIGTERM or SIGINT. Returns the exit
/// code of a start that failed; a service that was up ends the process itself, since a thread may
/// be in a call of minutes.
int serve(const process::Settings& settings);

}  // namespace aeromq::postgresql
