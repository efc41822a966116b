#include "chaos/postgresql/observer.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>

#include "chaos/postgresql/sql.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::postgresql {
namespace {

constexpr int kPaceMs = 15;
// The timeline is that of the WAL that is being written; on a standby the function would fail.
constexpr const char* kQuestion =
    "SELECT pg_is_in_recovery(), pg_postmaster_start_time(), CASE WHEN pg_is_in_recovery() THEN '' "
    "ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END";

}  // namespace

std::vector<std::string> double_primaries(const std::vector<WritableSpan>& spans) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < spans.size(); ++i)
    for (std::size_t j = i + 1; j < spans.size(); ++j) {
      const auto& one = spans[i];
      const auto& other = spans[j];
      if (one.node == other.node) continue;
      if (one.from_ns <= other.to_ns && other.from_ns <= one.to_ns)
        found.push_back(fmt::format("{} (timeline {}) and {} (timeline {}) were writable at once",
                                    one.node, one.timeline, other.node, other.timeline));
      else if (one.timeline == other.timeline)
        found.push_back(fmt::format("timeline {} was written by {} and by {}", one.timeline,
                                    one.node, other.node));
    }
  return found;
}

Observer::Observer(const Cluster& cluster) {
  for (const auto& server : cluster.servers())
    threads_.emplace_back([this, server, url = cluster.url_of(server)](
                              const std::stop_token& stop) { watch(stop, server, url); });
}
Observer::~Observer() {
  for (auto& thread : threads_) thread.request_stop();
}

void Observer::watch(const std::stop_token& stop, const Server& server, const std::string& url) {
  std::optional<Session> session;
  for (; !stop.stop_requested(); ::poll(nullptr, 0, kPaceMs)) {
    if (!session || !session->alive()) session.emplace(url);
    if (!session->alive()) continue;
    const auto sent = boot_now();
    const auto rows = session->ask(kQuestion);
    if (!rows || rows->size() != 1) continue;
    const auto& row = rows->front();
    WritableSpan seen{server.name, row[1], 0, boot_now(), sent};
    if (row[0] == "f" && !row[2].empty()) seen.timeline = std::stoull(row[2], nullptr, 16);
    take(seen);
  }
}

void Observer::take(const WritableSpan& seen) {
  const std::lock_guard lock(mutex_);
  ++samples_;
  if (seen.timeline == 0) return;
  for (auto& span : spans_)
    if (span.node == seen.node && span.started == seen.started && span.timeline == seen.timeline) {
      span.to_ns = std::max(span.to_ns, seen.to_ns);
      return;
    }
  spans_.push_back(seen);
}

std::vector<WritableSpan> Observer::spans() const {
  const std::lock_guard lock(mutex_);
  return spans_;
}
std::uint64_t Observer::samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace aeromq::chaos::postgresql
