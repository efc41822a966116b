// What holds up the stop of a primary.
#include "kernel/postgresql/sight/text.h"
#include "kernel/postgresql/sight/warnings.h"

namespace aeromq::postgresql::detail {
namespace {

/// "last archived 3 s before, 12 failures, the last 1 s before (0000000100000000000000A2)"
std::string history_text(const Archiver& archiver) {
  const auto seconds = [](std::uint64_t ms) { return std::to_string(ms / 1000) + " s before"; };
  auto text = archiver.archived == 0 ? std::string("nothing was archived so far")
                                     : "the last was archived " + seconds(archiver.archived_ms);
  if (archiver.failed == 0) return text + ", no failure";
  return text + ", " + std::to_string(archiver.failed) + " failures, the last " +
         seconds(archiver.failed_ms) + " (" + archiver.last_failed + ")";
}

}  // namespace

void add_stop(const NodeSample& node, Warnings& found) {
  if (!node.answered) return;
  const auto mode = value_of(node.setup.settings, "archive_mode");
  const auto waiting = node.agent ? node.agent->ready_segments : 0;
  const auto& archiver = node.setup.archiver;
  const bool fails = archiver.failed != 0 &&
                     (archiver.archived == 0 || archiver.failed_ms <= archiver.archived_ms);
  if ((mode == "on" || mode == "always") && (waiting != 0 || fails))
    found.add("ARCHIVER_BEHIND",
              "on " + node.node + " " + std::to_string(waiting) +
                  (waiting == 1 ? " WAL segment waits" : " WAL segments wait") +
                  " for the archiver (" + history_text(archiver) +
                  "): a fast shutdown waits for it, and nobody can write meanwhile");
  for (const auto& backup : node.backups)
    found.add("BACKUP_RUNNING",
              "a base backup (" +
                  (backup.application_name.empty() ? "unnamed" : backup.application_name) + ", " +
                  backup.phase + ") runs on " + node.node +
                  ": the shutdown ends it, and waits until it has ended");
}

}  // namespace aeromq::postgresql::detail
