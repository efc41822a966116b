// What one run of one rung comes to, as one line for programs: `aeromq-chaos nightly` adds them up.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aeromq::chaos {

struct Report {
  std::string rung;                                 ///< simulation, kill, syscalls, network, disk
  std::uint64_t runs = 0;                           ///< runs, drills, cuts: what the rung counts
  std::map<std::string, std::uint64_t> faults;      ///< that fired, by class
  std::map<std::string, std::uint64_t> evaluated;   ///< by predicate
  std::map<std::string, std::uint64_t> violations;  ///< by predicate, or FAULT for the rung's own

  void add(const Report& other);
};

/// "REPORT {...}" on standard output, the last line of a rung.
void print_report(const Report& report);

/// The report in such a line; nothing if it is another line.
std::optional<Report> read_report(std::string_view line);

}  // namespace aeromq::chaos
