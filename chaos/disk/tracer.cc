#include "chaos/disk/tracer.h"

#include <signal.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "chaos/stack/stack.h"

namespace aeromq::chaos::disk {
namespace {

constexpr int kAttachMs = 5000;
constexpr const char* kStrace = "/usr/bin/strace";

std::string status_field(pid_t pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return line.substr(field.size() + 1);
  return {};
}

}  // namespace

bool wait_stopped(pid_t pid, int timeout_ms) {
  return poll_until(timeout_ms, [&] {
    const auto state = status_field(pid, "State");
    return state.find('T') != std::string::npos || state.find('t') != std::string::npos;
  });
}

Tracer::Tracer(pid_t pid, const std::string& calls, const std::string& injection,
               std::filesystem::path output, const std::filesystem::path& only)
    : output_(std::move(output)) {
  std::vector<std::string> words{kStrace, "-f",
                                 "-o",    output_,
                                 "-e",    "trace=" + calls,
                                 "-e",    "inject=" + calls + ":" + injection,
                                 "-p",    std::to_string(pid)};
  if (!only.empty()) words.insert(words.end(), {"-P", only.string()});
  strace_ = std::make_unique<Child>(words);
  const bool traced = poll_until(kAttachMs, [&] {
    return status_field(pid, "TracerPid").find_first_of("123456789") != std::string::npos;
  });
  if (!traced) throw std::runtime_error("strace: " + strace_->wait(0).err);
}

Tracer::~Tracer() {
  strace_->kill(SIGINT);  // it detaches; a tracer that is killed would leave a stopped process
  strace_->wait(kAttachMs);
  std::error_code ignored;
  std::filesystem::remove(output_, ignored);
}

unsigned Tracer::fired() const {
  std::ifstream text(output_);
  unsigned count = 0;
  for (std::string line; std::getline(text, line);)
    if (line.find("(INJECTED)") != std::string::npos || line.find("(DELAYED)") != std::string::npos)
      ++count;
  return count;
}

bool Tracer::permitted(const std::filesystem::path& scratch) {
  try {
    std::filesystem::create_directories(scratch);
    Child sleeper({"/usr/bin/sleep", "30"});
    const Tracer tracer(sleeper.pid(), "fdatasync", "error=EIO:when=1", scratch / "probe.strace");
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace aeromq::chaos::disk
