// Every single-event change of every good history is either flagged by the predicate that the table
// names, or is in the table with the reason why no rule minds it. A class of change that is in no
// row fails the test, and so does a row that no change needs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chaos/checker/checker.h"
#include "tests/chaos/histories/mutate.h"
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

enum class Where {
  always,
  executed,  ///< where its request executed; elsewhere the named predicate has nothing to say
  acted,     ///< where its request has a row
  some,      ///< at least once; `reason` says where not
  never,     ///< harmless: no predicate says anything
};

struct Row {
  std::string_view change;  ///< class of the mutation; "*" stands for anything
  Where where;
  std::string_view predicate;  ///< that flags it; empty: harmless
  std::string_view reason;     ///< why it is harmless (there)
};

using enum Where;
constexpr std::string_view kNotJudged = "names, lanes and runs of it are for the picture";
constexpr std::string_view kMessages = "where a message went is no promise, only what came of it";
constexpr std::string_view kLessSeen = "one thing less seen; nothing that stands rests on it";
constexpr std::string_view kTwice = "seen or said twice is the same";
constexpr std::string_view kNothingCame = "nothing came of that request";
constexpr std::string_view kNoOrder = "no rule orders these two";

// The first row that fits decides.
constexpr Row kTable[] = {
    // A client's words.
    {"delete asked submit", acted, "I-RETRY", kNothingCame},
    {"delete asked confirm", some, "I-RETRY", "nothing came of that request, or it said it twice"},
    {"delete asked outcome", some, "I-LIN", "the same client had asked before"},
    {"delete asked abandon", never, "", "an end needs no wish"},
    {"double asked *", never, "", kTwice},
    {"change asked submit.request", always, "L-DONE", ""},
    {"change asked submit.what", acted, "I-RETRY", kNothingCame},
    {"change asked submit.*", executed, "I-CONFIRM", kNothingCame},
    {"change asked confirm.request", some, "I-RETRY", "nothing came of it, or it was a repeat"},
    {"change asked confirm.what", some, "I-RETRY", "nothing came of it, or it was a repeat"},
    {"change asked confirm.*", some, "I-CONFIRM", "it was a repeat, or the kernel refused"},
    {"change asked outcome.principal", never, "", "anybody may ask"},
    {"change asked outcome.*", some, "I-LIN", "the same client had asked before"},
    {"change asked abandon.*", never, "", "an end needs no wish"},
    {"swap asked confirm, spent", executed, "I-CONFIRM", "nothing executed"},
    {"swap asked confirm, told unknown", never, "", "unknown claims nothing"},
    {"swap asked *", never, "", kNoOrder},

    // What people were told.
    {"delete told pending", executed, "I-CONFIRM", kNothingCame},
    {"delete told outcome not_executed", some, "L-DONE", "told so before"},
    {"delete told *", never, "", "L-DONE is content with any other final answer"},
    {"double told *", never, "", kTwice},
    {"change told *.number", always, "I-AUDIT", ""},
    {"change told unknown.*", never, "", "unknown claims nothing and is not recorded"},
    {"change told pending.request", always, "I-AUDIT", ""},
    {"change told pending.principal", never, "", kNotJudged},
    {"change told pending.what", never, "", kNotJudged},
    {"change told pending.*", executed, "I-CONFIRM", kNothingCame},
    {"change told outcome not_yet_decided.verdict", never, "", "another word that claims nothing"},
    {"change told *.verdict", always, "I-DECIDED", ""},
    {"change told *rejected.code", always, "I-VERBATIM", ""},
    {"change told *rejected.text", always, "I-VERBATIM", ""},
    {"change told not_executed.code", never, "", "no code makes a truth a lie but a repeat's"},
    {"change told outcome not_executed.final", some, "L-DONE", "told so before"},
    {"change told *.final", never, "", "a later answer was final"},
    {"change told *.principal", never, "", kNotJudged},
    {"change told outcome *.what", always, "I-AUDIT", ""},
    {"change told *.what", never, "", kNotJudged},
    {"change told outcome *.*", always, "I-LIN", ""},
    {"change told *.request", always, "I-AUDIT", ""},
    {"change told *.*", never, "", kNotJudged},
    {"swap told pending, asked confirm", executed, "I-CONFIRM", kNothingCame},
    {"swap told *", never, "", kNoOrder},

    // The keeper.
    {"delete issued", some, "I-TOKEN", "never spent"},
    {"double issued", always, "I-TOKEN", ""},
    {"change issued.number", never, "", "it runs out later"},
    {"change issued.*", some, "I-TOKEN", "never spent"},
    {"swap issued, durable", never, "", kNoOrder},
    {"delete spent", executed, "I-CONFIRM", "nothing executed"},
    {"double spent", always, "I-TOKEN", ""},
    {"change spent.*", always, "I-TOKEN", ""},
    {"swap spent, durable", never, "", kNoOrder},

    // The dispatcher.
    {"delete called", always, "I-RETRY", ""},
    {"double called", always, "I-RETRY", ""},
    {"change called.request", always, "I-RETRY", ""},
    {"change called.*", never, "", kNotJudged},
    {"swap called, row *", always, "I-RETRY", ""},

    // The kernel.
    {"delete row executed", always, "I-ATOMIC", ""},
    {"delete row rejected", always, "I-DECIDED", ""},
    {"double row *", always, "I-ONCE", ""},
    {"change row *.lane", never, "", kNotJudged},
    {"change row *.run", always, "I-DECIDED", ""},
    {"change row executed.verdict", always, "I-ATOMIC", ""},
    {"change row executed.digest", always, "I-CONFIRM", ""},
    {"change row executed.principal", always, "I-CONFIRM", ""},
    {"change row executed.number", always, "I-ATOMIC", ""},
    {"change row rejected.code", always, "I-VERBATIM", ""},
    {"change row rejected.text", always, "I-VERBATIM", ""},
    {"change row *.*", always, "I-MONO", ""},
    {"swap row *", never, "", "one transaction: row and effect are one moment"},
    {"delete effect", always, "I-ATOMIC", ""},
    {"double effect", always, "I-ONCE", ""},
    {"change effect.lane", never, "", kNotJudged},
    {"change effect.run", never, "", "its row's run is judged"},
    {"change effect.epoch", some, "I-MONO", "it is the last one"},
    {"change effect.*", always, "I-ATOMIC", ""},
    {"swap effect, *", never, "", kNoOrder},
    {"delete opened", some, "I-DECIDED", "nothing was acted under it, or it is the only one seen"},
    {"double opened", always, "I-MONO", ""},
    {"change opened.lane", never, "", kNotJudged},
    {"change opened.*", some, "I-DECIDED", "nothing was acted under it"},
    {"swap opened, *", never, "", kNoOrder},
    {"delete state", never, "", kLessSeen},
    {"double state", never, "", kTwice},
    {"change state.digest", some, "I-LOOK", "somebody acted before the next look"},
    {"change state.*", never, "", kNotJudged},
    {"swap state, *", never, "", kNoOrder},
    {"delete stands *", always, "I-MONO", ""},
    {"double stands *", always, "I-MONO", ""},
    {"change stands *.lane", never, "", kNotJudged},
    {"change stands *.run", never, "", kNotJudged},
    {"change stands *.*", always, "I-MONO", ""},
    {"swap stands *", never, "", kNoOrder},

    // The audit log.
    {"delete durable", some, "I-AUDIT", "the next one came before anything rested on it"},
    {"double durable", never, "", kTwice},
    {"change durable.number", always, "I-MONO", ""},
    {"change durable.*", never, "", kNotJudged},
    {"swap durable, called", always, "I-AUDIT", ""},
    {"swap durable, told *", always, "I-AUDIT", ""},
    {"swap durable, *", never, "", "nobody rests on it yet"},
    {"delete kept *", always, "I-AUDIT", ""},
    {"double kept *", always, "I-AUDIT", ""},
    {"change kept *.number", always, "I-AUDIT", ""},
    {"change kept *.lane", never, "", kNotJudged},
    {"change kept *.run", never, "", kNotJudged},
    {"change kept answered.*", never, "", "a question's own record: of no kernel action"},
    {"change kept run_begins.*", never, "", "of no request"},
    {"change kept confirmation_asked.principal", executed, "I-AUDIT", kNothingCame},
    {"change kept confirmation_asked.digest", executed, "I-AUDIT", kNothingCame},
    {"change kept confirmation_asked.*", always, "I-AUDIT", ""},
    {"change kept confirmed.token", always, "I-AUDIT", ""},
    {"change kept dispatched.request", some, "I-AUDIT", "it was never called"},
    {"change kept dispatched.what", some, "I-AUDIT", "it was never called"},
    {"change kept requested.*", executed, "I-AUDIT", "nothing executed"},
    {"change kept confirmed.*", executed, "I-AUDIT", "nothing executed"},
    {"change kept dispatched.*", executed, "I-AUDIT", "nothing executed"},
    {"change kept confirmation_ended.request", some, "I-AUDIT", "told to nobody"},
    {"change kept *.request", always, "I-AUDIT", ""},
    {"change kept executed.what", always, "I-AUDIT", ""},
    {"change kept rejected.what", always, "I-AUDIT", ""},
    {"change kept *.*", never, "", "nothing executed, or the stage before it has the same word"},
    {"swap kept *, kept *", always, "I-AUDIT", ""},
    {"swap kept *, verified", never, "", kNoOrder},
    {"delete verified", never, "", kLessSeen},
    {"double verified", never, "", kTwice},
    {"change verified.verdict", always, "I-AUDIT", ""},
    {"change verified.*", never, "", kNotJudged},
    {"swap verified, *", never, "", kNoOrder},

    // Who may.
    {"delete policy operator", some, "I-AUTH", "nobody acted under it"},
    {"double policy *", never, "", kTwice},
    {"change policy operator.principal", some, "I-AUTH", "nobody acted under it"},
    {"change policy operator.what", some, "I-AUTH", "nobody acted under it"},
    {"delete policy observer", never, "", "an observer may no more than nobody"},
    {"change policy *", never, "", "an observer may no more than nobody"},
    {"swap policy *", never, "", kNoOrder},

    // The run itself.
    {"delete serves*", always, "L-REJOIN", ""},
    {"double serves*", never, "", kTwice},
    {"change serves*.lane", always, "L-REJOIN", ""},
    {"change serves*.run", never, "", kNotJudged},
    {"swap healed, serves", always, "L-REJOIN", ""},
    {"swap serves*", never, "", kNoOrder},
    {"delete healed", never, "", "liveness is judged in a healed history only"},
    {"change began client*", never, "", "clients come and go"},
    {"change began*.lane", always, "L-REJOIN", ""},
    {"* sent*", never, "", kMessages},
    {"* received*", never, "", kMessages},
    {"delete *", never, "", kLessSeen},
    {"double *", never, "", kTwice},
    {"change *", never, "", kNotJudged},
    {"swap *", never, "", kNoOrder},
};

bool fits(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    for (std::size_t i = 0; i <= text.size(); ++i)
      if (fits(pattern.substr(1), text.substr(i))) return true;
    return false;
  }
  return !text.empty() && pattern.front() == text.front() &&
         fits(pattern.substr(1), text.substr(1));
}

bool has_row(const History& history, const std::string& request, bool executed) {
  return std::ranges::any_of(history, [&](const Event& event) {
    return event.kind == EventKind::row && event.request == request &&
           (!executed || event.verdict == "executed");
  });
}

/// What became of all the changes of one row.
struct Tally {
  std::size_t changes = 0;
  std::size_t flagged = 0;
};

class Mutations : public testing::Test {
 protected:
  void judge_one(const std::string& name, const History& original, const Mutation& mutation) {
    const auto* row = std::ranges::find_if(
        kTable, [&](const Row& candidate) { return fits(candidate.change, mutation.what); });
    const auto where = fmt::format("{}, event {}: {}", name, mutation.at + 1, mutation.what);
    if (row == std::end(kTable)) {
      ADD_FAILURE() << where << ": in no row of the table";
      return;
    }
    const auto violations = judge(mutation.history).violations;
    const bool flagged = std::ranges::any_of(violations, [&](const Violation& violation) {
      return row->predicate.empty() || violation.predicate == row->predicate;
    });
    auto& tally = tallies_[static_cast<std::size_t>(row - std::begin(kTable))];
    ++tally.changes;
    tally.flagged += flagged ? 1 : 0;
    const auto& request = original[mutation.at].request;
    switch (row->where) {
      case always:
        EXPECT_TRUE(flagged) << where << " is not flagged by " << row->predicate;
        break;
      case executed:
        EXPECT_EQ(flagged, has_row(original, request, true)) << where << " " << row->predicate;
        break;
      case acted:
        EXPECT_EQ(flagged, has_row(original, request, false)) << where << " " << row->predicate;
        break;
      case some:
        break;
      case never:
        EXPECT_FALSE(flagged) << where << " is flagged by " << violations.front().predicate << ": "
                              << violations.front().what;
        break;
    }
  }

  std::vector<Tally> tallies_ = std::vector<Tally>(std::size(kTable));
};

TEST_F(Mutations, EachIsFlaggedByItsPredicateOrHarmlessForAReason) {
  for (const auto& [name, history] : good_histories())
    for_each_mutation(history,
                      [&](const Mutation& mutation) { judge_one(name, history, mutation); });
  std::size_t total = 0;
  std::size_t flagged = 0;
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    const auto& row = kTable[i];
    total += tallies_[i].changes;
    if (!row.predicate.empty()) flagged += tallies_[i].flagged;
    EXPECT_GT(tallies_[i].changes, 0U) << "no change needs the row " << row.change;
    if (row.where != never) {
      EXPECT_GT(tallies_[i].flagged, 0U) << row.change;
    }
    EXPECT_EQ(row.predicate.empty(), row.where == never) << row.change;
    EXPECT_EQ(row.reason.empty(), row.where == always) << row.change;
  }
  RecordProperty("changes", static_cast<int>(total));
  RecordProperty("flagged", static_cast<int>(flagged));
}

TEST(MutationTable, EveryPredicateIsShownAbleToFail) {
  // A broken chain of holders is never the first thing wrong with one changed event;
  // checker_predicate_test.cc breaks it alone.
  for (const auto& predicate : predicates()) {
    const bool named =
        std::ranges::any_of(kTable, [&](const Row& row) { return row.predicate == predicate.id; });
    EXPECT_TRUE(named || predicate.id == "I-SINGLE") << predicate.id;
  }
}

}  // namespace
}  // namespace aeromq::chaos
