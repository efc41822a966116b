// aeromq-dispatcher: the kernel boundary. The only process that opens a kernel connection for the
// road; one connection = one epoch. Broken or fenced, it ends: it never opens again by itself.
#include "actors/dispatcher/dispatcher.h"
#include "actors/runtime/actor_main.h"
#include "kernel/embedded_link.h"
#include "process/exit_codes.h"
#include "process/log.h"

using namespace aeromq;

namespace {

class KernelBoundary final : public runtime::Boundary {
 public:
  explicit KernelBoundary(kernel::EmbeddedLink link) : link_(std::move(link)) {}

  void call(const KernelCall& call) override { link_.send(call); }

  std::vector<KernelAnswer> answers() override {
    std::vector<KernelAnswer> all;
    while (auto answer = link_.receive()) {
      // Another dispatcher, or a person, opened a newer epoch: ours is over for good.
      if (answer->kind == CallKind::act && answer->act.status == ActStatus::refused &&
          answer->act.code == "STALE_EPOCH")
        fenced_ = true;
      all.push_back(std::move(*answer));
    }
    return all;
  }
  bool alive() override { return !fenced_ && link_.alive(); }
  int exit_code() const override {
    return fenced_ ? process::kExitFenced : process::kExitFault;
  }
  int fd() const override { return link_.fd(); }

 private:
  kernel::EmbeddedLink link_;
  bool fenced_ = false;
};

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
  KernelBoundary boundary(std::move(*link));
  return host->run(runtime::calls_of(core), boundary);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<Dispatcher>(argc, argv, serve); }
