// A program run to its end within a bounded time, its output kept. No shell, no inherited file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aeromq::postgresql {

struct ChildEnd {
  bool ran = false;      ///< false: it could not be started; `output` says why
  bool in_time = false;  ///< false: it was killed at its deadline
  int code = -1;         ///< exit code; 128 + the signal that ended it
  std::string output;    ///< standard output and error as they came, the last part of a long one
  bool ok() const { return ran && in_time && code == 0; }
};

enum class Words { as_set, in_english };  ///< whether LC_ALL=C is set for it

/// `arguments[0]` is the whole path. The child leads a session of its own, so that no signal to
/// ours reaches it or what it leaves behind.
ChildEnd run_child(const std::vector<std::string>& arguments, std::uint64_t deadline_ms,
                   Words words = Words::as_set);

}  // namespace aeromq::postgresql
