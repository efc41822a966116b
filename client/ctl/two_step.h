// The two lines of --two-step: the pending confirmation out, the program's word in. Strict: what is
// not exactly a confirmation of this token is none.
#pragma once
#include "client/ctl/render/json.h"

namespace aeromq::ctl {

struct Reply {
  bool confirm = false;  ///< else abandon
  std::vector<std::string> acknowledge;
  std::string accept_responsibility;
  friend bool operator==(const Reply&, const Reply&) = default;
};

/// {request, token, confirmation, expires_in_ms, explanation, explanation_digest, risks}
Json pending_json(const client::Pending& pending);

/// Reads {"confirm": TOKEN, "acknowledge": [...], "accept_responsibility": TEXT} or
/// {"abandon": TOKEN}. Error INVALID_INPUT names the field: no JSON object, an unknown key, a key
/// twice, another type, or another token than `token`.
Result<Reply> parse_reply(const std::string& line, const Token& token);

}  // namespace aeromq::ctl
