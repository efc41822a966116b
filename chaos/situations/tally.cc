#include "chaos/situations/tally.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using nlohmann::json;

constexpr std::array kVerbs{"demote", "promote", "switchover", "force-promote"};
constexpr std::array kVerdicts{"executed", "rejected", "not_executed", "unknown"};

json deed_json(const Deed& deed) {
  json failed = json::array();
  for (const auto& check : deed.checks)
    if (!check.passes) failed.push_back(check.code);
  return {
      {"command", deed.command},
      {"verb", deed.verb},
      {"node", deed.node},
      {"exit", deed.exit_code},
      {"verdict", deed.verdict},
      {"final", deed.final},
      {"code", deed.code},
      {"text", deed.text},
      {"failed", failed},
      {"acknowledged", deed.acknowledged},
      {"faults", deed.faults},
      {"ms", deed.acted.from_ns == 0 ? 0 : (deed.acted.to_ns - deed.acted.from_ns) / 1'000'000}};
}

// What a cell counts: requests of one verb while one fault was at work.
struct Row {
  unsigned situations = 0;
  unsigned against = 0;
  unsigned apart = 0;
  std::map<std::string, std::map<std::string, unsigned>> cells;  // verb, verdict
};

std::string cell(const std::map<std::string, unsigned>& counts) {
  std::string text;
  for (const auto* verdict : kVerdicts) {
    const auto found = counts.find(verdict);
    if (found == counts.end()) continue;
    std::string words = verdict;
    std::ranges::replace(words, '_', ' ');
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", found->second, words);
  }
  return text.empty() ? "-" : text;
}

std::string verdict_of(const json& deed) {
  const auto verdict = deed.value("verdict", "");
  const bool known = std::ranges::find(kVerdicts, verdict) != kVerdicts.end();
  return known && deed.value("final", false) ? verdict : "unknown";
}

std::map<std::string, Row> rows_of(const std::map<std::uint64_t, json>& newest) {
  std::map<std::string, Row> rows;
  for (const auto& [seed, line] : newest) {
    auto faults = line["faults"].get<std::vector<std::string>>();
    if (faults.empty()) faults.emplace_back("none");
    unsigned against = 0;
    unsigned apart = 0;
    for (const auto& finding : line["findings"]) ++(finding["against_us"] ? against : apart);
    for (const auto& name : faults) {
      auto& row = rows[name];
      ++row.situations;
      row.against += against > 0 ? 1U : 0U;
      row.apart += apart > 0 ? 1U : 0U;
    }
    for (const auto& deed : line["deeds"])
      for (const auto& name : deed["faults"])
        ++rows[name.get<std::string>()]
              .cells[deed.value("command", deed.value("verb", ""))][verdict_of(deed)];
  }
  return rows;
}

}  // namespace

json as_json(const Result& result) {
  json line{{"commit", result.commit},
            {"seed", result.plan.seed},
            {"synchronous", result.plan.synchronous},
            {"faults", result.plan.faults},
            {"plan", text_of(result.plan)},
            {"skipped", result.skipped},
            {"broken", result.broken},
            {"kept", result.kept},
            {"seconds", result.seconds},
            {"rows", result.story.acknowledged.size()},
            {"deeds", json::array()},
            {"looks", json::array()},
            {"findings", json::array()}};
  for (const auto& deed : result.story.deeds) line["deeds"].push_back(deed_json(deed));
  for (const auto& look : result.story.looks) line["looks"].push_back(look.exit_code);
  for (const auto& one : result.findings)
    line["findings"].push_back(
        {{"predicate", one.predicate}, {"text", one.text}, {"against_us", one.against_us}});
  return line;
}

void append(const std::filesystem::path& file, const json& line) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  // Texts of servers are in the encoding of their servers.
  const auto text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("cannot write " + file.string());
  close(fd);
}

std::vector<json> read_lines(const std::filesystem::path& file) {
  std::vector<json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (auto value = json::parse(line, nullptr, false); value.is_object())
      lines.push_back(std::move(value));
  return lines;
}

std::set<std::uint64_t> seeds_of(const std::vector<json>& lines, const std::string& commit) {
  std::set<std::uint64_t> seeds;
  for (const auto& line : lines)
    if (line.value("commit", "") == commit && line.value("broken", "").empty() &&
        !line.value("shrunk", false))
      seeds.insert(line["seed"].get<std::uint64_t>());
  return seeds;
}

std::string table_of(const std::vector<json>& lines) {
  std::map<std::uint64_t, json> newest;
  std::set<std::string> commits;
  unsigned broken = 0;
  for (const auto& line : lines) {
    if (line.value("shrunk", false)) continue;
    if (!line.value("broken", "").empty()) {
      ++broken;
      continue;
    }
    newest[line["seed"].get<std::uint64_t>()] = line;
  }
  unsigned against = 0;
  for (const auto& [seed, line] : newest) {
    commits.insert(line.value("commit", ""));
    against += std::ranges::any_of(line["findings"],
                                   [](const json& one) { return one["against_us"] == true; })
                   ? 1U
                   : 0U;
  }
  std::string names;
  for (const auto& commit : commits) names += (names.empty() ? "" : ", ") + commit;
  std::string text = fmt::format(
      "{} situations, seeds {} to {}, commit {}: **{} against us**, {} that the harness could not "
      "play.\n\n| fault | situations | demote | promote | switchover | force-promote | against us "
      "| apart |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
      newest.size(), newest.empty() ? 0 : newest.begin()->first,
      newest.empty() ? 0 : newest.rbegin()->first, names, against, broken);
  for (const auto& [name, row] : rows_of(newest)) {
    text += fmt::format("| `{}` | {} ", name, row.situations);
    for (const auto* verb : kVerbs) {
      const auto found = row.cells.find(verb);
      text += "| " + (found == row.cells.end() ? std::string("-") : cell(found->second)) + " ";
    }
    text += fmt::format("| {} | {} |\n", row.against, row.apart);
  }
  return text;
}

std::string catalogue_table() {
  std::string text = "| kind | fault | what it is |\n| --- | --- | --- |\n";
  for (const auto& fault : catalogue())
    text += fmt::format("| {} | `{}` | {} |\n", fault.kind, fault.name, fault.about);
  return text;
}

}  // namespace aeromq::chaos::situations
