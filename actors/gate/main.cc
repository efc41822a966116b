// aeromq-authority-gate: checks structure, then authority, of every submit and every confirm.
// Never trusts a field that the client filled in.
#include "actors/gate/authority_gate.h"
#include "actors/runtime/actor_main.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  const auto principals = process::read_principals(settings.principals);
  if (!principals) return process::fail_start(principals.error());
  std::vector<Grant> grants;
  for (const auto& principal : *principals) grants.push_back({principal.name, principal.authority});
  AuthorityGate gate(grants);
  return runtime::join_and_run(gate, settings);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<AuthorityGate>(argc, argv, serve); }
