// A view: what a read-only command shows, drawn from ONE kernel snapshot (A12). The same shape for
// every kernel, so one renderer serves tables, JSON and YAML.
#pragma once
#include "messages/kernel.h"

namespace aeromq {

enum class ColumnKind : std::uint8_t { text, number, flag };
template <>
struct EnumNames<ColumnKind> {
  static constexpr std::array<std::string_view, 3> value{"text", "number", "flag"};
};

struct Column {
  std::string name;  ///< snake_case: the JSON key; the table heading is made from it
  ColumnKind kind = ColumnKind::text;
  static constexpr auto fields() {
    return std::tuple{Field{"name", &Column::name, 64}, Field{"kind", &Column::kind}};
  }
  friend bool operator==(const Column&, const Column&) = default;
};

/// One row: a cell per column, as text; flag: "true" or "false"; empty = not known.
struct Row {
  std::vector<std::string> cells;
  static constexpr auto fields() { return std::tuple{Field{"cells", &Row::cells, 32}}; }
  friend bool operator==(const Row&, const Row&) = default;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  std::vector<Row> rows;
  static constexpr auto fields() {
    return std::tuple{Field{"name", &Table::name, 64}, Field{"columns", &Table::columns, 32},
                      Field{"rows", &Table::rows, 256}};
  }
  friend bool operator==(const Table&, const Table&) = default;
};

/// A single named value beside the tables.
struct ViewFact {
  std::string name;  ///< snake_case
  std::string value;
  ColumnKind kind = ColumnKind::text;
  static constexpr auto fields() {
    return std::tuple{Field{"name", &ViewFact::name, 64}, Field{"value", &ViewFact::value, 1024},
                      Field{"kind", &ViewFact::kind}};
  }
  friend bool operator==(const ViewFact&, const ViewFact&) = default;
};

struct View {
  std::string command;
  std::string cluster;
  HistoryId history;
  std::uint64_t snapshot = 0;
  std::uint64_t fencing_epoch = 0;
  std::uint64_t kernel_ms = 0;
  std::uint64_t wall_ms = 0;
  std::vector<ViewFact> facts;
  std::vector<Table> tables;
  std::vector<Finding> findings;
  std::vector<OutcomeAnswer> outcomes;  ///< inspect_promotion_state about a request: one
  static constexpr auto fields() {
    using V = View;
    return std::tuple{Field{"command", &V::command, 64},
                      Field{"cluster", &V::cluster, 64},
                      Field{"history", &V::history},
                      Field{"snapshot", &V::snapshot},
                      Field{"fencing_epoch", &V::fencing_epoch},
                      Field{"kernel_ms", &V::kernel_ms},
                      Field{"wall_ms", &V::wall_ms},
                      Field{"facts", &V::facts, 64},
                      Field{"tables", &V::tables, 8},
                      Field{"findings", &V::findings, 64},
                      Field{"outcomes", &V::outcomes, 1}};
  }
  friend bool operator==(const View&, const View&) = default;
};

}  // namespace aeromq
