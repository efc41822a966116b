#include "chaos/checker/checker.h"

#include <algorithm>
#include <array>

#include "chaos/checker/predicate.h"

namespace aeromq::chaos {
namespace {

struct Predicate {
  PredicateRow row;
  void (*judge)(const Index&, Findings&);
};

constexpr std::array kPredicates{
    Predicate{{"I-ONCE",
               "A request has at most one effect and at most one ledger row, and every effect "
               "belongs to a request.",
               "D1, E3; outcome 1(a)1", "a request with a row or an effect"},
              judge_once},
    Predicate{{"I-ATOMIC",
               "A row is executed exactly if one effect stands in its own transaction; a rejected "
               "row has none, a transaction has one row, and no effect stands outside a row's.",
               "D1, D2, F8.2; outcome 1(a)1", "a row; an effect"},
              judge_atomic},
    Predicate{{"I-SINGLE",
               "Each change of write authority begins where the one before it ended, and a plain "
               "promotion begins where nobody holds it, so there is never a second holder.",
               "P6-A1, P6-A2", "an effect"},
              judge_single},
    Predicate{
        {"I-CONFIRM",
         "Before an effect its principal submitted this very command and confirmed this very "
         "explanation with the token that was issued for it, naming every risk, and that token was "
         "spent on it before anything else happened.",
         "C1, C2, B5; outcome 4 row 10", "an effect"},
        judge_confirm},
    Predicate{{"I-TOKEN",
               "A token is spent at most once, by the request, principal and explanation it was "
               "issued for, before it runs out, in the run of the keeper that issued it.",
               "C2, C3, C5", "a token spent, or a confirmed record with a token"},
              judge_token},
    Predicate{{"I-AUTH",
               "Whoever an effect belongs to was an operator of its control plane when its submit "
               "and its confirmation were read, each some moment between the word and the effect.",
               "B1, B3, B5", "an effect with a row"},
              judge_auth},
    Predicate{{"I-AUDIT",
               "The dispatched record was durable before the call and the effect, nothing recorded "
               "was told "
               "before its record was durable, and at the end every such record is there, in one "
               "dense whole log.",
               "C8, G1, G2, G3, G5, G6", "a call, an effect, a recorded answer, a log read back"},
              judge_audit},
    Predicate{{"I-RETRY",
               "A request is handed over and called at most once, and only after its submit and "
               "its confirmation were asked; nothing but that call makes a row.",
               "D3, D4, D5, E1, F10", "a request with a call, a row or a dispatch message"},
              judge_retry},
    Predicate{{"I-DECIDED",
               "An answer that claims an end is the end: after not executed nothing ever executes, "
               "executed and rejected stand in the ledger, nobody is told two ends, and nothing "
               "commits under an epoch that was fenced.",
               "E1, E2, F4.3, F5.2, F5.3; outcome 1(a)3, 4 rows 1, 4, 7",
               "a claim that was told; an effect"},
              judge_decided},
    Predicate{{"I-VERBATIM", "A rejection is told in the code and the words of the kernel's row.",
               "D3, F7.1", "a rejection told whose row was seen"},
              judge_verbatim},
    Predicate{{"I-LIN",
               "All that is told of a request fits one moment at which it went from undecided to "
               "its one end.",
               "E2, F4.3; outcome 1(a)2", "a request of which an outcome or an end was told"},
              judge_lin},
    Predicate{
        {"I-MONO",
         "Rows never change or vanish, fencing epochs, dispatchers' epochs and what is "
         "durable never fall, and a log keeps what was durable.",
         "E2, G1, G5, P6-F2; outcome 1(a)5", "a row, effect or epoch; a promise of durability"},
        judge_mono},
    Predicate{{"I-LOOK", "The kernel's state changes only when somebody acted, never by looking.",
               "A13, D5, P7-A1", "two looks at the state"},
              judge_look},
    Predicate{{"L-DONE",
               "Once nothing breaks any more, every kernel action that was submitted has been told "
               "a final answer.",
               "D2, F4.3, F9; outcome 1(a)4", "a kernel action submitted before or after the heal"},
              judge_done},
    Predicate{{"L-REJOIN", "Once nothing breaks any more, every process of the stack works again.",
               "F10", "a lane of the stack that began before the heal"},
              judge_rejoin},
};

constexpr auto kRows = [] {
  std::array<PredicateRow, kPredicates.size()> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kPredicates[i].row;
  return rows;
}();

}  // namespace

Findings::Findings(std::string_view predicate, Judgement& judgement)
    : predicate_(predicate),
      judgement_(judgement),
      evaluated_(&judgement.evaluated[std::string(predicate)]) {}

void Findings::breaks(const Event& event, std::string what) {
  judgement_.violations.push_back({std::string(predicate_), std::move(what), event.seq});
}

std::span<const PredicateRow> predicates() { return kRows; }

Judgement judge(const History& history) {
  const Index index(history);
  Judgement judgement;
  for (const auto& predicate : kPredicates) {
    Findings findings(predicate.row.id, judgement);
    predicate.judge(index, findings);
  }
  std::ranges::stable_sort(judgement.violations, {}, &Violation::seq);
  return judgement;
}

}  // namespace aeromq::chaos
