// aeromq-dispatcher: the kernel boundary. The only process that opens a kernel connection for the
// road; one connection = one epoch. Broken or fenced, it ends: it never opens again by itself.
#include "actors/dispatcher/dispatcher.h"
#include "actors/dispatcher/kernel_boundary.h"
#include "actors/runtime/actor_main.h"
#include "kernel/embedded_link.h"
#include "process/log.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  // First the broker's leave, then the kernel's epoch: a second dispatcher is refused before it
  // could fence the first.
  auto host = runtime::join(Dispatcher::kRole, settings);
  if (!host) return process::fail_start(host.error());
  auto link = kernel::EmbeddedLink::open(settings.kernel.socket,
                                         static_cast<std::uint8_t>(settings.dispatcher.id));
  if (!link) return process::fail_start(link.error());
  host->say(link->opened());
  process::log_info("opened", {{"epoch", std::to_string(link->opened().epoch)}});
  Dispatcher core;
  KernelBoundary<kernel::EmbeddedLink> boundary(std::move(*link));
  return host->run(runtime::calls_of(core), boundary);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<Dispatcher>(argc, argv, serve); }
