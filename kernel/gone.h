// Files that must never be made anew unsaid: a register or a journal that was there and is not any
// more. Whoever makes one leaves a mark beside it afterwards, so a first start that died anywhere
// can be done again, and a file that is gone is told from one that never was.
#pragma once
#include <string>

#include "process/settings.h"

namespace aeromq::kernel {

std::string mark_path(const std::string& file);

/// True if `file` is not there and its mark is.
bool is_gone(const std::string& file);

/// Leaves the mark, durable when this returns true. Only if `file` is there.
bool leave_mark(const std::string& file);

/// Why a start ends that could not leave the mark.
Error unmarked(const std::string& file);

/// Error INVALID_INPUT, field `register`: there is no register though there was one, by its mark or
/// by what the audit log knows of it.
Result<void> check_not_gone(const process::Settings& settings);

}  // namespace aeromq::kernel
