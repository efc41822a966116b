#include "client/ctl/dialogue.h"

#include "client/ctl/render/escape.h"

namespace aeromq::ctl {

std::vector<Prompt> prompts(const client::Pending& pending, const std::string& until) {
  const auto ask = [&](Question question, const std::string& words, const std::string& what) {
    return Prompt{
        question,
        "Type \"" + escape(words) + "\" to " + what + " (expires " + until + "): ", words};
  };
  std::vector<Prompt> asked{ask(Question::sentence, pending.asked.sentence, "confirm")};
  if (pending.asked.confirmation != ConfirmationKind::enhanced) return asked;
  for (const auto& risk : pending.explanation.risks) {
    asked.push_back(ask(Question::risk, risk.id, "acknowledge this risk"));
    asked.back().text.insert(0, escape(risk.text) + '\n');
  }
  asked.push_back(
      ask(Question::responsibility, pending.asked.responsibility_sentence, "take responsibility"));
  return asked;
}

std::string trimmed(const std::string& line) {
  constexpr auto kBlanks = " \t";
  const auto first = line.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace aeromq::ctl
