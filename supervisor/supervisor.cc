#include "supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "process/clock.h"
#include "supervisor/last_words.h"

namespace aeromq::supervisor {
namespace {

constexpr std::uint64_t kForEver = UINT64_MAX;
constexpr std::uint64_t kStopMs = 5000;  // for all groups; what is left then is killed
constexpr std::uint64_t kReapMs = 2000;  // after SIGKILL

std::uint64_t now_ms() { return process::now().boot_ns / kNanosPerMs; }

std::string pid_text(pid_t pid) { return " (pid " + std::to_string(pid) + ")"; }

}  // namespace

Supervisor::Supervisor(std::vector<Group> groups, RestartPolicy::Mode mode,
                       std::uint64_t most_delay_ms, process::StopSignal& signals, Say say,
                       OnHangup on_hangup)
    : signals_(signals), say_(std::move(say)), on_hangup_(on_hangup), groups_(groups.size()) {
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (auto& spec : groups[i]) {
      RestartPolicy policy(spec.name, mode, most_delay_ms);
      entries_.push_back({std::move(spec), std::move(policy), i, -1, -1, false, false, false, 0,
                          std::nullopt, ""});
    }
}

bool Supervisor::start_one(Entry& entry) {
  entry.restart_ms.reset();
  auto started = start_child(entry.spec);
  if (!started) {
    say_(started.error().message);
    entry.last = started.error().message;
    entry.over = true;
    return false;
  }
  entry.pid = started->pid;
  entry.ready_fd = started->ready_fd;
  entry.ready = false;
  entry.started_ms = now_ms();
  say_("started " + entry.spec.name + pid_text(entry.pid));
  return true;
}

StartEnd Supervisor::start() {
  const auto deadline = now_ms() + kReadyMs;
  for (std::size_t group = 0; group < groups_; ++group) {
    for (auto& entry : entries_)
      if (entry.group == group) start_one(entry);
    while (!all_ready(group)) {
      if (asked_to_stop_) return StartEnd::asked_to_stop;
      if (any_over(group) || now_ms() >= deadline) {
        say_not_ready();
        return StartEnd::failed;
      }
      turn(deadline);
    }
  }
  return StartEnd::ready;
}

void Supervisor::run() {
  while (!asked_to_stop_) turn(kForEver);
}

bool Supervisor::all_ready(std::size_t group) const {
  return std::ranges::all_of(entries_, [&](const Entry& e) { return e.group != group || e.ready; });
}

bool Supervisor::any_over(std::size_t group) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) { return e.group == group && e.over; });
}

void Supervisor::say_not_ready() {
  for (const auto& entry : entries_) {
    if (entry.ready || (entry.started_ms == 0 && entry.last.empty())) continue;
    say_("not ready: " + entry.spec.name + (entry.last.empty() ? "" : ", " + entry.last) +
         "; see " + entry.spec.log);
  }
}

void Supervisor::turn(std::uint64_t until_ms) {
  std::vector<pollfd> items{{signals_.fd(), POLLIN, 0}};
  auto wake_ms = until_ms;
  for (const auto& entry : entries_) {
    if (entry.ready_fd >= 0) items.push_back({entry.ready_fd, POLLIN, 0});
    if (entry.restart_ms && !stopping_) wake_ms = std::min(wake_ms, *entry.restart_ms);
  }
  const auto now = now_ms();
  const auto left = wake_ms == kForEver ? -1 : wake_ms <= now ? 0 : static_cast<int>(wake_ms - now);
  (void)::poll(items.data(), items.size(), left);
  for (auto& entry : entries_) read_ready(entry);
  while (const auto number = signals_.next()) take_signal(*number);
  reap();
  if (asked_to_stop_ || stopping_) return;
  for (auto& entry : entries_)
    if (entry.restart_ms && *entry.restart_ms <= now_ms()) start_one(entry);
}

void Supervisor::take_signal(int number) {
  if (number == SIGCHLD) return;
  if (number != SIGHUP || on_hangup_ == OnHangup::stop) {
    asked_to_stop_ = true;
    return;
  }
  for (const auto& entry : entries_)
    if (entry.pid > 0) ::kill(entry.pid, SIGHUP);
  say_("hangup: every process reopens its log");
}

void Supervisor::read_ready(Entry& entry) {
  if (entry.ready_fd < 0) return;
  char octet = 0;
  const auto got = ::read(entry.ready_fd, &octet, 1);
  if (got < 0) return;
  ::close(std::exchange(entry.ready_fd, -1));
  entry.ready = got == 1 && octet == '1';
  if (entry.ready && entry.restarted) say_(entry.spec.name + " is ready again");
}

void Supervisor::reap() {
  for (auto& entry : entries_) {
    int status = 0;
    if (entry.pid <= 0 || ::waitpid(entry.pid, &status, WNOHANG) != entry.pid) continue;
    on_end(entry, WIFSIGNALED(status) ? Ending{Ending::Kind::signalled, WTERMSIG(status)}
                                      : Ending{Ending::Kind::exited, WEXITSTATUS(status)});
  }
}

void Supervisor::on_end(Entry& entry, const Ending& ending) {
  const auto why = last_words(entry.spec.log, entry.pid);
  const auto how = to_text(ending) + (why.empty() ? "" : ", " + why);
  const auto ended = entry.spec.name + pid_text(entry.pid) + " ended: ";
  const auto head = ended + how;
  entry.pid = -1;
  entry.ready = false;
  if (entry.ready_fd >= 0) ::close(std::exchange(entry.ready_fd, -1));
  entry.last = how;
  if (stopping_) return;
  const auto now = now_ms();
  const auto verdict = entry.policy.on_end(ending, now - entry.started_ms);
  entry.over = verdict.what != AfterEnd::restart;
  switch (verdict.what) {
    case AfterEnd::restart:
      entry.restart_ms = now + verdict.delay_ms;
      entry.restarted = true;
      say_(head + "; starting it again in " + std::to_string(verdict.delay_ms) + " ms");
      break;
    case AfterEnd::left_dead:
      say_(head + "; left dead (--no-restart)");
      break;
    case AfterEnd::poisoned:
      say_(ended + to_text(ending) + ": it could not write the audit log" +
           (why.empty() ? "" : " (" + why + ")") +
           ", so nothing is executed any more. Left "
           "dead: read " +
           entry.spec.log +
           ", cure the disk, keep the log's files as they "
           "are, then start aeromq up again");
      break;
    case AfterEnd::fenced:
      say_(head +
           ": another dispatcher with the same id holds a newer epoch at the kernel. Left "
           "dead: stop the other control plane or give one of them another [dispatcher] id, "
           "then start aeromq up again");
      break;
  }
}

void Supervisor::stop() {
  stopping_ = true;
  const auto end = now_ms() + kStopMs;
  const auto alive = [&](std::size_t group) {
    return std::ranges::any_of(entries_,
                               [&](const Entry& e) { return e.group >= group && e.pid > 0; });
  };
  for (std::size_t group = groups_; group-- > 0;) {
    for (auto& entry : entries_ | std::views::reverse)
      if (entry.group == group && entry.pid > 0) ::kill(entry.pid, SIGTERM);
    // Each later group leaves some of the time to those before it.
    const auto share = end - (group * kStopMs) / (groups_ + 1);
    while (alive(group) && now_ms() < share) turn(share);
    for (auto& entry : entries_)
      if (entry.group == group && entry.pid > 0) {
        say_(entry.spec.name + pid_text(entry.pid) + " did not stop; killed");
        ::kill(entry.pid, SIGKILL);
      }
    const auto reaped = now_ms() + kReapMs;
    while (alive(group) && now_ms() < reaped) turn(reaped);
  }
  say_("stopped");
}

}  // namespace aeromq::supervisor
