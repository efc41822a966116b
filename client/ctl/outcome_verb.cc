// outcome ID: what the kernel's ledger says of a request; exits as that request would have.
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"

namespace aeromq::ctl {

namespace {

/// That the question failed says nothing about the request in question: 30, whatever the error's
/// own code would be. Only what is wrong with the input itself is 2.
int unanswered(const Common& common, Error error, const RequestId& about) {
  if (error.domain == Domain::operator_input) return show_error(common, error);
  error.outcome = Outcome::unknown;
  show_error(common, error, about);
  return kExitUnknown;
}

}  // namespace

int run_outcome(const Common& common, const std::string& id) {
  const auto about = RequestId::parse(id);
  if (!about) return show_error(common, about.error());  // mistyped: found before any contact
  auto client = open_client(common);
  if (!client) return unanswered(common, client.error(), *about);
  const auto request = client->next_request(CommandName::inspect_promotion_state);
  if (!request) return unanswered(common, request.error(), *about);
  Submit command;
  command.command = text_of(CommandName::inspect_promotion_state);
  command.about = about->text();
  const auto answer = client->submit(*request, command);
  if (!answer) return unanswered(common, answer.error(), *about);
  if (const auto* failure = std::get_if<client::Failure>(&*answer))
    return unanswered(common, failure->error, *about);
  const auto& view = std::get<client::ViewAnswer>(*answer).view;
  if (view.outcomes.size() != 1 || view.outcomes[0].request != *about)
    return unanswered(common, make_error(ErrorCode::malformed, "no outcome of this request"),
                      *about);
  const auto& outcome = view.outcomes[0];
  auto text = outcome_text(outcome);
  if (exit_code_of(outcome) == kExitUnknown)
    text += "Ask again:\n  " + outcome_command(common, *about) + '\n';
  show(common.format, text, wire_json(outcome));
  return exit_code_of(outcome);
}

}  // namespace aeromq::ctl
