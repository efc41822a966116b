#include "chaos/checker/report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace aeromq::chaos {
namespace {

constexpr std::string_view kMark = "REPORT ";

void add_to(std::map<std::string, std::uint64_t>& sums,
            const std::map<std::string, std::uint64_t>& more) {
  for (const auto& [name, count] : more) sums[name] += count;
}

}  // namespace

void Report::add(const Report& other) {
  runs += other.runs;
  add_to(faults, other.faults);
  add_to(evaluated, other.evaluated);
  add_to(violations, other.violations);
}

void print_report(const Report& report) {
  const nlohmann::json json{{"rung", report.rung},
                            {"runs", report.runs},
                            {"faults", report.faults},
                            {"evaluated", report.evaluated},
                            {"violations", report.violations}};
  fmt::print("{}{}\n", kMark, json.dump());
}

std::optional<Report> read_report(std::string_view line) {
  if (!line.starts_with(kMark)) return std::nullopt;
  const auto json = nlohmann::json::parse(line.substr(kMark.size()), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  Report report;
  report.rung = json.value("rung", "");
  report.runs = json.value("runs", std::uint64_t{0});
  report.faults = json.value("faults", report.faults);
  report.evaluated = json.value("evaluated", report.evaluated);
  report.violations = json.value("violations", report.violations);
  return report;
}

}  // namespace aeromq::chaos
