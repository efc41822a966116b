// synchronous_standby_names as PostgreSQL reads it, and whether the standbys that can be seen must
// hold every write that was acknowledged under it. Pure.
#pragma once
#include <string_view>

#include "kernel/postgresql/sample.h"

namespace aeromq::postgresql {

struct SynchronousNames {
  enum class Method { none, first, any };
  Method method = Method::none;  ///< none: asynchronous
  std::uint64_t number = 0;      ///< how many standbys confirm each commit
  std::vector<std::string> names;
  bool everybody = false;  ///< a "*" is among the names
  friend bool operator==(const SynchronousNames&, const SynchronousNames&) = default;
};

/// Reads '', 'a, b', 'k (a, b)', 'FIRST k (...)', 'ANY k (...)', with "quoted" names. Error
/// INVALID_INPUT, field `synchronous_standby_names`.
Result<SynchronousNames> parse_synchronous(std::string_view text);

/// Names of standbys are compared as PostgreSQL does: without regard to case.
bool same_name(std::string_view one, std::string_view other);

/// The listed members that `visible` does not hold, without `primary`, which is no standby of its
/// own. An acknowledged write is on `number` members at least: if fewer are unseen, one is seen.
std::vector<std::string> unseen_members(const SynchronousNames& rule, std::string_view primary,
                                        const std::vector<std::string>& visible);

}  // namespace aeromq::postgresql
