#include "process/command_line.h"

#include <CLI/CLI.hpp>

#include "process/entry.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::process {
namespace {

int run(int argc, char** argv, const std::string& name, const std::vector<std::string>& kill_points,
        int (*serve)(const Settings&)) {
  register_kill_points(kill_points);
  if (list_kill_points(argc, argv)) return kExitOk;
  CLI::App app(name + ": one process of an aeromq control plane; `aeromq up` starts them all");
  std::string config;
  app.add_option("--config", config, "the settings file, aeromq.toml")->required();
  app.set_version_flag("--version", std::string(kBuild));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  start_log(name);
  const auto settings = read_settings(config);
  if (!settings) {
    fail_start(settings.error());
    return kExitUsage;
  }
  return serve(*settings);
}

}  // namespace

int control_plane_main(int argc, char** argv, const std::string& name,
                       const std::vector<std::string>& kill_points, int (*serve)(const Settings&)) {
  return enter(
      argc, argv, [&] { return run(argc, argv, name, kill_points, serve); }, Program::service);
}

int fail_start(const Error& error) {
  log_error("cannot_start", {{"code", error.code}, {"field", error.field}, {"why", error.message}});
  return kExitFault;
}

}  // namespace aeromq::process
