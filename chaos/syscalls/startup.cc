#include "chaos/syscalls/startup.h"

#include <fmt/core.h>
#include <signal.h>

#include <fstream>

namespace aeromq::chaos {
namespace {

namespace fs = std::filesystem;

// A node's reporter is the kernel's program too; it is left alone. Whoever takes the order away
// carries it out, so it is carried out once.
constexpr const char* kScript = R"(#!/bin/sh
order='{0}'
if [ "$1" != reporter ] && mv "$order" "$order.$$" 2>/dev/null; then
  words=$(cat "$order.$$")
  rm -f "$order.$$"
  exec strace -D -qq -f -o /dev/null -e signal=none $words '{1}' "$@"
fi
exec '{1}' "$@"
)";

}  // namespace

TracedPrograms::TracedPrograms(const fs::path& bin_dir, fs::path dir) : dir_(std::move(dir)) {
  fs::create_directories(dir_);
  for (const auto& entry : fs::directory_iterator(fs::canonical(bin_dir))) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("aeromq-")) continue;
    const auto script = dir_ / name;
    std::ofstream(script) << fmt::format(kScript, order_of(name.substr(7)).string(),
                                         entry.path().string());
    fs::permissions(script, fs::perms::owner_all);
  }
}

TracedPrograms::~TracedPrograms() {
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

fs::path TracedPrograms::order_of(const std::string& process) const {
  return dir_ / (process + ".order");
}

void TracedPrograms::kill_next_start(const std::string& process, const std::string& call,
                                     unsigned nth) const {
  const auto order = order_of(process);
  std::ofstream(order.string() + ".new")
      << fmt::format("-e trace={0} -e inject={0}:signal=KILL:when={1}\n", call, nth);
  fs::rename(order.string() + ".new", order);
}

bool TracedPrograms::ordered(const std::string& process) const {
  return fs::exists(order_of(process));
}

void TracedPrograms::withdraw(const std::string& process) const {
  std::error_code ignored;
  fs::remove(order_of(process), ignored);
}

void release_traced(int pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("TracerPid:")) continue;
    const int tracer = std::stoi(line.substr(10));
    if (tracer > 0) ::kill(tracer, SIGTERM);
  }
}

}  // namespace aeromq::chaos
