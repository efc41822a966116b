// aeromq-explainer: (command, snapshot) -> explanation. Never speaks to the kernel, never advises.
#include "actors/explainer/explainer.h"
#include "actors/runtime/actor_main.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  Explainer explainer;
  return runtime::join_and_run(explainer, settings);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<Explainer>(argc, argv, serve); }
