#include "actors/writer/log_boundary.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "audit/log_reader.h"
#include "process/clock.h"
#include "process/log.h"
#include "process/newest_fact_file.h"

namespace aeromq {
namespace {

Result<void> logged(Result<void> done) {
  if (!done) process::log_error("audit_poisoned", {{"why", done.error().message}});
  return done;
}

}  // namespace

Result<void> LogBoundary::persist(const std::vector<Record>& records) {
  for (const auto& record : records) {
    const auto seq = writer_.append(encode_row(record));
    if (!seq) return fail(seq.error());
    if (*seq != record.seq) std::abort();  // core and log count the same records
  }
  busy_ = true;
  if (auto done = writer_.commit(process::now()); !done) return done;
  look_at_room();
  return remember(records);
}

// Two more segments for operators when observers are refused; the next one, which lies ready, as
// the reserve; the last part of that for what must be recorded.
void LogBoundary::look_at_room() {
  const auto space = writer_.space();
  constexpr std::uint64_t kLastPart = 4;
  auto room = Room::enough;
  if (!space.next_is_made)
    room = space.left < space.segment / kLastPart ? Room::last : Room::reserve;
  else if (space.free < 2 * space.next)
    room = Room::low;
  if (room == std::exchange(room_, room)) return;
  constexpr std::array kNames{"enough", "low", "reserve", "last"};
  process::log_warning("audit_room", {{"room", kNames.at(static_cast<std::size_t>(room))},
                                      {"disk", dir_},
                                      {"free_octets", space.free},
                                      {"segment_octets", space.left}});
}

// Durable before the answer goes out: whoever was told "executed" can rely on it.
Result<void> LogBoundary::remember(const std::vector<Record>& records) {
  if (dir_.empty()) return {};
  bool newer = false;
  for (const auto& record : records) newer = fact_.take(record) || newer;
  if (!newer && !fact_waits_) return {};
  auto written = process::write_newest_fact(dir_, fact_);
  // The log has it, and a start reads it there; a full disk is no reason to end.
  fact_waits_ = !written && room_ != Room::enough;
  return fact_waits_ ? Result<void>{} : written;
}

Result<void> LogBoundary::catch_up() {
  // What cannot be read is made anew out of the log.
  if (auto known = process::read_newest_fact(dir_); known && *known) fact_ = **known;
  auto reader = audit::LogReader::open(dir_, {});
  if (!reader) return fail(reader.error());
  if (fact_.seen > reader->durable_seq()) fact_ = {};
  if (auto sought = reader->seek(fact_.seen + 1); !sought) return sought;
  bool newer = false;
  for (;;) {
    const auto entry = reader->next();
    if (!entry) return fail(entry.error());
    if (!*entry) break;
    if (const auto record = decode_row<Record>((*entry)->payload))
      newer = fact_.take(*record) || newer;
  }
  return newer ? process::write_newest_fact(dir_, fact_) : Result<void>{};
}

Result<void> LogBoundary::idle(const Moment& now) {
  if (auto sound = writer_.check_files(now); !sound) return logged(sound);
  writer_.prepare(now);
  look_at_room();
  if (fact_waits_)
    if (auto written = remember({}); !written) return logged(written);
  if (std::exchange(busy_, false)) return {};
  return logged(writer_.idle_commit(now));
}

}  // namespace aeromq
