// A switch of the embedded kernel by aeromq-ctl: two requests of one person, each confirmed by its
// own words; and what is told when the second does not follow.
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::HasSubstr;

class Switchover : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (holder().empty()) {
      auto asked = ask("operator", {"promote", promotable(), "--reason", "a test"});
      ASSERT_EQ(asked.yes().exit_code, 0);
    }
    old_ = holder();
    next_ = old_ == "b" ? "c" : "b";
    ASSERT_TRUE(ready());
  }
  /// The successor could follow, as the demotion's explanation has it.
  bool ready() const {
    return poll_until(kSoonMs, [&] {
      const auto explained = stack().inspect({"explain", "demote", old_, "--successor", next_});
      if (!explained) return false;
      for (const auto& check : (*explained)["checks"])
        if (check["passes"] != true) return false;
      return (*explained)["successor"] == next_ && !(*explained)["successor_checks"].empty();
    });
  }
  Words words() const { return {"switchover", old_, next_, "--reason", "OPS-811: a switch"}; }
  static void confirm(chaos::Terminal& screen, const std::string& phrase) {
    ASSERT_TRUE(screen.wait_for("Type \"" + phrase + " on ", kSoonMs)) << screen.shown();
    ASSERT_TRUE(screen.wait_for("): ", kSoonMs));
    const auto& shown = screen.shown();
    const auto at = shown.rfind("Type \"") + 6;
    screen.type(shown.substr(at, shown.find('"', at) - at) + "\r");
  }
  std::string old_;
  std::string next_;
};

TEST_F(Switchover, MovesAuthorityByTwoConfirmedRequests) {
  const auto before = stack().ledger();
  auto screen = terminal("table", words());
  confirm(*screen, "demote " + old_);
  confirm(*screen, "promote " + next_);
  EXPECT_EQ(screen->wait(kSoonMs), 0) << screen->shown();
  EXPECT_THAT(screen->shown(), HasSubstr("nobody could write: "));
  EXPECT_EQ(holder(), next_);
  EXPECT_EQ(stack().ledger().executed.size(), before.executed.size() + 2);
  // Who was to follow is on record, and shown to an auditor.
  const auto page = parsed(stack().read_log({"query", "--command", "request_demotion"}).out);
  ASSERT_TRUE(page.is_object());
  EXPECT_EQ(page["records"].back()["successor"], next_);
}

TEST_F(Switchover, ANoBetweenTellsWhatIsSoAndWhatIsOpen) {
  auto screen = terminal("table", words());
  confirm(*screen, "demote " + old_);
  ASSERT_TRUE(screen->wait_for("Type \"promote " + next_, kSoonMs)) << screen->shown();
  screen->type("\x03");
  EXPECT_EQ(screen->wait(kSoonMs), 11) << screen->shown();
  EXPECT_THAT(screen->shown(), HasSubstr("No node holds write authority now"));
  EXPECT_THAT(screen->shown(), HasSubstr(" promote " + next_ + " --reason 'OPS-811: a switch'"));
  EXPECT_THAT(screen->shown(), HasSubstr(" promote " + old_ + " --reason 'OPS-811: a switch'"));
  EXPECT_EQ(holder(), "");
}

TEST_F(Switchover, ASuccessorThatLagsKeepsThePrimary) {
  fault(next_, "stop");
  ASSERT_TRUE(wait_stale(next_));
  auto asked = ask("operator", {"demote", old_, "--reason", "a test", "--successor", next_});
  ASSERT_NE(asked.request, "");
  const auto ended = asked.yes();
  fault(next_, "");
  EXPECT_EQ(ended.exit_code, 20) << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("SUCCESSOR_NOT_READY"));
  EXPECT_THAT(ended.out, HasSubstr(next_ + " could not be promoted: REPORT_STALE: "));
  EXPECT_EQ(holder(), old_);
}

}  // namespace
}  // namespace aeromq::system_tests
