#include "chaos/syscalls/tracer.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "chaos/stack/stack.h"

namespace aeromq::chaos {
namespace {

constexpr const char* kStrace = "/usr/bin/strace";
constexpr int kAttachMs = 5000;
constexpr int kReleaseMs = 5000;

std::string traced_set() {
  std::string set;
  for (const auto& call : traced_calls()) set += (set.empty() ? "" : ",") + call;
  return set;
}

bool wait_attached(const std::vector<pid_t>& threads) {
  return poll_until(kAttachMs, [&] { return std::ranges::all_of(threads, is_traced); });
}

}  // namespace

bool is_traced(pid_t thread) {
  std::ifstream status(fmt::format("/proc/{}/status", thread));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("TracerPid:")) return line.find_first_of("123456789") != std::string::npos;
  return false;
}

const std::vector<std::string>& traced_processes() {
  static const std::vector<std::string> processes{
      "broker",       "authority-gate", "explainer", "confirmation-keeper",
      "audit-writer", "dispatcher",     "kernel",    "audit-reader"};
  return processes;
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), none))
    threads.push_back(std::stoi(entry.path().filename().string()));
  std::ranges::sort(threads);
  return threads;
}

bool can_trace() {
  return std::filesystem::exists(kStrace) &&
         run({kStrace, "-qq", "-o", "/dev/null", "/bin/true"}, kAttachMs).exit_code == 0;
}

const std::vector<std::string>& traced_calls() {
  static const std::vector<std::string> calls{
      "pwrite64", "pread64", "fdatasync", "fsync",  "write",    "sendto",    "sendmsg", "recvfrom",
      "recvmsg",  "openat",  "rename",    "unlink", "renameat", "ftruncate", "fcntl"};
  return calls;
}

CallCounter::CallCounter(pid_t pid, std::filesystem::path dir)
    : dir_(std::move(dir)), threads_(threads_of(pid)) {
  strace_ = std::make_unique<Child>(std::vector<std::string>{
      kStrace, "-qq", "-f", "-ff", "-o", dir_ / "calls", "-e", "trace=" + traced_set(), "-e",
      "signal=none", "-p", std::to_string(pid)});
  wait_attached(threads_);
}

std::vector<std::map<std::string, unsigned>> CallCounter::counts() {
  strace_->kill(SIGTERM);
  strace_->wait(kReleaseMs);
  std::vector<std::map<std::string, unsigned>> all;
  for (const auto thread : threads_) {
    auto& counts = all.emplace_back();
    std::ifstream file(fmt::format("{}.{}", (dir_ / "calls").string(), thread));
    for (std::string line; std::getline(file, line);) {
      const auto name = line.substr(0, line.find('('));
      if (std::ranges::find(traced_calls(), name) != traced_calls().end()) ++counts[name];
    }
  }
  return all;
}

CallKiller::CallKiller(pid_t thread, const std::string& call, unsigned nth) {
  strace_ = std::make_unique<Child>(std::vector<std::string>{
      kStrace, "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
      fmt::format("inject={}:signal=KILL:when={}", call, nth), "-p", std::to_string(thread)});
  ready_ = wait_attached({thread});
}

CallKiller::~CallKiller() { release(); }

void CallKiller::release() {
  if (!strace_) return;
  strace_->kill(SIGTERM);
  strace_->wait(kReleaseMs);
  strace_.reset();
}

}  // namespace aeromq::chaos
