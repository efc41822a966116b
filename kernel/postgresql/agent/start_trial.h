// Whether the server could start again, tried without starting it: what `postgres -C` makes of its
// settings with the agent's own options, and what lies where those settings point.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "kernel/postgresql/agent/child.h"
#include "kernel/postgresql/agent_protocol.h"

namespace aeromq::postgresql {

/// The settings that a start would read, by name; or PostgreSQL's words on why it cannot.
struct TriedSettings {
  bool tried = false;
  std::string refused;
  std::map<std::string, std::string> values;
  friend bool operator==(const TriedSettings&, const TriedSettings&) = default;
};

/// Runs `postgres -D data <options> -C name` for each, exactly as pg_ctl would word it; bounded.
TriedSettings try_settings(const std::string& bin, const std::string& data,
                           const std::string& options);

/// Reads the output of such a run.
TriedSettings read_trial(const ChildEnd& end);

/// Where the server is and what its replay needs.
struct StartPlace {
  std::string data;
  std::string bin;
  std::vector<ServerSetting> needs;  ///< by the control file
};

/// The trial as a status tells it: settings, then files and limits with the agent's own eyes.
StartTrial judge_start(const TriedSettings& tried, const StartPlace& place);

/// Every settings file that a start would read, from this one on: includes and their folders.
std::vector<std::string> settings_files(const std::string& config_file, const std::string& data);

}  // namespace aeromq::postgresql
