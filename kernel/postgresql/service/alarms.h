// What an act did that it must not have done: written with the act's own row, shown by every look,
// and in the way of every change until a person has said that it is dealt with. Tables of the
// register's file (grants.cc).
#pragma once
#include "kernel/sqlite.h"
#include "messages/kernel.h"

namespace aeromq::postgresql {

struct Alarm {
  std::uint64_t number = 0;
  Finding what;
  RequestId request;  ///< whose act it was
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

class Alarms {
 public:
  explicit Alarms(const kernel::Database& database) : database_(&database) {}
  /// Those that nobody has cleared, the oldest first.
  std::vector<Alarm> standing() const;
  /// Within the caller's transaction.
  void write(const Finding& what, const RequestId& request, std::uint64_t wall_ms);
  /// False: no alarm of that number stands.
  bool clear(std::uint64_t number, std::uint64_t uid, const std::string& reason,
             std::uint64_t wall_ms);

 private:
  const kernel::Database* database_;
};

/// As every look shows it, with its number, by which it is cleared.
Finding finding_of(const Alarm& alarm);

/// ALARM_STANDS, which no force passes. Precondition: `standing` is not empty.
Check alarm_check(const std::vector<Alarm>& standing);

}  // namespace aeromq::postgresql
