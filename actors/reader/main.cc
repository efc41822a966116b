// aeromq-audit-reader: answers auditors from the files, up to the durable watermark, so that the
// audit writer does nothing but write. Never writes.
#include "actors/reader/audit_reader.h"
#include "actors/runtime/actor_main.h"
#include "audit/log_reader.h"
#include "audit/query.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  // Opened with the first query: the writer of a new directory may still be making the log.
  std::optional<audit::LogReader> log;
  AuditReader reader([&](const AuditQuery& query) -> Result<AuditPage> {
    if (!log) {
      auto opened = audit::LogReader::open(settings.audit.dir, {settings.audit.watermark});
      if (!opened) return fail(opened.error());
      log = std::move(*opened);
    }
    return audit::answer_query(*log, query);
  });
  return runtime::join_and_run(reader, settings);
}

}  // namespace

int main(int argc, char** argv) { return runtime::actor_main<AuditReader>(argc, argv, serve); }
