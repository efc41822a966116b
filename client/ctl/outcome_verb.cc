// outcome ID: what the kernel's ledger says of a request; exits as that request would have.
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"

namespace aeromq::ctl {

int run_outcome(const Common& common, const std::string& id) {
  const auto about = RequestId::parse(id);
  if (!about) return show_error(common, about.error());  // mistyped: found before any contact
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  const auto request = client->next_request(CommandName::inspect_promotion_state);
  if (!request) return show_error(common, request.error());
  Submit command;
  command.command = text_of(CommandName::inspect_promotion_state);
  command.about = about->text();
  const auto answer = client->submit(*request, command);
  if (!answer) {
    show_error(common, answer.error());
    // That the question failed says nothing about the request in question.
    return answer.error().outcome == Outcome::not_executed ? exit_code(answer.error())
                                                           : kExitUnknown;
  }
  if (const auto* failure = std::get_if<client::Failure>(&*answer))
    return show_error(common, failure->error);
  const auto& view = std::get<client::ViewAnswer>(*answer).view;
  if (view.outcomes.size() != 1 || view.outcomes[0].request != *about)
    return show_error(common, make_error(ErrorCode::malformed, "no outcome of this request"));
  const auto& outcome = view.outcomes[0];
  auto text = outcome_text(outcome);
  if (exit_code_of(outcome) == kExitUnknown)
    text += "Ask again:\n  " + outcome_command(common, *about) + '\n';
  show(common.format, text, wire_json(outcome));
  return exit_code_of(outcome);
}

}  // namespace aeromq::ctl
