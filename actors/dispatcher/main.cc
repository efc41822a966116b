// aeromq-dispatcher: the kernel boundary. The only process that opens a kernel connection for the
// road; one connection = one epoch. Broken or fenced, it ends: it never opens again by itself.
#include "actors/dispatcher/dispatcher.h"
#include "actors/dispatcher/kernel_boundary.h"
#include "actors/runtime/actor_main.h"
#include "kernel/embedded_link.h"
#include "process/log.h"
#include "process/newest_fact_file.h"

using namespace aeromq;

namespace {

Result<kernel::EmbeddedLink> open(const process::Settings& settings) {
  return kernel::EmbeddedLink::open(settings.kernel.socket,
                                    static_cast<std::uint8_t>(settings.dispatcher.id));
}

/// The register's fencing epoch. Asked beside the connection that acts, and before the broker
/// counts on this process: a look at a cluster takes its deadlines. Without an answer this process
/// ends and the next one asks.
Result<std::uint64_t> fencing_epoch(const process::Settings& settings) {
  constexpr int kLookMs = 6'000;
  auto link = kernel::EmbeddedLink::look(settings.kernel.socket);
  if (!link) return fail(link.error());
  const auto seen = link->ask({}, kLookMs);
  if (!seen) return fail(seen.error());
  return seen->snapshot.fencing_epoch;
}

int serve(const process::Settings& settings) {
  const auto fact = process::read_newest_fact(settings.audit.dir);
  if (!fact) return process::fail_start(fact.error());
  const auto known = fact->value_or(NewestFact{});
  const Result<std::uint64_t> now_at = known.known() ? fencing_epoch(settings) : 0;
  if (!now_at) return process::fail_start(now_at.error());
  // First the broker's leave, then the kernel's epoch: a second dispatcher is refused before it
  // could fence the first.
  auto host = runtime::join(Dispatcher::kRole, settings);
  if (!host) return process::fail_start(host.error());
  auto link = open(settings);
  if (!link) return process::fail_start(link.error());
  const auto older = older_than_log(known, link->opened(), *now_at);
  if (!older.empty()) process::log_error("register_older", {{"why", older}});
  // Ids of an epoch that stands in the log would be made twice.
  while (link && is_used(known, link->opened())) link = open(settings);
  if (!link) return process::fail_start(link.error());
  host->say(link->opened());
  process::log_info("opened", {{"epoch", std::to_string(link->opened().epoch)}});
  Dispatcher core;
  KernelBoundary<kernel::EmbeddedLink> boundary(std::move(*link), older);
  return host->run(runtime::calls_of(core), boundary);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<Dispatcher>(argc, argv, serve); }
