// aeromq-confirmation-keeper: issues and consumes tokens. Its memory is the only place where they
// live: it ends, and they are void.
#include "actors/keeper/confirmation_keeper.h"
#include "actors/runtime/actor_main.h"
#include "process/entropy.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  ConfirmationKeeper keeper([] { return process::fresh<Token>(); }, settings.broker.token_ttl_ms,
                            settings.limits.pending);
  return runtime::join_and_run(keeper, settings);
}

}  // namespace

int main(int argc, char** argv) {
  return runtime::actor_main<ConfirmationKeeper>(argc, argv, serve);
}
