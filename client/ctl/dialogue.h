// What a person is asked on a terminal. Pure text.
#pragma once
#include "client/answer.h"

namespace aeromq::ctl {

enum class Question : std::uint8_t { sentence, risk, responsibility };

struct Prompt {
  Question question = Question::sentence;
  std::string text;    ///< as shown, escaped
  std::string answer;  ///< to be typed exactly; anything else is a no
};

/// The questions in order: the given sentence; for an override also each risk by its id, then the
/// given sentence of responsibility. `until` is when the confirmation runs out, as people read it.
std::vector<Prompt> prompts(const client::Pending& pending, const std::string& until);

/// Without the blanks at both ends: the only freedom that whoever types has.
std::string trimmed(const std::string& line);

}  // namespace aeromq::ctl
