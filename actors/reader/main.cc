// aeromq-audit-reader: answers auditors from the files, up to the durable watermark, so that the
// audit writer does nothing but write. Never writes.
#include <cstdlib>

#include "actors/reader/audit_reader.h"
#include "actors/reader/log_boundary.h"
#include "actors/runtime/actor_main.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  static LogDesk log(settings.audit.dir, settings.audit.watermark);
  AuditReader reader(log.desk());
  const int code = runtime::join_and_run(reader, settings);
  std::_Exit(code);  // a scan that goes on has nobody to answer
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<AuditReader>(argc, argv, serve); }
