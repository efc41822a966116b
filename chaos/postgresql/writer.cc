#include "chaos/postgresql/writer.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "chaos/postgresql/sql.h"
#include "chaos/stack/recorder.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::postgresql {
namespace {

constexpr int kPaceMs = 4;
constexpr int kAgainMs = 20;
constexpr double kNsPerMs = 1e6;

}  // namespace

Writer::Writer(std::string url) : url_(std::move(url)) {
  Session session(url_);
  const auto made = session.run("CREATE TABLE IF NOT EXISTS written (id bigint PRIMARY KEY)");
  if (!made.done) throw std::runtime_error("the writer has no table: " + session.error());
  thread_ = std::jthread([this](const std::stop_token& stop) { write(stop); });
}
Writer::~Writer() = default;

void Writer::write(const std::stop_token& stop) {
  std::optional<Session> session;
  while (!stop.stop_requested()) {
    if (!session || !session->alive()) session.emplace(url_);
    if (!session->alive()) {
      ::poll(nullptr, 0, kAgainMs);
      continue;
    }
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      id = ++attempts_;
    }
    const auto end = session->run(fmt::format("INSERT INTO written VALUES ({})", id));
    if (end.done && !end.warned) {
      const std::lock_guard lock(mutex_);
      acknowledged_.push_back({id, boot_now()});
    } else if (end.sqlstate == "25006") {
      session.reset();  // it leads no more: look for who does
      ::poll(nullptr, 0, kAgainMs);
    }
    ::poll(nullptr, 0, kPaceMs);
  }
}

std::vector<Acknowledged> Writer::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}
std::uint64_t Writer::attempts() const {
  const std::lock_guard lock(mutex_);
  return attempts_;
}

bool Writer::writes_on(int timeout_ms) const {
  const auto begun = attempts();
  return poll_until(timeout_ms, [&] {
    const std::lock_guard lock(mutex_);
    return !acknowledged_.empty() && acknowledged_.back().id > begun;
  });
}

double Writer::outage_ms(std::uint64_t from_ns, std::uint64_t to_ns) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t longest = 0;
  for (std::size_t i = 1; i < acknowledged_.size(); ++i) {
    const auto before = acknowledged_[i - 1].at_ns;
    const auto after = acknowledged_[i].at_ns;
    if (after >= from_ns && before <= to_ns) longest = std::max(longest, after - before);
  }
  return static_cast<double>(longest) / kNsPerMs;
}

std::set<std::uint64_t> missing_rows(const std::vector<Acknowledged>& acknowledged,
                                     const std::set<std::uint64_t>& present) {
  std::set<std::uint64_t> missing;
  for (const auto& row : acknowledged)
    if (!present.contains(row.id)) missing.insert(row.id);
  return missing;
}

std::set<std::uint64_t> read_rows(const std::string& url) {
  Session session(url);
  const auto rows = session.ask("SELECT id FROM written");
  if (!rows) throw std::runtime_error("the rows cannot be read: " + session.error());
  std::set<std::uint64_t> present;
  for (const auto& row : *rows) present.insert(std::stoull(row[0]));
  return present;
}

}  // namespace aeromq::chaos::postgresql
