// aeromq-broker: the meeting point of the control plane. Never holds authority, queues a mutation
// for nobody, or retries.
#include <unistd.h>

#include <map>
#include <set>
#include <utility>

#include "broker/shell.h"
#include "process/clock.h"
#include "process/command_line.h"
#include "process/entropy.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/settings.h"
#include "transport/zap.h"

using namespace aeromq;

namespace {

// Who may connect where, and as whom. The user id of a client is its principal (B2).
std::map<std::string, transport::ZapRules> zap_rules(const std::vector<process::Principal>& known) {
  std::map<std::string, transport::ZapRules> domains;
  domains["control"].uids = {getuid()};
  auto& clients = domains["clients"];
  for (const auto& principal : known) clients.keys[principal.key] = principal.name;
  return domains;
}

using Keys = std::map<std::string, std::string>;  // key -> principal

/// Reads the principals again: who may connect from now on. Returns whose keys are good no more.
std::set<std::string> read_again(const process::Settings& settings, transport::Context& context,
                                 Keys& keys) {
  const auto principals = process::read_principals(settings.principals);
  if (!principals) {
    process::log_error("principals_stay_as_they_were", {{"why", principals.error().message}});
    return {};
  }
  auto clients = zap_rules(*principals)["clients"];
  const auto before = std::exchange(keys, clients.keys);
  context.replace("clients", std::move(clients));
  std::set<std::string> withdrawn;
  for (const auto& [key, principal] : before)
    if (const auto still = keys.find(key); still == keys.end() || still->second != principal)
      withdrawn.insert(principal);
  process::log_info("principals_read_again", {{"withdrawn", withdrawn.size()}});
  return withdrawn;
}

int serve(const process::Settings& settings) {
  const auto lock = process::LockFile::take(settings.run + "/broker.lock");
  if (!lock) return process::fail_start(lock.error());
  const auto principals = process::read_principals(settings.principals);
  if (!principals) return process::fail_start(principals.error());
  const auto keys = process::read_key_pair(settings.broker.keys);
  if (!keys) return process::fail_start(keys.error());
  auto context = transport::Context::start(zap_rules(*principals));
  if (!context) return process::fail_start(context.error());

  broker::ShellOptions options;
  options.control = settings.broker.control;
  options.clients = process::inner_clients_endpoint(settings);
  options.board = process::board_file(settings);
  options.events = process::events_endpoint(settings);
  options.secret_key = keys->secret_key;
  options.heartbeat_ms = static_cast<int>(settings.broker.heartbeat_ms);
  options.open_of_client = static_cast<int>(settings.limits.open_of_connection);
  auto shell = broker::Shell::open(**context, options);
  if (!shell) return process::fail_start(shell.error());

  broker::BrokerOptions core;
  core.boot = process::fresh<BootId>();
  core.build = process::kBuild;
  core.heartbeat_ms = settings.broker.heartbeat_ms;
  core.stage_timeout_ms = settings.broker.stage_timeout_ms;
  core.token_ttl_ms = settings.broker.token_ttl_ms;
  core.lease_ms = settings.broker.lease_ms;
  core.limits = settings.limits;
  broker::Broker broker(std::move(core), process::now());
  auto known = zap_rules(*principals)["clients"].keys;
  shell->run(broker, [&] { return read_again(settings, **context, known); });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return process::control_plane_main(argc, argv, "aeromq-broker", broker::kill_point_names(),
                                     serve);
}
