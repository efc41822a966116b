#include "actors/reader/log_boundary.h"

#include <utility>

#include "process/clock.h"

namespace aeromq {

LogDesk::LogDesk(std::string dir, std::string watermark)
    : dir_(std::move(dir)), watermark_(std::move(watermark)) {}

AuditReader::Desk LogDesk::desk() {
  return {[this](const RequestId& request, const AuditQuery& query) { return ask(request, query); },
          [this] { return answered(); }};
}

bool LogDesk::ask(const RequestId& request, const AuditQuery& query) {
  std::unique_lock lock(mutex_);
  // Not before the actor runs: they are to inherit its blocked signals.
  if (!std::exchange(begun_, true))
    for (std::size_t i = 0; i < kThreads; ++i) std::thread([this] { work(); }).detach();
  if (waiting_.size() >= kMostWaiting) return false;
  waiting_.push_back({request, query});
  asked_.notify_one();
  ready_.wait_for(lock, std::chrono::milliseconds(kShortMs), [this] { return !done_.empty(); });
  return true;
}

std::vector<AuditReader::Answered> LogDesk::answered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(done_, {});
}

void LogDesk::work() {
  std::optional<audit::LogReader> log;
  for (;;) {
    std::unique_lock lock(mutex_);
    asked_.wait(lock, [this] { return !waiting_.empty(); });
    const auto asked = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto page = look_up(log, asked.query);
    lock.lock();
    done_.push_back({asked.request, std::move(page)});
    ready_.notify_all();
  }
}

Result<AuditPage> LogDesk::look_up(std::optional<audit::LogReader>& log, const AuditQuery& query) {
  // Opened with the first query: the writer of a new directory may still be making the log.
  if (!log) {
    auto opened = audit::LogReader::open(dir_, {watermark_});
    if (!opened) return fail(opened.error());
    log = std::move(*opened);
  }
  const auto until = after_ms(process::now(), kPageMs);
  const auto enough = [until] { return process::now().boot_ns >= until.boot_ns; };
  return audit::answer_query(*log, query, enough, &jobs_);
}

}  // namespace aeromq
