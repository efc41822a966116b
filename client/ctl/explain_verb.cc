// explain promote|demote|force-promote NODE: the explanation alone. It is a submit that is
// abandoned at once, so nothing stays pending.
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"

namespace aeromq::ctl {

int run_explain(const Common& common, Submit command) {
  command.reason = "explanation only";
  const auto name = *find_command(command.command);
  RequestId like;
  like.kernel_action = command_row(name).kernel_action();
  if (auto good = check_structure(command, like); !good) return show_error(common, good.error());
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  const auto request = client->next_request(name);
  if (!request) return show_error(common, request.error());
  const auto answer = client->submit(*request, command);
  if (!answer) return show_error(common, answer.error(), *request);
  if (const auto* failure = std::get_if<client::Failure>(&*answer))
    return show_error(common, failure->error, *request);
  const auto& pending = std::get<client::Pending>(*answer);
  // Whatever becomes of the abandon, the end of this connection voids the confirmation too.
  const auto ended = client->abandon(pending);
  auto value = wire_json(pending.explanation);
  value["explanation_digest"] = to_hex(pending.explanation_digest.view());
  show(common.format, explanation_text(pending.explanation), value);
  const auto* end = ended ? std::get_if<client::Failure>(&*ended) : nullptr;
  if (end == nullptr)
    return show_error(common, ended ? make_error(ErrorCode::malformed) : ended.error(), *request);
  return end->error.code == "ABANDONED" ? kExitDone : show_error(common, end->error, *request);
}

}  // namespace aeromq::ctl
