#include "client/ctl/confirmation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "client/ctl/dialogue.h"
#include "client/ctl/link.h"
#include "client/ctl/two_step.h"
#include "messages/given.h"
#include "process/output.h"

namespace aeromq::ctl {
namespace {

constexpr int kAbandonWaitMs = 2000;  ///< for the word that it is abandoned; its end is sure anyway

// What can't be shown is not asked: nothing was sent, or the question goes back unanswered.
constexpr const char* kUnshown = "it could not be shown";

class Confirmation {
 public:
  Confirmation(const Common& common, Inputs& inputs, client::Client& client, RequestId request,
               Asking asking)
      : common_(common), inputs_(inputs), client_(client), request_(request), asking_(asking) {}

  Ended run(const Submit& command) {
    ended_.request = request_;
    ended_.exit_code = lead(command);
    ended_.at = std::chrono::steady_clock::now();
    return ended_;
  }

 private:
  int lead(const Submit& command) {
    // With -o json or yaml the result alone goes to stdout.
    if (asking_ == Asking::terminal && !say("request " + request_.text() + '\n'))
      return end(make_error(ErrorCode::abandoned, kUnshown));
    if (inputs_.interrupted()) return end(make_error(ErrorCode::abandoned, "interrupted"));
    if (auto sent = client_.send_submit(request_, command); !sent) return end(sent.error());
    const auto answered = wait_for_answer(client_, inputs_);
    if (!answered)  // no token yet: nothing to abandon, the connection's end does
      return end(make_error(ErrorCode::abandoned, "interrupted"));
    const auto& answer = answered->answer;
    if (!answer) return end(answer.error());
    if (const auto* failure = std::get_if<client::Failure>(&*answer)) return end(failure->error);
    const auto* pending = std::get_if<client::Pending>(&*answer);
    if (pending == nullptr) return end(make_error(ErrorCode::malformed));
    inputs_.watch_lines();
    return asking_ == Asking::terminal ? ask_person(*pending) : ask_program(*pending);
  }

  bool say(const std::string& text) const {
    return common_.format == Format::table ? process::put(text) : process::put_error(text);
  }

  int ask_person(const client::Pending& pending) {
    if (!say(explanation_text(pending.explanation))) return abandon(pending, kUnshown);
    inputs_.forget_typed();
    Reply reply;
    const auto count = prompts(pending, {}).size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto prompt = prompts(pending, until(pending))[i];  // with the time that is left by now
      if (!say(prompt.text)) return abandon(pending, kUnshown);
      const auto event = wait_for_event(client_, inputs_);
      if (event.why == Woken::answer) {
        say("\n");
        return ended_meanwhile(*event.answered);
      }
      if (event.why != Woken::line) say("\n");
      if (event.why == Woken::interrupted) return abandon(pending, "interrupted");
      if (event.why == Woken::no_more_lines) return abandon(pending, "end of input");
      const auto words = trimmed(event.line);
      if (words != prompt.answer) return abandon(pending, "the words typed are others");
      if (prompt.question == Question::sentence) reply.sentence = words;
      if (prompt.question == Question::risk) reply.acknowledge.push_back(words);
      if (prompt.question == Question::responsibility) reply.accept_responsibility = words;
    }
    return confirm(pending, reply);
  }

  int ask_program(const client::Pending& pending) {
    if (!print_line(pending_json(pending))) return abandon(pending, kUnshown);
    const auto event = wait_for_event(client_, inputs_);
    switch (event.why) {
      case Woken::answer:
        return ended_meanwhile(*event.answered);
      case Woken::interrupted:
        return abandon(pending, "interrupted");
      case Woken::no_more_lines:
        return abandon(pending, "end of input");
      case Woken::line:
        break;
    }
    const auto reply = parse_reply(event.line, pending.asked.token);
    if (!reply) return decline(pending, reply.error());
    if (!reply->confirm) return abandon(pending, {});
    return confirm(pending, *reply);
  }

  int confirm(const client::Pending& pending, const Reply& reply) {
    const auto& asked = pending.asked;
    if (const auto fault = fault_of_words({asked.sentence, asked.responsibility_sentence},
                                          reply.sentence, reply.accept_responsibility))
      return decline(pending, *fault);
    // An end or a Ctrl-C that came with the last line still counts: nothing has been sent.
    if (inputs_.interrupted()) return abandon(pending, "interrupted");
    auto sent = client_.send_confirm(pending, reply.sentence, reply.acknowledge,
                                     reply.accept_responsibility);
    if (!sent) {
      // The library says NOT_PENDING if the confirmation ended just now; its end says why.
      if (auto answered = client_.next_answer(0)) return ended_meanwhile(*answered);
      return end(sent.error());
    }
    process::settle_code();
    ended_.sent = std::chrono::steady_clock::now();
    inputs_.ignore_lines();
    const auto answered = wait_for_answer(client_, inputs_);
    if (!answered) return end(make_error(ErrorCode::answer_lost, "interrupted"));
    if (!answered->answer) return end(answered->answer.error());
    if (const auto* failure = std::get_if<client::Failure>(&*answered->answer))
      return end(failure->error);
    ended_.outcome = Outcome::executed;
    return show_result(*answered->answer);
  }

  int show_result(const client::Answer& answer) {
    Json value{{"request", request_.text()}};
    if (const auto* view = std::get_if<client::ViewAnswer>(&answer)) {
      value["record"] = view->record;
      value.update(to_json(view->view));
      print_result(view_text(view->view), value);
      return exit_code_of(view->view);
    }
    const auto& executed = std::get<client::Executed>(answer);
    value["outcome"] = "executed";
    value["command"] = executed.command;
    value["record"] = executed.record;
    value.update(wire_json(executed.answer));
    print_result(executed_text(executed.answer), value);
    return kExitDone;
  }

  void print_result(const std::string& text, const Json& value) const {
    if (asking_ == Asking::two_step)
      print_line(value);
    else
      show(common_.format, text, value);
  }

  void abandon_quietly(const client::Pending& pending) {
    if (client_.send_abandon(pending)) client_.next_answer(kAbandonWaitMs);
  }

  /// No confirmation was sent, by the operator's own will: 11 whatever else went wrong.
  int abandon(const client::Pending& pending, const std::string& why) {
    abandon_quietly(pending);
    return end(make_error(ErrorCode::abandoned, why));
  }

  /// Whatever is no yes is a no; what is wrong with it is told.
  int decline(const client::Pending& pending, const Error& fault) {
    abandon_quietly(pending);
    return end(
        make_error(ErrorCode::abandoned, "this is no yes: " + detail_of(fault), fault.field));
  }

  int ended_meanwhile(const client::Answered& answered) {
    if (!answered.answer) return end(answered.answer.error());
    const auto* failure = std::get_if<client::Failure>(&*answered.answer);
    return end(failure != nullptr ? failure->error : make_error(ErrorCode::malformed));
  }

  int end(const Error& error) {
    ended_.outcome = error.outcome;
    if (asking_ == Asking::two_step) {
      auto value = error_json(common_, error, request_);
      print_line({{"request", request_.text()},
                  {"outcome", std::string(text_of(error.outcome))},
                  {"error", std::move(value)}});
    }
    return show_error(common_, error, request_);
  }

  static std::string until(const client::Pending& pending) {
    const auto left_s = pending.left_ms() / 1000;
    const auto at = std::time(nullptr) + static_cast<std::time_t>(left_s);
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    return fmt::format("{:02}:{:02}:{:02}Z, in {} s", utc.tm_hour, utc.tm_min, utc.tm_sec, left_s);
  }

  const Common& common_;
  Inputs& inputs_;
  client::Client& client_;
  RequestId request_;
  Asking asking_;
  Ended ended_;
};

bool at_terminal(Format format) {
  return ::isatty(STDIN_FILENO) != 0 &&
         ::isatty(format == Format::table ? STDOUT_FILENO : STDERR_FILENO) != 0;
}

}  // namespace

bool print_line(const Json& value) { return process::put(json_line(value) + '\n'); }

std::optional<Error> wrong_before(const Common& common, std::span<const Submit> commands,
                                  Asking asking) {
  for (const auto& command : commands) {
    RequestId like;
    like.kernel_action = command_row(*find_command(command.command)).kernel_action();
    if (auto good = check_structure(command, like); !good) return good.error();
  }
  if (asking == Asking::terminal && !at_terminal(common.format))
    return make_error(ErrorCode::invalid_input, "a confirmation needs a terminal, or --two-step",
                      std::string("two-step"));
  return std::nullopt;
}

Ended lead_to_its_end(const Common& common, Inputs& inputs, client::Client& client,
                      const Submit& command, Asking asking) {
  const auto request = client.next_request(*find_command(command.command));
  if (request) return Confirmation(common, inputs, client, *request, asking).run(command);
  Ended ended;
  ended.exit_code = show_error(common, request.error());
  ended.at = std::chrono::steady_clock::now();
  return ended;
}

}  // namespace aeromq::ctl
