#include "messages/given.h"

namespace aeromq {

Given given_for(const Explanation& explanation) {
  const auto name = find_command(explanation.command);
  const auto what = name && command_row(*name).kernel_action()
                        ? std::string(text_of(action_of(*name))) + ' ' + explanation.node
                        : std::string("run diagnostics");
  Given given{what + " on " + explanation.cluster, {}};
  if (explanation.confirmation == ConfirmationKind::enhanced)
    given.responsibility_sentence = "I take responsibility: " + given.sentence;
  return given;
}

std::optional<Error> fault_of_words(const Given& given, const std::string& sentence,
                                    const std::string& accept_responsibility) {
  constexpr auto kOthers = "it is not, octet for octet, the sentence that was given";
  if (given.sentence.empty() || sentence != given.sentence)
    return make_error(ErrorCode::confirmation_mismatch, kOthers, "sentence");
  if (accept_responsibility == given.responsibility_sentence) return std::nullopt;
  return given.responsibility_sentence.empty()
             ? make_error(ErrorCode::invalid_input, "a standard confirmation does not take it",
                          "accept_responsibility")
             : make_error(ErrorCode::responsibility_not_accepted, kOthers, "accept_responsibility");
}

}  // namespace aeromq
