// Who changed the cluster's members, and why: kept in the register, never changed or deleted.
#pragma once
#include <string>
#include <vector>

#include "kernel/sqlite.h"
#include "messages/view.h"

namespace aeromq::postgresql {

/// One change. what: "add", "remove", "rekey"; of a rekey of the kernel itself `node` is empty.
struct MemberChange {
  std::string node;
  std::string what;
  std::uint64_t uid = 0;
  std::string reason;
  std::uint64_t wall_ms = 0;
  friend bool operator==(const MemberChange&, const MemberChange&) = default;
};

/// As readings show it: a table `member_changes`, of the newest that fit one.
Table member_changes_table(const std::vector<MemberChange>& changes);

class MemberChanges {
 public:
  explicit MemberChanges(const kernel::Database& database) : database_(&database) {}
  /// The oldest first. None of a register that was made before there were any.
  std::vector<MemberChange> all() const;
  /// One transaction; a change that stands already is not written again.
  void write(const MemberChange& change);

 private:
  const kernel::Database* database_;
};

}  // namespace aeromq::postgresql
