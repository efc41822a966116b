// The two lines of --two-step: the pending confirmation out, the program's word in. Strict: what is
// not exactly a confirmation of this token, with the sentence that was given, is a no.
#pragma once
#include "client/ctl/render/json.h"

namespace aeromq::ctl {

struct Reply {
  bool confirm = false;  ///< else abandon
  std::string sentence;
  std::vector<std::string> acknowledge;
  std::string accept_responsibility;
  friend bool operator==(const Reply&, const Reply&) = default;
};

/// {request, token, confirmation, sentence, expires_in_ms, explanation, explanation_digest, risks},
/// and responsibility_sentence if it is an enhanced one.
Json pending_json(const client::Pending& pending);

/// Reads {"confirm": TOKEN, "sentence": TEXT, "acknowledge": [...], "accept_responsibility": TEXT}
/// or {"abandon": TOKEN}; blanks at the ends of the two texts are not theirs. Error INVALID_INPUT
/// names the field: no JSON object, an unknown key, a key twice, another type, or another token
/// than `token`.
Result<Reply> parse_reply(const std::string& line, const Token& token);

}  // namespace aeromq::ctl
