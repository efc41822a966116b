// A view as tables: see table.h.
#include <fmt/format.h>

#include <algorithm>

#include "client/ctl/render/escape.h"
#include "client/ctl/render/grid.h"
#include "client/ctl/render/table.h"

namespace aeromq::ctl {
namespace {

std::string heading(const std::string& name) {
  auto text = escape(name);
  std::ranges::replace(text, '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string cell(const Table& table, const Row& row, std::string_view column) {
  for (std::size_t i = 0; i < table.columns.size() && i < row.cells.size(); ++i)
    if (table.columns[i].name == column) return row.cells[i];
  return {};
}

/// Only where the kernel's word and the node's own stand side by side.
std::string mark(const Table& table, const Row& row) {
  if (std::ranges::find(table.columns, "assigned", &Column::name) == table.columns.end()) return {};
  if (cell(table, row, "stale") == "true") return "? ";
  if (cell(table, row, "reported") != "primary") return "";
  return cell(table, row, "assigned") == "primary" ? "* " : "! ";
}

std::string table_text(const Table& table, const std::string& title) {
  std::vector<GridColumn> columns;
  for (const auto& column : table.columns)
    columns.push_back({heading(column.name), column.kind == ColumnKind::number});
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto& value = i < row.cells.size() ? row.cells[i] : std::string();
      auto shown = value.empty() ? "-" : escape(value);
      if (table.columns[i].name == "state") shown = mark(table, row) + shown;
      cells.push_back(std::move(shown));
    }
    rows.push_back(std::move(cells));
  }
  return grid_text(title, columns, rows);
}

std::string finding_text(const Finding& finding) {
  const auto* word = finding.severity == Severity::alarm     ? "ALARM"
                     : finding.severity == Severity::warning ? "WARNING"
                                                             : "NOTE";
  return fmt::format("{}: {} ({})\n", word, escape(finding.text), escape(finding.code));
}

}  // namespace

std::string wall_time(std::uint64_t wall_ms) {
  const auto days = wall_ms / 86'400'000;
  // Civil date from days since 1970 (Gregorian, 400-year eras).
  const auto shifted = days + 719'468;
  const auto era = shifted / 146'097;
  const auto of_era = shifted % 146'097;
  const auto year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const auto of_year = of_era - (365 * year + year / 4 - year / 100);
  const auto shifted_month = (5 * of_year + 2) / 153;
  const auto day = of_year - (153 * shifted_month + 2) / 5 + 1;
  const auto month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     year + era * 400 + (month <= 2 ? 1 : 0), month, day, wall_ms / 3'600'000 % 24,
                     wall_ms / 60'000 % 60, wall_ms / 1000 % 60, wall_ms % 1000);
}

std::string view_text(const View& view) {
  const auto title =
      fmt::format("Cluster: {}  snapshot {}  fencing epoch {}  {}", escape(view.cluster),
                  view.snapshot, view.fencing_epoch, wall_time(view.wall_ms));
  std::string text;
  if (view.tables.empty()) text += title + '\n';
  for (std::size_t i = 0; i < view.tables.size(); ++i)
    text += table_text(view.tables[i], i == 0 ? title : heading(view.tables[i].name));
  std::size_t longest = 0;
  for (const auto& fact : view.facts) longest = std::max(longest, width(heading(fact.name)));
  for (const auto& fact : view.facts)
    text += fmt::format("{:<{}}  {}\n", heading(fact.name), longest,
                        fact.value.empty() ? "-" : escape(fact.value));
  for (const auto& outcome : view.outcomes) text += outcome_text(outcome);
  for (const auto& finding : view.findings) text += finding_text(finding);
  return text;
}

}  // namespace aeromq::ctl
