// What people read: tables and plain lines. Everything that came over the wire is escaped.
#pragma once
#include <string>

#include "client/answer.h"

namespace aeromq::ctl {

/// A view with its snapshot in the top border, marks in the state column (`*` primary by the
/// kernel's word and its own, `!` primary by its own word only, `?` silent), findings below.
std::string view_text(const View& view);

/// The explanation as a person confirms it: facts, checks, risks; no advice (C7).
std::string explanation_text(const Explanation& explanation);

/// "executed", with each effect before -> after.
std::string executed_text(const ActAnswer& answer);

/// Domain, code, message, invariants, outcome: five facts on three lines.
std::string error_text(const Error& error);

/// One line per record; gaps, findings and the summary below.
std::string audit_text(const AuditPage& page);

std::string status_text(const Status& status);

/// What became of a request, in the kernel's words.
std::string outcome_text(const OutcomeAnswer& outcome);

/// 2026-01-31T14:17:02.123Z of milliseconds since 1970.
std::string wall_time(std::uint64_t wall_ms);

}  // namespace aeromq::ctl
