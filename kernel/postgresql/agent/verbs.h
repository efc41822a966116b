// The verbs that a person runs beside the serving agent, on its host, as its user or as root.
#pragma once
#include <string>

#include "kernel/postgresql/settings.h"

namespace aeromq::postgresql {

/// Of the running agent; of a dead one what its files say. Exit code 0; 30 not known.
int show_status(const AgentSettings& settings, bool json);
/// 0 executed, 20 rejected, 30 not decided, or no claim here (final only with a higher promise).
int tell_outcome(const AgentSettings& settings, const std::string& request, bool json);
/// Start, stop: only the running agent touches the server. 0 done, 10 not done, 30 not known.
int order_start(const AgentSettings& settings, const std::string& reason,
                const std::string& accepted);
int order_stop(const AgentSettings& settings, const std::string& reason);
/// A new journal in the place of one that is gone; the agent must not run.
int begin_journal(const AgentSettings& settings, const std::string& reason);
/// Another register from now on; also while the agent does not run.
int bind_history(const AgentSettings& settings, const std::string& history,
                 const std::string& reason);
int list_journal(const AgentSettings& settings, bool json);

}  // namespace aeromq::postgresql
