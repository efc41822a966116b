// What the records of a request say together: complete roads have no gap, every missing stage has.
#include "audit/trail.h"

#include <gmock/gmock.h>

#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum Stage;

struct Told {
  std::uint64_t seq;
  Stage stage;
};

// The gaps of one request whose records stand among these; runs take no request.
std::vector<std::string> gaps(const std::vector<Told>& told) {
  Runs runs;
  std::vector<Record> mine;
  for (const auto& [seq, stage] : told) {
    const bool of_run = stage == run_begins || stage == run_ends;
    const auto record = make_record(seq, stage, of_run ? "" : request_text(1));
    runs.see(record);
    if (!of_run) mine.push_back(record);
  }
  return make_timeline(mine, runs).gaps;
}

TEST(Trail, CompleteRoadsHaveNoGap) {
  EXPECT_THAT(gaps({{1, requested}, {2, answered}}), IsEmpty());
  EXPECT_THAT(gaps({{1, requested},
                    {2, confirmation_asked},
                    {3, confirmed},
                    {4, dispatched},
                    {5, executed}}),
              IsEmpty());
  EXPECT_THAT(gaps({{1, requested},
                    {2, confirmation_asked},
                    {3, confirmed},
                    {4, dispatched},
                    {5, rejected}}),
              IsEmpty());
  EXPECT_THAT(gaps({{1, requested}, {2, confirmation_asked}, {3, confirmation_ended}}), IsEmpty());
  EXPECT_THAT(gaps({{1, refused}}), IsEmpty());
  EXPECT_THAT(gaps({{1, audit_read}}), IsEmpty());
  EXPECT_THAT(gaps({{1, failed}}), IsEmpty());
}

TEST(Trail, EachMissingStageIsNamed) {
  EXPECT_THAT(gaps({{1, answered}}), ElementsAre(HasSubstr("MISSING requested")));
  EXPECT_THAT(gaps({{1, requested}, {2, executed}}),
              ElementsAre("MISSING dispatched: executed at seq 2 has none before it"));
  EXPECT_THAT(gaps({{1, requested}, {2, confirmation_asked}, {3, dispatched}, {4, rejected}}),
              ElementsAre("MISSING confirmed: dispatched at seq 3 has none before it"));
  EXPECT_THAT(gaps({{1, requested}, {3, confirmed}, {4, dispatched}, {5, executed}}),
              ElementsAre(HasSubstr("MISSING confirmation_asked")));
  EXPECT_THAT(gaps({{2, confirmation_ended}}),
              ElementsAre(HasSubstr("MISSING confirmation_asked")));
}

TEST(Trail, AStageThatComesTooLateDoesNotFillTheGap) {
  EXPECT_THAT(gaps({{1, requested},
                    {2, confirmation_asked},
                    {3, dispatched},
                    {4, confirmed},
                    {5, executed}}),
              ElementsAre(HasSubstr("MISSING confirmed")));
}

TEST(Trail, APendingConfirmationEndsWithItsRun) {
  EXPECT_THAT(gaps({{1, run_begins}, {2, requested}, {3, confirmation_asked}}),
              ElementsAre(HasSubstr("is pending")));
  EXPECT_THAT(gaps({{1, run_begins}, {2, requested}, {3, confirmation_asked}, {4, run_begins}}),
              ElementsAre("the pending confirmation of seq 3 ended with its run: run_begins at "
                          "seq 4"));
}

TEST(Trail, ADispatchWithoutAnOutcomeIsShownWithTheEndOfItsRun) {
  const std::vector<Told> road{
      {1, run_begins}, {2, requested}, {3, confirmation_asked}, {4, confirmed}, {5, dispatched}};
  EXPECT_THAT(gaps(road), ElementsAre(HasSubstr("no outcome is recorded yet")));
  auto crashed = road;
  crashed.push_back({6, run_begins});
  EXPECT_THAT(gaps(crashed), ElementsAre("MISSING outcome: dispatched at seq 5 has no record "
                                         "behind it: epoch ended at seq 5 (unclean)"));
  auto late = crashed;
  late.push_back({7, executed});
  EXPECT_THAT(gaps(late), IsEmpty());
  // A refusal of a repeat does not stand for the outcome of the first.
  auto repeat = crashed;
  repeat.insert(repeat.end() - 1, {6, refused});
  repeat.back().seq = 7;
  EXPECT_THAT(gaps(repeat), ElementsAre(HasSubstr("MISSING outcome")));
}

TEST(Trail, RunsKnowHowTheyEnded) {
  Runs runs;
  for (const auto& [seq, stage] :
       std::vector<Told>{{1, run_begins}, {5, run_ends}, {6, run_begins}, {9, run_begins}})
    runs.see(make_record(seq, stage));
  EXPECT_FALSE(runs.ended_unclean(2));
  EXPECT_TRUE(runs.ended_unclean(7));
  EXPECT_FALSE(runs.ended_unclean(9));
  EXPECT_EQ(runs.next_begin(2), 6U);
  EXPECT_EQ(runs.next_begin(9), 0U);
  EXPECT_THAT(runs.unclean_ends(), ElementsAre("epoch ended at seq 8 (unclean)"));
}

TEST(Trail, FilterMatchesEveryFieldThatIsSet) {
  const auto record = make_record(1, refused, request_text(2));
  EXPECT_TRUE(RecordFilter{}.matches(record));
  EXPECT_TRUE((RecordFilter{request_text(2), "ada", "request_promotion", refused}.matches(record)));
  EXPECT_FALSE((RecordFilter{request_text(3), "", "", {}}.matches(record)));
  EXPECT_FALSE((RecordFilter{"", "eve", "", {}}.matches(record)));
  EXPECT_FALSE((RecordFilter{"", "", "request_demotion", {}}.matches(record)));
  EXPECT_FALSE((RecordFilter{"", "", "", answered}.matches(record)));
}

}  // namespace
}  // namespace aeromq::audit
