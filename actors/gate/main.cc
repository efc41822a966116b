// aeromq-authority-gate: checks structure, then authority, of every submit and every confirm.
// Never trusts a field that the client filled in. SIGHUP: the principals are read again.
#include "actors/gate/authority_gate.h"
#include "actors/runtime/actor_main.h"
#include "process/log.h"

using namespace aeromq;

namespace {

Result<std::vector<Grant>> read_grants(const std::string& path) {
  const auto principals = process::read_principals(path);
  if (!principals) return fail(principals.error());
  std::vector<Grant> grants;
  for (const auto& principal : *principals) grants.push_back({principal.name, principal.authority});
  return grants;
}

class PrincipalsFile : public runtime::Boundary {
 public:
  PrincipalsFile(AuthorityGate& gate, std::string path) : gate_(gate), path_(std::move(path)) {}
  void hangup() override {
    const auto grants = read_grants(path_);
    if (grants)
      gate_.judge_by(*grants);
    else
      process::log_error("principals_stay_as_they_were", {{"why", grants.error().message}});
  }

 private:
  AuthorityGate& gate_;
  std::string path_;
};

int serve(const process::Settings& settings) {
  const auto grants = read_grants(settings.principals);
  if (!grants) return process::fail_start(grants.error());
  AuthorityGate gate(*grants);
  PrincipalsFile file(gate, settings.principals);
  auto host = runtime::join(AuthorityGate::kRole, settings);
  if (!host) return process::fail_start(host.error());
  return host->run(runtime::calls_of(gate), file);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<AuthorityGate>(argc, argv, serve); }
