#include "kernel/postgresql/service/member_changes.h"

#include <algorithm>

#include "messages/text.h"

namespace aeromq::postgresql {

using kernel::Statement;

Table member_changes_table(const std::vector<MemberChange>& changes) {
  using enum ColumnKind;
  constexpr std::size_t kMostRows = 256;  // Table::rows
  constexpr std::size_t kMostCell = 256;  // Row::cells
  Table table{
      "member_changes",
      {{"what", text}, {"node", text}, {"uid", number}, {"wall_ms", number}, {"reason", text}},
      {}};
  const auto first = changes.size() > kMostRows ? changes.size() - kMostRows : 0;
  for (auto i = first; i < changes.size(); ++i)
    table.rows.push_back({{changes[i].what, changes[i].node, std::to_string(changes[i].uid),
                           std::to_string(changes[i].wall_ms), cut(changes[i].reason, kMostCell)}});
  return table;
}

std::vector<MemberChange> MemberChanges::all() const {
  std::vector<MemberChange> changes;
  Statement table(*database_,
                  "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'member_changes'");
  if (!table.step()) return changes;
  Statement query(*database_,
                  "SELECT node, what, uid, reason, wall_ms FROM member_changes ORDER BY number");
  while (query.step())
    changes.push_back({query.text_at(0), query.text_at(1), query.number_at(2), query.text_at(3),
                       query.number_at(4)});
  return changes;
}

void MemberChanges::write(const MemberChange& change) {
  const auto before = all();
  if (std::ranges::find(before, change) != before.end()) return;
  Statement(*database_,
            "INSERT INTO member_changes(node, what, uid, reason, wall_ms) VALUES(?, ?, ?, ?, ?)")
      .text(change.node)
      .text(change.what)
      .number(change.uid)
      .text(change.reason)
      .number(change.wall_ms)
      .run();
}

}  // namespace aeromq::postgresql
