// What a person is asked on a terminal, and whether what they typed is the answer. Pure text.
#pragma once
#include "client/answer.h"

namespace aeromq::ctl {

enum class Question : std::uint8_t { phrase, risk, responsibility };

struct Prompt {
  Question question = Question::phrase;
  std::string text;    ///< as shown, escaped
  std::string answer;  ///< to be typed exactly; empty for a sentence of one's own
};

/// "promote node2 on batman": the words that confirm exactly this.
std::string phrase(const Explanation& explanation);

/// The questions in order: the phrase; for an override also each risk by its id, then a sentence
/// that accepts responsibility. `until` is when the confirmation runs out, as people read it.
std::vector<Prompt> prompts(const client::Pending& pending, const std::string& until);

/// True if `line` is what the prompt asks for. Nothing is trimmed or completed.
bool accepts(const Prompt& prompt, const std::string& line);

}  // namespace aeromq::ctl
