// What aeromq-ctl told its person, read from the JSON that it printed: the words of a history's
// `told`. Pure.
#pragma once
#include <string>
#include <vector>

#include "chaos/history/event.h"

namespace aeromq::chaos {

/// What one aeromq-ctl printed and how it ended.
struct Said {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// The last line, or the whole text, that is a JSON object: what a person was told, as verdict,
/// final, code, text, request and number. `what` is what was asked: submit, confirm, abandon,
/// outcome. An empty verdict = nobody was told anything (the client is dead).
Event told_of(const Said& said, const std::string& what);

/// The exit code that a verdict leads to; a client that tells one thing and exits with another
/// misleads every script.
bool fits(int exit_code, const Event& told);

/// The catalogue's name of the command in an aeromq-ctl command line; the line itself for what is
/// no command of the catalogue (audit, status).
std::string command_named(const std::vector<std::string>& words);

/// The SHA-256 of the body that aeromq-ctl submits for this command line, hexadecimal: what the
/// ledger must show. Empty for what is no command of the catalogue.
std::string digest_of(const std::vector<std::string>& words);

}  // namespace aeromq::chaos
