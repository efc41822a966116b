#include "client/ctl/link.h"

#include "process/kill_point.h"

namespace aeromq::ctl {
namespace {
std::string point(const char* step) { return std::string("client.") + step; }
}  // namespace

std::vector<std::string> kill_point_names() {
  std::vector<std::string> names;
  for (const auto* step : client::observed_steps()) names.push_back(point(step));
  return names;
}

Result<client::Client> open_client(const Common& common) {
  if (common.config.empty())
    return fail(make_error(ErrorCode::invalid_input, "no client file: -c FILE or AEROMQ_CONFIG",
                           std::string("config")));
  auto settings = client::read_settings(common.config);
  if (!settings) return fail(settings.error());
  settings->name = "aeromq-ctl";
  return client::Client::connect(*settings, {},
                                 [](const char* step) { process::kill_point(point(step)); });
}

}  // namespace aeromq::ctl
