// One answer's cells as values, for the readers of sight/.
#pragma once
#include <charconv>

#include "kernel/postgresql/sight/queries.h"
#include "kernel/postgresql/sight/timeline.h"

namespace aeromq::postgresql {

/// Anybody may name a session; what is shown or sent holds no control character, and is UTF-8.
std::string showable(std::string text);

/// One answer's cells. A cell that is not there or NULL reads as empty or 0.
class Cells {
 public:
  explicit Cells(const ResultPtr& result) : result_(result.get()) {}
  int rows() const { return PQntuples(result_); }
  std::string verbatim(int row, int column) const {
    return PQgetisnull(result_, row, column) != 0 ? std::string{}
                                                  : PQgetvalue(result_, row, column);
  }
  std::string text(int row, int column) const { return showable(verbatim(row, column)); }
  bool flag(int row, int column) const { return text(row, column) == "t"; }
  std::uint64_t number(int row, int column) const {
    const auto value = text(row, column);
    std::uint64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
  }
  Lsn lsn(int row, int column) const { return parse_lsn(text(row, column)).value_or(0); }

 private:
  const PGresult* result_;
};

}  // namespace aeromq::postgresql
