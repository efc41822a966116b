#include "chaos/hostile/vitals.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace aeromq::chaos::hostile {
namespace {

constexpr std::array kProcesses{"aeromq-broker",       "aeromq-authority-gate",
                                "aeromq-explainer",    "aeromq-confirmation-keeper",
                                "aeromq-audit-writer", "aeromq-dispatcher",
                                "aeromq-audit-reader", "aeromq-kernel"};
constexpr const char* kForgetPeak = "5";  // proc(5), clear_refs

double peak_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  const std::string key = "VmHWM:";
  constexpr double kKibInMib = 1024;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::stod(line.substr(key.size())) / kKibInMib;
  return 0;
}

}  // namespace

Vitals::Vitals(Stack& stack) : stack_(stack) {
  deaths();
  begin();
}

void Vitals::begin() {
  for (const auto* process : kProcesses) {
    const auto pid = stack_.pid_of(process);
    pids_[process] = pid;
    if (pid > 0) std::ofstream(fmt::format("/proc/{}/clear_refs", pid)) << kForgetPeak;
  }
}

std::map<std::string, double> Vitals::peaks() const {
  std::map<std::string, double> peaks;
  for (const auto& [process, pid] : pids_)
    if (const auto peak = peak_of(pid); peak > 0) peaks[process] = peak;
  return peaks;
}

std::vector<std::string> Vitals::deaths() {
  std::vector<std::string> ended;
  for (auto& line : stack_.news())
    if (line.find(" ended: ") != std::string::npos) ended.push_back(std::move(line));
  return ended;
}

std::uint64_t audit_octets(const std::filesystem::path& audit_dir) {
  std::uint64_t octets = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(audit_dir)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    octets += text.find_last_not_of('\0') + 1;
  }
  return octets;
}

}  // namespace aeromq::chaos::hostile
