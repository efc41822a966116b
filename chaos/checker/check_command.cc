#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "chaos/checker/checker.h"
#include "chaos/command.h"
#include "chaos/history/history.h"

namespace aeromq::chaos {
namespace {

constexpr int kWrongUse = 2;

int check(const std::string& path) {
  const auto history = read_history(path);
  if (!history) {
    fmt::print(stderr, "{}\n", history.error().message);
    return kWrongUse;
  }
  const auto judgement = judge(*history);
  fmt::print("{} events, hash {}\n", history->size(), to_hex(history_hash(*history).octets));
  for (const auto& [id, count] : judgement.evaluated) fmt::print("  {:<11} {}\n", id, count);
  for (const auto& violation : judgement.violations)
    fmt::print("VIOLATION {} at event {}: {}\n", violation.predicate, violation.seq,
               violation.what);
  fmt::print("{} violations\n", judgement.violations.size());
  return judgement.violations.empty() ? 0 : 1;
}

void print_predicates() {
  fmt::print("| id | must hold | stands for | counts as evaluated |\n| --- | --- | --- | --- |\n");
  for (const auto& row : predicates())
    fmt::print("| {} | {} | {} | {} |\n", row.id, row.statement, row.rows, row.counts);
}

}  // namespace

void add_check_commands(CLI::App& app, Place& place) {
  auto path = std::make_shared<std::string>();
  auto* judging = app.add_subcommand("check", "judges a history file: which promises are broken?");
  judging->add_option("history", *path, "a history, one JSON object a line")->required();
  judging->callback([path, &place] { place.exit_code = check(*path); });
  app.add_subcommand("predicates", "what the checker judges, as a table in Markdown")
      ->callback(print_predicates);
}

}  // namespace aeromq::chaos
