// aeromq-audit-writer: appends, makes durable, then passes on. Never acknowledges before
// durability, never writes after an error (exit 70: its supervisor leaves it dead).
#include <chrono>
#include <thread>

#include "actors/runtime/actor_main.h"
#include "actors/writer/audit_writer.h"
#include "actors/writer/log_boundary.h"
#include "audit/clock_witness.h"
#include "process/clock.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"

using namespace aeromq;

namespace {

/// Opens the log. A disk without room for a run's first segment is waited for, and told once: a
/// writer that ended instead would have to be started again by a person.
Result<std::unique_ptr<audit::LogWriter>> open_log(const process::Settings& settings,
                                                   const audit::LogWriterOptions& options) {
  constexpr auto kLookEvery = std::chrono::seconds(1);
  const auto has_room = [&] {
    const auto free = audit::free_octets(settings.audit.dir);
    return !free || *free > options.first_segment_bytes;
  };
  for (;;) {
    auto log = audit::LogWriter::open(settings.audit.dir, options, process::now());
    if (log || has_room()) return log;
    process::log_error("waiting_for_room",
                       {{"why", "the disk of " + settings.audit.dir + " is full"}});
    while (!has_room()) std::this_thread::sleep_for(kLookEvery);
  }
}

int serve(const process::Settings& settings) {
  audit::LogWriterOptions options;
  options.segment_bytes = settings.audit.segment_bytes;
  options.version = process::kBuild;
  options.watermark = settings.audit.watermark;
  options.at_step = [](const char* step) {
    process::kill_point(std::string("audit-writer.log.") + step);
  };
  auto log = open_log(settings, options);
  if (!log) {
    process::fail_start(log.error());
    return process::kExitPoisoned;
  }
  auto& writer = **log;
  LogBoundary boundary(writer, settings.audit.dir);
  // Before the broker knows of us: it may read the whole log, and who is silent counts as dead.
  if (auto caught_up = boundary.catch_up(); !caught_up) {
    process::fail_start(caught_up.error());
    return process::kExitPoisoned;
  }
  const auto before_ns = writer.report().wall_ns;
  if (const auto back = audit::wall_clock_behind(before_ns, process::now().wall_ns))
    process::log_warning("clock_went_back", {{"by", *back}});
  auto host = runtime::join(AuditWriter::kRole, settings);
  if (!host) return process::fail_start(host.error());
  AuditWriter core(writer.next_seq(), to_hex(host->boot().octets),
                   [&boundary] { return boundary.room(); });
  if (auto begun = boundary.persist(core.begin(process::now(), before_ns).records); !begun) {
    process::fail_start(begun.error());
    return process::kExitPoisoned;
  }
  const int code = host->run(runtime::calls_of(core), boundary);
  if (code == process::kExitPoisoned) return code;
  if (!boundary.persist(core.end(process::now()).records) || !writer.close(process::now()))
    return process::kExitPoisoned;
  return code;
}

std::vector<std::string> kill_points() {
  auto names = runtime::kill_point_names(AuditWriter::kRole, AuditWriter::accepts());
  for (const auto* step : {"before_write", "after_write", "before_sync", "after_sync", "rotate"})
    names.push_back(std::string("audit-writer.log.") + step);
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  return process::control_plane_main(argc, argv, "aeromq-audit-writer", kill_points(), serve);
}
