// One observer's key, as fast as it goes, in every way: no process ends, what was asked before
// still stands, another principal is served, and the log tells of it in few records. Limits as
// delivered.
#include <chrono>

#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

const std::string kPython = "/usr/bin/python3";
const std::filesystem::path kInterop = std::filesystem::path(AEROMQ_SOURCE_DIR) / "tests/interop";

class Flood : public SystemTest {
 protected:
  static void SetUpTestSuite() {
    chaos::StackOptions options;
    options.wide_limits = false;
    start_stack(options);
  }
  void SetUp() override {
    SystemTest::SetUp();
    if (chaos::run({kPython, "-c", "import zmq, msgpack"}, kSoonMs).exit_code != 0)
      GTEST_SKIP() << "SKIPPED: python3-zmq and python3-msgpack are not installed";
  }
  static Words words(const std::string& kind, int connections, bool unread) {
    Words all{kPython, kInterop / "flood.py",       stack().dir() / "clients/observer.toml",
              kind,    std::to_string(connections), "1"};
    if (unread) all.push_back("unread");
    return all;
  }
  static json flood(const std::string& kind, int connections, bool unread = false) {
    const auto ended = chaos::run(words(kind, connections, unread), 60000);
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    return last_object(ended.out);
  }
  /// Role and process id of every part that lives.
  static std::map<std::string, int> parts() {
    std::map<std::string, int> all;
    const auto status = parsed(ctl("operator", {"status"}).out);
    for (const auto& part : status.value("parts", json::array()))
      if (part.value("alive", false)) all[part["role"]] = part["pid"];
    return all;
  }
};

TEST_F(Flood, NoBurstEndsAnyProcessOrWhatIsPending) {
  const auto before = parts();
  ASSERT_EQ(before.size(), 6U);
  auto asked = ask("operator", {"demote", holder(), "--reason", "asked before the flood"});
  ASSERT_NE(asked.request, "");
  for (const auto* kind : {"looks", "changes", "repeats", "strays", "renewals", "status"})
    for (const bool unread : {false, true}) {
      const auto said = flood(kind, unread ? 1 : 4, unread);
      EXPECT_GT(said.value("sent", 0), 500) << kind;
      EXPECT_EQ(ctl("operator", {"inspect", "cluster"}).exit_code, 0) << kind;
    }
  EXPECT_EQ(parts(), before) << "a process was lost";
  EXPECT_EQ(asked.yes().exit_code, 0) << "the confirmation did not stand";
}

TEST_F(Flood, WhatIsRefusedIsFoundInFewRecords) {
  const auto before = count_stage("refused");
  const auto said = flood("repeats", 2);
  const auto refused = said["answers"].value("DUPLICATE_REQUEST", 0);
  EXPECT_GT(refused, 50);
  const std::string last = said["last"];
  EXPECT_LE(count_stage("refused"), before + 30);
  EXPECT_TRUE(wait_stage(last, "refusals_counted"));
  const auto status = parsed(ctl("operator", {"status"}).out);
  EXPECT_THAT(status.value("limits_met", json::array()).dump(), ::testing::HasSubstr("observer"));
}

TEST_F(Flood, AnotherPrincipalIsServedMeanwhile) {
  chaos::Child flood(words("looks", 8, false));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  do {
    EXPECT_EQ(ctl("operator", {"inspect", "cluster"}).exit_code, 0);
  } while (std::chrono::steady_clock::now() < end);
  EXPECT_EQ(flood.wait(30000).exit_code, 0);
}

}  // namespace
}  // namespace aeromq::system_tests
