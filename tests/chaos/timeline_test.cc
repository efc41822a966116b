// The picture of a history: whole, self-contained, and honest about what was lost or broken.
#include "chaos/timeline/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of(const History& history) { return timeline_html(history, judge(history)); }

std::size_t count(const std::string& page, const std::string& piece) {
  std::size_t found = 0;
  for (auto at = page.find(piece); at != std::string::npos; at = page.find(piece, at + 1)) ++found;
  return found;
}

auto kind(EventKind wanted) {
  return [wanted](const Event& event) { return event.kind == wanted; };
}

/// A good history in which an act is doubled, and what the checker makes of it.
History broken() {
  auto history = good_histories().front().history;
  const auto at = std::ranges::find_if(history, kind(EventKind::effect));
  history.insert(at, *at);
  renumber(history);
  return history;
}

TEST(Timeline, NeedsNothingFromOutside) {
  for (const auto& [name, history] : good_histories()) {
    const auto page = page_of(history);
    for (const auto* outside : {"http:", "https:", "src=", "@import", "<link", "url(\"", "fetch("})
      EXPECT_THAT(page, Not(HasSubstr(outside))) << name;
  }
}

TEST(Timeline, HasAMarkForEveryEventAndALaneForEveryProcess) {
  for (const auto& [name, history] : good_histories()) {
    const auto page = page_of(history);
    EXPECT_EQ(count(page, "<g id=\"e"), history.size()) << name;
    std::set<std::string> lanes;
    for (const auto& event : history) {
      EXPECT_THAT(page, HasSubstr("<g id=\"e" + std::to_string(event.seq) + "\""));
      lanes.insert(event.lane);
    }
    EXPECT_EQ(count(page, "<circle class=\"dot "), lanes.size()) << name;
  }
}

TEST(Timeline, ElementsAreClosed) {
  for (const auto& [name, history] : good_histories()) {
    const auto page = page_of(history);
    for (const std::string element : {"svg", "g", "title", "text", "li", "button", "div"}) {
      const auto opened = count(page, "<" + element + " ") + count(page, "<" + element + ">");
      EXPECT_EQ(opened, count(page, "</" + element + ">")) << name << " " << element;
    }
  }
}

TEST(Timeline, IsTheSameForTheSameHistory) { EXPECT_EQ(page_of(broken()), page_of(broken())); }

TEST(Timeline, ListsEveryViolationWithALinkToItsEvent) {
  const auto history = broken();
  const auto judgement = judge(history);
  const auto page = timeline_html(history, judgement);
  ASSERT_GT(judgement.violations.size(), 1U);
  for (const auto& violation : judgement.violations) {
    EXPECT_THAT(page, HasSubstr("href=\"#e" + std::to_string(violation.seq) + "\""));
    EXPECT_THAT(page, HasSubstr("<b>" + violation.predicate + "</b>"));
  }
  EXPECT_EQ(count(page, "class=\"violation first\""), 1U);
  EXPECT_EQ(count(page, "<li class=\"first\">"), 1U);
  EXPECT_THAT(page, Not(HasSubstr("No promise is broken")));
}

TEST(Timeline, SaysWhenNothingIsBroken) {
  EXPECT_THAT(page_of(good_histories().front().history), HasSubstr("No promise is broken"));
}

TEST(Timeline, ClientsComeFirstThenEachPlaneThenWhatAllShare) {
  const auto page = page_of(good_histories()[2].history);
  std::size_t last = page.find("<div class=\"names\">");
  for (const auto* lane : {"client.alice.1", "b/client.bob.1", "broker", "dispatcher", "b/broker",
                           "b/dispatcher", "kernel", "disk", "b/disk", "harness"}) {
    const auto at = page.find(">" + std::string(lane) + "</text>");
    ASSERT_NE(at, std::string::npos) << lane;
    EXPECT_GT(at, last) << lane;
    last = at;
  }
}

TEST(Timeline, ALostMessageIsCrossedAndADoubledOneDrawnTwice) {
  auto history = good_histories().front().history;
  const auto clean = page_of(history);
  EXPECT_EQ(count(clean, "class=\"lost\""), 0U);
  EXPECT_EQ(count(clean, " again\""), 0U);
  const auto first = std::ranges::find_if(history, kind(EventKind::received));
  const auto second = std::find_if(first + 1, history.end(), kind(EventKind::received));
  history.insert(second + 1, *second);
  history.erase(std::ranges::find_if(history, kind(EventKind::received)));
  renumber(history);
  const auto page = page_of(history);
  EXPECT_EQ(count(page, "class=\"lost\""), 1U);
  EXPECT_EQ(count(page, " again\""), 1U);
}

TEST(Timeline, ARunEndsWhereItWasKilledAndAPauseIsShown) {
  auto history = good_histories()[3].history;  // two runs of the dispatcher were killed
  EXPECT_EQ(count(page_of(history), "class=\"run dispatcher\""), 3U);
  Event stopped;
  stopped.lane = "gate";
  stopped.kind = EventKind::stopped;
  history.insert(history.begin() + 40, stopped);
  stopped.kind = EventKind::continued;
  history.insert(history.begin() + 60, stopped);
  renumber(history);
  EXPECT_EQ(count(page_of(history), "class=\"paused\""), 1U);
}

TEST(Timeline, TheHolderOfAuthorityAndItsEpochAreAbar) {
  const auto page = page_of(good_histories().front().history);
  for (const auto* words : {"a holds authority", "nobody holds authority, fencing epoch 2",
                            "b holds authority, fencing epoch 3"})
    EXPECT_THAT(page, HasSubstr(words));
}

TEST(Timeline, TextOfAHistoryIsNeverMarkup) {
  auto history = good_histories().front().history;
  for (auto& event : history) {
    event.text = "<script>alert(\"&\")</script>";
    event.lane += "\"<b>";
    event.what += "<i>";
  }
  const auto page = page_of(history);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;&amp;&quot;)"));
  EXPECT_THAT(page, Not(HasSubstr("<i>,")));
  EXPECT_THAT(page, Not(HasSubstr("client.alice.1\"<b>")));
  EXPECT_EQ(count(page, "<script>"), 1U);
}

TEST(Timeline, AnEmptyHistoryIsAPageToo) { EXPECT_THAT(page_of({}), HasSubstr("0 events")); }

}  // namespace
}  // namespace aeromq::chaos
