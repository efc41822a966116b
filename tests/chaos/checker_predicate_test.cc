// What each predicate minds that takes more than one changed event to show, and what it makes of a
// history of real processes, where less is seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chaos/checker/checker.h"
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> broken(History history) {
  renumber(history);
  std::vector<std::string> ids;
  for (const auto& violation : judge(history).violations)
    if (std::ranges::find(ids, violation.predicate) == ids.end())
      ids.push_back(violation.predicate);
  return ids;
}

History good(const std::string& name) {
  for (auto& [its, history] : good_histories())
    if (its == name) return history;
  throw std::logic_error(name);
}

/// The place of the nth event, from 0, of which `is` holds.
template <class Is>
std::size_t find(const History& history, Is is, std::size_t nth = 0) {
  for (std::size_t i = 0; i < history.size(); ++i)
    if (is(history[i]) && nth-- == 0) return i;
  throw std::logic_error("no such event");
}

auto kind(EventKind wanted) {
  return [wanted](const Event& event) { return event.kind == wanted; };
}

void insert(History& history, std::size_t at, Event event) {
  history.insert(history.begin() + static_cast<std::ptrdiff_t>(at), std::move(event));
}

void without(History& history, const std::function<bool(const Event&)>& is) {
  std::erase_if(history, is);
}

TEST(Once, AnEffectOfNoRequestBreaksIt) {
  auto history = good("executed and rejected");
  const auto at = find(history, kind(EventKind::effect), 1);
  auto effect = history[at];
  effect.request.clear();
  effect.before = effect.after;
  ++effect.epoch;
  insert(history, at + 1, effect);
  EXPECT_THAT(broken(history), Contains("I-ONCE"));
}

TEST(Atomic, ARejectedRowWithAnEffectBreaksIt) {
  auto history = good("executed and rejected");
  const auto at = find(
      history, [](const Event& e) { return e.kind == EventKind::row && e.verdict == "rejected"; });
  auto effect = history[find(history, kind(EventKind::effect), 1)];
  effect.request = history[at].request;
  effect.number = history[at].number;
  effect.before = "b";
  effect.after = "c";
  ++effect.epoch;
  insert(history, at + 1, effect);
  EXPECT_THAT(broken(history), Contains("I-ATOMIC"));
}

TEST(Atomic, TwoRowsInOneTransactionBreakIt) {
  auto history = good("executed and rejected");
  const auto number = history[find(history, kind(EventKind::row))].number;
  const auto second = history[find(history, kind(EventKind::row), 1)].number;
  for (auto& event : history)
    if (event.number == second &&
        (event.kind == EventKind::row || event.kind == EventKind::effect ||
         event.kind == EventKind::stands))
      event.number = number;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-ATOMIC"));
}

TEST(Single, ASecondHolderBreaksItAlone) {
  auto history = good("two principals, two planes");
  // b is demoted though authority had just gone to another node, consistently told.
  auto& promoted = history[find(history, kind(EventKind::effect), 1)];
  promoted.after = "c";
  const auto request = promoted.request;
  for (auto& event : history)
    if (event.request == request && event.node == "b") event.node = "c";
  EXPECT_THAT(broken(history), testing::ElementsAre("I-SINGLE"));
}

TEST(Single, OnlyForceTakesAuthorityFromANode) {
  for (const auto& [command, wanted] :
       {std::pair{"request_promotion", std::vector<std::string>{"I-SINGLE"}},
        std::pair{"force_promotion", std::vector<std::string>{}}}) {
    Story story;
    story.policy("alice", "operator");
    story.executed("alice", command, "b");
    EXPECT_EQ(broken(story.end()), wanted) << command;
  }
}

TEST(Token, SpentAfterItRanOutBreaksIt) {
  auto history = good("executed and rejected");
  auto& spent = history[find(history, kind(EventKind::spent))];
  spent.number = history[find(history, kind(EventKind::issued))].number;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-TOKEN"));
}

TEST(Token, SpentByTheNextRunOfTheKeeperBreaksIt) {
  auto history = good("executed and rejected");
  const auto at = find(history, kind(EventKind::issued));
  Event ended;
  ended.kind = EventKind::ended;
  ended.lane = "keeper";
  ended.run = 1;
  insert(history, at + 1, ended);
  for (auto i = at + 2; i < history.size(); ++i)
    if (history[i].lane == "keeper") history[i].run = 2;
  EXPECT_THAT(broken(history), Contains("I-TOKEN"));
}

TEST(Token, WithoutAKeeperItStandsInOneConfirmedRecordOnly) {
  auto history = good("executed and rejected");
  without(history,
          [](const Event& e) { return e.kind == EventKind::issued || e.kind == EventKind::spent; });
  EXPECT_THAT(broken(history), IsEmpty());
  const auto confirmed = [](const Event& e) {
    return e.kind == EventKind::kept && e.what == "confirmed";
  };
  history[find(history, confirmed, 1)].token = history[find(history, confirmed)].token;
  EXPECT_THAT(broken(history), Contains("I-TOKEN"));
}

TEST(Confirm, WithoutAKeeperTheRecordOfTheYesMustBeThere) {
  auto history = good("executed and rejected");
  without(history,
          [](const Event& e) { return e.kind == EventKind::issued || e.kind == EventKind::spent; });
  history[find(history, [](const Event& e) {
    return e.kind == EventKind::kept && e.what == "confirmed";
  })].token = "ff";
  EXPECT_THAT(broken(history), testing::ElementsAre("I-CONFIRM"));
}

TEST(Confirm, EveryRiskThatWasListedMustBeNamed) {
  for (const auto& [named, wanted] :
       {std::pair{" LAG  OLD_PRIMARY ", std::vector<std::string>{}},
        std::pair{" OLD_PRIMARY ", std::vector<std::string>{"I-CONFIRM"}},
        std::pair{" LAG  OLD ", std::vector<std::string>{"I-CONFIRM"}},
        std::pair{"", std::vector<std::string>{"I-CONFIRM"}}}) {
    auto history = good("executed and rejected");
    history[find(history, [](const Event& e) { return e.verdict == "pending"; })].text =
        " OLD_PRIMARY  LAG ";
    history[find(history, [](const Event& e) {
      return e.kind == EventKind::asked && e.what == "confirm";
    })].text = named;
    EXPECT_EQ(broken(history), wanted) << named;
  }
}

TEST(Confirm, NothingMayHappenBetweenTheExplanationAndTheEffect) {
  auto history = good("executed and rejected");
  for (auto& event : history)
    if (event.kind == EventKind::effect) event.epoch += 5;
  const auto epoch = history[find(history, kind(EventKind::effect))].epoch;
  auto& explained = history[find(history, kind(EventKind::issued))].epoch;
  explained = epoch - 1;
  EXPECT_THAT(broken(history), IsEmpty());
  explained = epoch - 2;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-CONFIRM"));
}

TEST(Auth, AnothersWordIsNoAuthority) {
  auto history = good("executed and rejected");
  const auto at = find(history, [](const Event& e) { return e.kind == EventKind::effect; });
  const auto request = history[at].request;
  for (auto& event : history)
    if (event.request == request && event.kind == EventKind::asked) event.principal = "carol";
  EXPECT_THAT(broken(history), Contains("I-AUTH"));
}

TEST(Auth, LosingAuthorityBeforeTheYesBreaksIt) {
  auto history = good("executed and rejected");
  auto policy = history[find(history, kind(EventKind::policy))];
  policy.what = "observer";
  insert(history,
         find(history,
              [](const Event& e) { return e.kind == EventKind::asked && e.what == "confirm"; }),
         policy);
  EXPECT_THAT(broken(history), testing::ElementsAre("I-AUTH"));
}

TEST(Auth, AuthorityOnAnotherControlPlaneIsNone) {
  auto history = good("two principals, two planes");
  for (auto& event : history)
    if (event.kind == EventKind::policy) event.lane = "harness";
  EXPECT_THAT(broken(history), testing::ElementsAre("I-AUTH"));
}

TEST(Auth, AGrantThatTheGateMayHaveReadInTimeIsEnough) {
  auto history = good("executed and rejected");
  const auto at = find(history, kind(EventKind::policy));
  const auto policy = history[at];
  const auto submit = find(history, kind(EventKind::asked));
  insert(history, submit + 1, policy);
  history.erase(history.begin() + static_cast<std::ptrdiff_t>(at));
  EXPECT_THAT(broken(history), IsEmpty());
}

TEST(Retry, ASecondDispatchMessageBreaksItAndADoubledOneDoesNot) {
  const auto is_dispatch = [](const Event& e) {
    return e.kind == EventKind::sent && e.what == "dispatch";
  };
  auto history = good("executed and rejected");
  const auto at = find(history, is_dispatch);
  insert(history, at + 1, history[at]);
  EXPECT_THAT(broken(history), IsEmpty());
  history[at + 1].number += 1000;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-RETRY"));
}

TEST(Decided, AnEffectAfterNotExecutedBreaksIt) {
  auto history = good("executed and rejected");
  auto told = history[find(history, kind(EventKind::told))];
  told.verdict = "not_executed";
  told.number = 0;
  told.final_ = true;
  insert(history, find(history, kind(EventKind::row)), told);
  EXPECT_THAT(broken(history), Contains("I-DECIDED"));
}

TEST(Decided, ARepeatToldNotExecutedBreaksItEvenIfTrue) {
  auto history = good("declined and client gone");
  history[find(history, [](const Event& e) { return e.verdict == "not_executed"; })].code =
      "DUPLICATE_REQUEST";
  EXPECT_THAT(broken(history), testing::ElementsAre("I-DECIDED"));
}

TEST(Decided, UnknownToldAsFinalBreaksIt) {
  auto history = good("dispatcher restart");
  history[find(history, [](const Event& e) { return e.verdict == "unknown"; })].final_ = true;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-DECIDED"));
}

TEST(Decided, ACommitUnderAFencedEpochBreaksIt) {
  auto history = good("executed and rejected");
  auto opened = history[find(history, kind(EventKind::opened))];
  ++opened.epoch;
  insert(history, find(history, kind(EventKind::row)), opened);
  EXPECT_THAT(broken(history), testing::ElementsAre("I-DECIDED"));
}

TEST(Decided, ACommitUnderAnEpochOfAnEarlierKernelRunBreaksIt) {
  auto history = good("executed and rejected");
  for (auto i = find(history, kind(EventKind::row)); i < history.size(); ++i)
    if (history[i].lane == "kernel") history[i].run = 2;
  EXPECT_THAT(broken(history), testing::ElementsAre("I-DECIDED"));
}

TEST(Lin, UndecidedAfterAnEndWasToldBreaksIt) {
  auto history = good("dispatcher restart");
  const auto at = find(history, [](const Event& e) {
    return e.kind == EventKind::told && e.what == "outcome" && e.verdict == "executed";
  });
  auto asked = history[at];
  asked.kind = EventKind::asked;
  auto told = history[at];
  told.verdict = "not_yet_decided";
  told.final_ = false;
  insert(history, at + 1, asked);
  insert(history, at + 2, told);
  EXPECT_THAT(broken(history), testing::ElementsAre("I-LIN"));
}

TEST(Mono, ALedgerThatLostEverythingBreaksIt) {
  auto history = good("executed and rejected");
  without(history, kind(EventKind::stands));
  EXPECT_THAT(broken(history), Contains("I-MONO"));
}

TEST(Audit, ALogThatLostItsDurableEndBreaksIt) {
  auto history = good("power cut");
  const auto last = history.back();
  history.pop_back();
  while (history.back().kind == EventKind::kept && history.back().what == "answered")
    history.pop_back();
  history.push_back(last);
  EXPECT_THAT(broken(history), testing::AllOf(Contains("I-AUDIT"), Contains("I-MONO")));
}

TEST(Look, AReportMayMoveTheRegisterAndLookingMayNot) {
  auto history = good("repeat refused");
  const auto second = find(history, kind(EventKind::state), 1);
  for (auto i = second; i < history.size(); ++i)
    if (history[i].kind == EventKind::state) history[i].digest = "0f";
  EXPECT_THAT(broken(history), testing::ElementsAre("I-LOOK"));
  Event reported;
  reported.kind = EventKind::reported;
  reported.lane = "kernel";
  insert(history, second, reported);
  EXPECT_THAT(broken(history), IsEmpty());
}

TEST(Done, AHealedHistoryWithoutAnAnswerBreaksItAndAnUnhealedOneDoesNot) {
  auto history = good("declined and client gone");
  const auto request = history[find(history, kind(EventKind::asked))].request;
  without(history, [&](const Event& e) {
    return e.request == request && e.kind == EventKind::told && e.final_;
  });
  EXPECT_THAT(broken(history), testing::ElementsAre("L-DONE"));
  without(history, kind(EventKind::healed));
  EXPECT_THAT(broken(history), IsEmpty());
}

// Real processes: no look inside, the kernel and the log are read back at the end.
History as_real_processes_show_it(History history) {
  without(history, [](const Event& e) {
    switch (e.kind) {
      case EventKind::sent:
      case EventKind::received:
      case EventKind::issued:
      case EventKind::spent:
      case EventKind::called:
      case EventKind::row:
      case EventKind::effect:
      case EventKind::opened:
      case EventKind::durable:
        return true;
      default:
        return false;
    }
  });
  return history;
}

TEST(RealProcesses, AreCleanWhenGoodAndJudgedByWhatThereIs) {
  for (const auto& [name, history] : good_histories()) {
    auto seen = as_real_processes_show_it(history);
    EXPECT_THAT(broken(seen), IsEmpty()) << name;
  }
  const auto judgement = judge(as_real_processes_show_it(good("executed and rejected")));
  for (const auto* id : {"I-ONCE", "I-CONFIRM", "I-TOKEN", "I-AUTH", "I-AUDIT", "I-RETRY",
                         "I-DECIDED", "I-VERBATIM", "I-LIN", "I-MONO", "L-DONE", "L-REJOIN"})
    EXPECT_GT(judgement.evaluated.at(id), 0U) << id;
}

TEST(RealProcesses, ExecutedTwiceTheLieAndTheMissingRecordAreSeen) {
  const auto real = as_real_processes_show_it(good("executed and rejected"));
  auto twice = real;
  const auto stands = find(twice, kind(EventKind::stands));
  insert(twice, stands, twice[stands]);
  EXPECT_THAT(broken(twice), Contains("I-ONCE"));

  auto lie = real;
  without(lie, kind(EventKind::stands));
  EXPECT_THAT(broken(lie), Contains("I-DECIDED"));

  auto unrecorded = real;
  unrecorded[find(unrecorded, [](const Event& e) {
    return e.kind == EventKind::kept && e.what == "confirmed";
  })].what = "answered";
  EXPECT_THAT(broken(unrecorded), Contains("I-AUDIT"));

  auto unasked = real;
  without(unasked,
          [](const Event& e) { return e.kind == EventKind::asked && e.what == "confirm"; });
  EXPECT_THAT(broken(unasked), Contains("I-CONFIRM"));
}

TEST(Violations, StandInOrderAndNameTheEvent) {
  auto history = good("executed and rejected");
  history.erase(history.begin() +
                static_cast<std::ptrdiff_t>(find(history, kind(EventKind::effect))));
  renumber(history);
  const auto violations = judge(history).violations;
  ASSERT_THAT(violations, Not(IsEmpty()));
  EXPECT_TRUE(std::ranges::is_sorted(violations, {}, &Violation::seq));
  EXPECT_EQ(history[violations.front().seq - 1].kind, EventKind::row);
}

}  // namespace
}  // namespace aeromq::chaos
