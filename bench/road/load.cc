#include "bench/road/load.h"

#include <array>
#include <cstdlib>
#include <iostream>

namespace aeromq::bench {
namespace {

constexpr std::array kNodes{"a", "b", "c"};
constexpr int kAnswerMs = 60'000;

[[noreturn]] void die(const Error& error) {
  std::cerr << "the product's road broke: " << error.code << ": " << error.message << std::endl;
  std::exit(1);
}

}  // namespace

Submit Turns::next() {
  if (!holder_.empty()) return {"request_demotion", holder_, "bench", "", {}};
  return {"request_promotion", kNodes[next_ % kNodes.size()], "bench", "", {}};
}

void Turns::executed(const Submit& command) {
  const bool demoted = command.command == "request_demotion";
  holder_ = demoted ? "" : command.node;
  if (demoted) ++next_;
}

void Turns::rejected(const Submit& command) {
  if (command.command == "request_promotion") ++next_;
}

void Load::begin(const Slice& slice) {
  Open open{Clock::now(), {"inspect_cluster_state", "", "", "", {}}};
  auto name = CommandName::inspect_cluster_state;
  if (slice.kind == "mutation") {
    open.command = turns_.next();
    name = *find_command(open.command.command);
  }
  const auto request = client_.next_request(name);
  if (!request) die(request.error());
  if (const auto sent = client_.send_submit(*request, open.command); !sent) die(sent.error());
  open_.emplace(*request, std::move(open));
}

/// True if the request has ended.
bool Load::take(client::Answered answered, Measured& measured) {
  if (!answered.answer) die(answered.answer.error());
  const auto at = open_.find(answered.request);
  if (at == open_.end()) std::abort();
  const auto& [begun, command] = at->second;
  if (const auto* pending = std::get_if<client::Pending>(&*answered.answer)) {
    if (const auto sent = client_.send_confirm(*pending, pending->asked.sentence); !sent)
      die(sent.error());
    return false;
  }
  if (std::holds_alternative<client::ViewAnswer>(*answered.answer)) {
    measured.add(begun, "answered");
  } else if (std::holds_alternative<client::Executed>(*answered.answer)) {
    measured.add(begun, "executed");
    turns_.executed(command);
  } else {
    const auto& error = std::get<client::Failure>(*answered.answer).error;
    if (error.domain == Domain::kernel_rejection) {
      measured.add(begun, "rejected " + error.code);
      turns_.rejected(command);
    } else {
      measured.add_odd(error.code + ": " + error.message);
    }
  }
  open_.erase(at);
  return true;
}

Measured Load::run(const Slice& slice) {
  Measured measured;
  const auto deadline = Clock::now() + slice.duration;
  for (int i = 0; i < slice.outstanding; ++i) begin(slice);
  while (!open_.empty()) {
    auto answered = client_.next_answer(kAnswerMs);
    if (!answered) die(make_error(ErrorCode::answer_lost, "no answer for a minute"));
    if (take(std::move(*answered), measured) && Clock::now() < deadline) begin(slice);
  }
  measured.finish();
  return measured;
}

}  // namespace aeromq::bench
