// Linearizability of one request as a single-assignment register: undecided, then for ever
// executed, rejected or not executed.
//
// A general search (Wing, Gong, Lowe) orders overlapping operations until their results fit. Here
// the interval argument decides the same, since the register is written once: an order exists if
// and only if one moment D exists at which it is written, such that every answer "undecided" could
// be taken before D and every answer with an end after it. An operation can take effect at any
// moment between its question and its answer, so D must lie after the question of every
// "undecided" and before the answer of every end: the last such question stands before the first
// such answer, and all ends are one. A row that was seen is D itself; an execution also needs a yes
// that was asked before D. checker_linear_test.cc holds this against a full search.
#include <fmt/format.h>

#include <algorithm>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

/// The question that an answer belongs to: the newest one of the same client about the same.
const Event* question_of(const Events& asked, const Event& told) {
  for (auto at = asked.rbegin(); at != asked.rend(); ++at)
    if (before(*at, &told) && (*at)->lane == told.lane && (*at)->run == told.run &&
        (*at)->what == told.what)
      return *at;
  return nullptr;
}

struct Register {
  const Event* end = nullptr;       ///< the first answer that names an end
  const Event* known = nullptr;     ///< the first of those that the kernel's memory stands behind
  const Event* decision = nullptr;  ///< the row, if one was seen
};

void judge_end(const RequestEvents& request, const Register& state, const Event& told,
               Findings& findings) {
  if (state.end != nullptr && state.end->verdict != told.verdict)
    findings.breaks(told,
                    fmt::format("{} is {} and {}", request.text, state.end->verdict, told.verdict));
  if (state.decision != nullptr && before(&told, state.decision))
    findings.breaks(
        told, fmt::format("{} was told {} before it was decided", request.text, told.verdict));
  if (told.verdict == "not_executed") return;
  const auto said_yes = [&](const Event* asked) {
    return asked->what == "confirm" && before(asked, &told);
  };
  if (std::ranges::none_of(request.of(EventKind::asked), said_yes))
    findings.breaks(
        told, fmt::format("{} was told {} before anybody confirmed", request.text, told.verdict));
}

void judge_undecided(const RequestEvents& request, const Register& state, const Event& question,
                     const Event& told, Findings& findings) {
  if (state.known != nullptr && before(state.known, &question))
    findings.breaks(told, fmt::format("{} was told {}, later asked, and told undecided",
                                      request.text, state.known->verdict));
  if (state.decision != nullptr && before(state.decision, &question))
    findings.breaks(told, fmt::format("{} has a row, was asked about after it, and told undecided",
                                      request.text));
}

void judge_request(const RequestEvents& request, Findings& findings) {
  Register state;
  if (!request.of(EventKind::row).empty()) state.decision = request.of(EventKind::row).front();
  bool judged = false;
  for (const auto* told : request.of(EventKind::told)) {
    const bool undecided = told->what == "outcome" && told->verdict == "not_yet_decided";
    if (!undecided && (!is_end(told->verdict) || is_unrecorded_denial(*told))) continue;
    judged = true;
    const auto* question = question_of(request.of(EventKind::asked), *told);
    if (question == nullptr && told->what == "outcome") {
      findings.breaks(*told, fmt::format("an answer about {} that nobody asked for", request.text));
      continue;
    }
    if (undecided) {
      judge_undecided(request, state, *question, *told, findings);
      continue;
    }
    judge_end(request, state, *told, findings);
    if (state.end == nullptr) state.end = told;
    // A "not executed" of the road closes the request there; the kernel, which never heard of it,
    // may call it undecided until its lease ends.
    const bool kernels = told->what == "outcome" || told->verdict != "not_executed";
    if (state.known == nullptr && kernels) state.known = told;
  }
  if (judged) findings.judged();
}

}  // namespace

/// I-LIN. `unknown` says nothing about the register, so it has no place in the order.
void judge_lin(const Index& index, Findings& findings) {
  for (const auto& request : index.requests()) judge_request(request, findings);
}

}  // namespace aeromq::chaos
