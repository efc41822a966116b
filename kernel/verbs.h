// The verbs of aeromq-kernel that a person or a script runs beside the serving process. None of
// them acts; fence, lower-acknowledged and renew-history are explicit orders outside the ten
// commands.
#pragma once
#include <string>

#include "kernel/protocol.h"
#include "process/settings.h"

namespace aeromq::kernel {

enum class Output { text, json };

int show(const process::Settings& settings, Output output);
/// Exit codes as `aeromq-ctl outcome`: 0 executed, 20 rejected, 10 not executed (final), else 30.
int tell_outcome(const process::Settings& settings, const std::string& request, Output output);
int order_fence(const process::Settings& settings, std::uint64_t dispatcher,
                const std::string& reason);
/// Lowers what the last primary's reports raised, in the running kernel. `to`: octets, decimal or
/// as `show` prints a position.
int lower_acknowledged(const process::Settings& settings, const std::string& to,
                       const std::string& reason);
/// With the kernel stopped, and no register there: a person begins a new one on purpose. `holder`:
/// who has write authority in it, of the embedded kernel; for PostgreSQL empty, a look will tell.
int begin_register(const process::Settings& settings, const std::string& reason,
                   const std::string& holder, std::uint64_t least_fencing_epoch);
int renew_history(const process::Settings& settings, std::uint64_t least_fencing_epoch);
/// PostgreSQL only, with the kernel stopped: the journal of that node's agent is gone for good.
/// What was granted there and is not settled stays unknown; the next journal that is seen is the
/// one.
int forget_journal(const process::Settings& settings, const std::string& node,
                   const std::string& reason);
/// PostgreSQL only, with the kernel stopped: a person has dealt with what this alarm told of.
int clear_alarm(const process::Settings& settings, std::uint64_t number, const std::string& reason);
/// The report's fencing epoch 0: the one that the kernel names when asked just before.
int send_report(const std::string& node_file, NodeReport report);
/// Prints "primary 7" or "replica 7"; exit 0 primary, 10 replica, 30 not known.
int ask_role(const std::string& node_file);

}  // namespace aeromq::kernel
