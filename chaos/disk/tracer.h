// System calls of one running process that fail as told: strace 6.1's injection. What really fired
// is read from strace's own output, so that a planned fault is never counted as one that happened.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "chaos/stack/child.h"

namespace aeromq::chaos::disk {

class Tracer {
 public:
  /// `calls` as in "pwrite64,fdatasync", `injection` as in "error=EIO:when=1". Returns once the
  /// process is traced; throws std::runtime_error where that is not permitted. Only calls about the
  /// file `only` are meant, if it is named.
  Tracer(pid_t pid, const std::string& calls, const std::string& injection,
         std::filesystem::path output, const std::filesystem::path& only = {});
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer();

  /// How many calls were tampered with so far.
  unsigned fired() const;

  static bool permitted(const std::filesystem::path& scratch);

 private:
  std::filesystem::path output_;
  std::unique_ptr<Child> strace_;
};

/// True once `pid` is stopped (by a signal, or traced and stopped) within `timeout_ms`.
bool wait_stopped(pid_t pid, int timeout_ms);

}  // namespace aeromq::chaos::disk
