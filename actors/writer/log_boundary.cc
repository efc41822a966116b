#include "actors/writer/log_boundary.h"

#include <cstdlib>
#include <utility>

#include "process/clock.h"
#include "process/log.h"

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
  return writer_.commit(process::now());
}

Result<void> LogBoundary::idle(const Moment& now) {
  if (auto sound = writer_.check_files(now); !sound) return logged(sound);
  if (std::exchange(busy_, false)) return {};
  return logged(writer_.idle_commit(now));
}

}  // namespace aeromq
