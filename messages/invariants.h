// The invariants that explanations and errors refer to by id, each with its one statement.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace aeromq {

struct Invariant {
  std::string_view id;  ///< "P6-A1": P6 the kernel's, P7 the control plane's
  std::string_view statement;
};

/// The whole table; ids are unique and never reused.
std::span<const Invariant> invariant_table();

/// The row of `id`, or nullptr.
const Invariant* find_invariant(std::string_view id);

/// "P6-A1: at most one node holds write authority"; the id alone if it is not in the table.
std::string invariant_line(std::string_view id);

}  // namespace aeromq
