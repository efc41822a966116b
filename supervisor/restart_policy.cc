#include "supervisor/restart_policy.h"

#include <string.h>

#include <algorithm>

#include "process/exit_codes.h"

namespace aeromq::supervisor {

std::string to_text(const Ending& ending) {
  if (ending.kind == Ending::Kind::exited) return "exit code " + std::to_string(ending.number);
  const char* name = ::sigabbrev_np(ending.number);
  return name == nullptr ? "killed by signal " + std::to_string(ending.number)
                         : "killed by SIG" + std::string(name);
}

Verdict RestartPolicy::on_end(const Ending& ending, std::uint64_t alive_ms) {
  const auto exited_with = [&](int code) { return ending == Ending{Ending::Kind::exited, code}; };
  if (process_ == "audit-writer" && exited_with(process::kExitPoisoned))
    return {AfterEnd::poisoned, 0};
  if (process_ == "dispatcher" && exited_with(process::kExitFenced)) return {AfterEnd::fenced, 0};
  if (mode_ == Mode::leave_dead) return {AfterEnd::left_dead, 0};
  if (alive_ms >= kGoodRunMs) next_delay_ms_ = kFirstDelayMs;
  const auto delay_ms = std::min(next_delay_ms_, most_delay_ms_);
  next_delay_ms_ = std::min(2 * next_delay_ms_, most_delay_ms_);
  return {AfterEnd::restart, delay_ms};
}

}  // namespace aeromq::supervisor
