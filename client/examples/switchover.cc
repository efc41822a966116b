// A planned switchover by a program: demote the old primary with the replica named as its
// successor, so that it is done only if that one could follow; then promote the replica. Each is
// explained and confirmed by its exact words. One command is one kernel action; between the two
// this program stops at the first thing that is not "executed", and nobody holds write authority
// then.
//   switchover CLIENT.toml OLD NEW
#include <iostream>

#include "client/client.h"
#include "process/entry.h"

using namespace aeromq;

namespace {

/// True if the kernel executed it. Never tries twice: what is unknown is a question for a person.
bool change(client::Client& client, CommandName name, const std::string& node,
            const std::string& successor = {}) {
  const auto request = client.next_request(name);
  if (!request) {
    std::cerr << request.error().message << '\n';
    return false;
  }
  std::cout << "request " << request->text() << std::endl;  // known before anything is sent
  Submit command;
  command.command = text_of(name);
  command.node = node;
  command.reason = "planned switchover";
  command.successor = successor;

  auto answer = client.submit(*request, command);
  if (answer && std::holds_alternative<client::Pending>(*answer)) {
    const auto pending = std::get<client::Pending>(std::move(*answer));
    std::cout << pending.explanation.action << "\nType \"" << pending.asked.sentence
              << "\" to confirm: ";
    std::string line;
    std::getline(std::cin, line);
    answer =
        line == pending.asked.sentence ? client.confirm(pending, line) : client.abandon(pending);
  }
  if (!answer) {  // this end's word: NOT_REACHED, or after the confirmation ANSWER_LOST = unknown
    std::cerr << answer.error().code << ": " << answer.error().message << '\n';
    return false;
  }
  if (const auto* failure = std::get_if<client::Failure>(&*answer)) {
    std::cerr << failure->error.code << ": " << failure->error.message << " ("
              << text_of(failure->error.outcome) << ")\n";
    return false;
  }
  return std::holds_alternative<client::Executed>(*answer);
}

int run_program(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: switchover CLIENT.toml OLD NEW\n";
    return 2;
  }
  const auto settings = client::read_settings(argv[1]);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return 2;
  }
  auto client = client::Client::connect(*settings);
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  return change(*client, CommandName::request_demotion, argv[2], argv[3]) &&
                 change(*client, CommandName::request_promotion, argv[3])
             ? 0
             : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
