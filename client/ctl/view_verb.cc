// inspect ..., diag wal, diag snapshots: commands that only look.
#include <poll.h>
#include <unistd.h>

#include <array>

#include "client/ctl/inputs.h"
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"
#include "process/output.h"

namespace aeromq::ctl {
namespace {

Json answer_json(const RequestId& request, const client::ViewAnswer& answer) {
  Json value{{"request", request.text()}, {"record", answer.record}};
  value.update(to_json(answer.view));
  return value;
}

/// Watching shows one view after the other: a fresh screen for people, one line each for programs.
bool show_watched(Format format, const View& view, const Json& value) {
  if (format == Format::json) return process::put(json_line(value) + '\n');
  if (format == Format::yaml)
    process::put("---\n");
  else if (::isatty(STDOUT_FILENO) != 0)
    process::put("\x1b[H\x1b[2J");
  return show(format, view_text(view), value);
}

struct Look {
  int exit_code = kExitFault;
  bool shown = false;  ///< written, too: whoever watches for nobody ends
};

Look look(const Common& common, client::Client& client, Inputs& inputs, const Submit& command,
          bool watched) {
  const auto request = client.next_request(*find_command(command.command));
  if (!request) return {show_error(common, request.error()), false};
  if (auto sent = client.send_submit(*request, command); !sent)
    return {show_error(common, sent.error()), false};
  const auto event = wait_for_event(client, inputs);
  if (event.why != Woken::answer) return {watched ? kExitDone : kExitDeclined, false};
  const auto& answer = event.answered->answer;
  if (!answer) return {show_error(common, answer.error(), *request), false};
  if (const auto* failure = std::get_if<client::Failure>(&*answer))
    return {show_error(common, failure->error, *request), false};
  const auto& shown = std::get<client::ViewAnswer>(*answer);
  const auto value = answer_json(*request, shown);
  const bool written = watched ? show_watched(common.format, shown.view, value)
                               : show(common.format, view_text(shown.view), value);
  return {exit_code_of(shown.view), written};
}

/// False if a signal came, or the reader of the views went, before the time was over.
bool wait_to_look(Inputs& inputs, unsigned watch_s) {
  constexpr int kMsPerS = 1000;
  std::array<pollfd, 2> items{pollfd{inputs.fd(), POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
  ::poll(items.data(), items.size(), static_cast<int>(watch_s) * kMsPerS);
  return !inputs.interrupted() && !process::reader_gone();
}

}  // namespace

int run_view(const Common& common, const Submit& command, unsigned watch_s) {
  if (auto good = check_structure(command, {}); !good) return show_error(common, good.error());
  Inputs inputs;
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  for (;;) {
    const auto seen = look(common, *client, inputs, command, watch_s > 0);
    if (watch_s == 0 || !seen.shown) return seen.exit_code;
    if (!wait_to_look(inputs, watch_s))
      return process::reader_gone() ? kExitUnwritten : seen.exit_code;
  }
}

}  // namespace aeromq::ctl
