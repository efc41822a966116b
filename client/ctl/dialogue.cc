#include "client/ctl/dialogue.h"

#include "client/ctl/render/escape.h"

namespace aeromq::ctl {

std::string phrase(const Explanation& explanation) {
  const auto name = find_command(explanation.command);
  const auto what = name && command_row(*name).kernel_action()
                        ? std::string(text_of(action_of(*name))) + ' ' + explanation.node
                        : std::string("run diagnostics");
  return what + " on " + explanation.cluster;
}

std::vector<Prompt> prompts(const client::Pending& pending, const std::string& until) {
  const auto& explanation = pending.explanation;
  const auto words = phrase(explanation);
  std::vector<Prompt> asked;
  asked.push_back({Question::phrase,
                   "Type \"" + escape(words) + "\" to confirm (expires " + until + "): ", words});
  if (pending.asked.confirmation != ConfirmationKind::enhanced) return asked;
  for (const auto& risk : explanation.risks)
    asked.push_back({Question::risk,
                     escape(risk.text) + "\nType \"" + escape(risk.id) +
                         "\" to acknowledge this risk (expires " + until + "): ",
                     risk.id});
  asked.push_back({Question::responsibility,
                   "Type a sentence that accepts responsibility (expires " + until + "): ",
                   {}});
  return asked;
}

bool accepts(const Prompt& prompt, const std::string& line) {
  if (prompt.question == Question::responsibility)
    return line.find_first_not_of(" \t") != std::string::npos;
  return line == prompt.answer;
}

}  // namespace aeromq::ctl
