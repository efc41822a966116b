#include "client/ctl/render/json.h"

#include <charconv>

#include "client/ctl/render/escape.h"

namespace aeromq::ctl {
namespace {

template <class Number>
std::optional<Number> read(const std::string& text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

/// A cell by its column's kind; empty = not known = null. A number that is none stays text.
Json cell_json(const std::string& cell, ColumnKind kind) {
  if (cell.empty()) return nullptr;
  if (kind == ColumnKind::flag && (cell == "true" || cell == "false")) return cell == "true";
  if (kind != ColumnKind::number) return cell;
  if (const auto whole = read<std::uint64_t>(cell)) return *whole;
  if (const auto negative = read<std::int64_t>(cell)) return *negative;
  if (const auto real = read<double>(cell)) return *real;
  return cell;
}

Json rows_json(const Table& table) {
  auto rows = Json::array();
  for (const auto& row : table.rows) {
    auto object = Json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto& column = table.columns[i];
      object[column.name] =
          i < row.cells.size() ? cell_json(row.cells[i], column.kind) : Json(nullptr);
    }
    rows.push_back(std::move(object));
  }
  return rows;
}

// JSON itself escapes C0 only; DEL, C1 and the overrides mean something to a terminal as well.
// They occur inside strings alone, where their escape means the same character.
std::string harmless(const std::string& dumped, bool lines) {
  if (!lines) return escape(dumped);
  std::string safe;
  for (std::size_t at = 0; at <= dumped.size();) {
    const auto end = std::min(dumped.find('\n', at), dumped.size());
    safe += escape(std::string_view(dumped).substr(at, end - at));
    if (end < dumped.size()) safe += '\n';
    at = end + 1;
  }
  return safe;
}

std::string dump(const Json& value, int indent) {
  return harmless(value.dump(indent, ' ', false, Json::error_handler_t::replace), indent >= 0);
}

}  // namespace

Json to_json(const View& view) {
  Json object{{"command", view.command},
              {"cluster", view.cluster},
              {"history", to_hex(view.history.view())},
              {"snapshot", view.snapshot},
              {"fencing_epoch", view.fencing_epoch},
              {"kernel_ms", view.kernel_ms},
              {"wall_ms", view.wall_ms}};
  auto facts = Json::object();
  for (const auto& fact : view.facts) facts[fact.name] = cell_json(fact.value, fact.kind);
  object["facts"] = std::move(facts);
  for (const auto& table : view.tables) {
    // A kernel's table never hides a field of the view itself.
    const bool taken =
        object.contains(table.name) || table.name == "findings" || table.name == "outcomes";
    object[taken ? table.name + "_table" : table.name] = rows_json(table);
  }
  object["findings"] = wire_json(view.findings);
  if (!view.outcomes.empty()) object["outcomes"] = wire_json(view.outcomes);
  return object;
}

Json to_json(const AuditedRecord& audited) {
  auto object = wire_json(audited.record);
  if (!audited.leaf.empty()) object["leaf"] = wire_json(audited.leaf);
  if (!audited.raw.empty()) object["raw"] = wire_json(audited.raw);
  return object;
}

Json to_json(const AuditPage& page) {
  auto records = Json::array();
  for (const auto& record : page.records) records.push_back(to_json(record));
  return {{"records", std::move(records)}, {"durable", page.durable},
          {"next_seq", page.next_seq},     {"gaps", page.gaps},
          {"findings", page.findings},     {"exit_code", page.exit_code},
          {"summary", page.summary}};
}

std::string json_line(const Json& value) { return dump(value, -1); }
std::string json_text(const Json& value) { return dump(value, 2); }

}  // namespace aeromq::ctl
