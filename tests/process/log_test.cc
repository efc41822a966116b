// One event is one line, whatever is in it.
#include "process/log.h"

#include <gtest/gtest.h>

#include "process/log_bound.h"

namespace aeromq::process {
namespace {

TEST(Log, PlainValuesStayPlain) {
  EXPECT_EQ(logfmt("started", {{"pid", 42}, {"name", "gate"}, {"alive", true}}),
            "event=started pid=42 name=gate alive=true");
}

TEST(Log, ValuesThatCouldBeReadOtherwiseAreQuoted) {
  EXPECT_EQ(logfmt("e", {{"a", "two words"}}), "event=e a=\"two words\"");
  EXPECT_EQ(logfmt("e", {{"a", ""}}), "event=e a=\"\"");
  EXPECT_EQ(logfmt("e", {{"a", "x=y"}}), "event=e a=\"x=y\"");
  EXPECT_EQ(logfmt("e", {{"a", "q\"b\\"}}), "event=e a=\"q\\\"b\\\\\"");
  EXPECT_EQ(logfmt("e", {{"a", "l\nevent=forged"}}), "event=e a=\"l\\x0aevent=forged\"");
}

TEST(Log, LinesNameTheProcess) {
  testing::internal::CaptureStderr();
  start_log("gate");
  log_warning("refusal", {{"code", "BUSY"}});
  const auto line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(" level=warning process=gate pid="), std::string::npos) << line;
  EXPECT_NE(line.find(" event=refusal code=BUSY\n"), std::string::npos) << line;
}

TEST(LogBound, AFloodIsAFewLinesAndItsNumber) {
  LogBound bound;
  const auto at = [](std::uint64_t ms) { return Moment{ms * kNanosPerMs, 0}; };
  std::uint64_t left_out = 0;
  std::uint64_t lines = 0;
  for (int i = 0; i < 1000; ++i) lines += bound.may("b", at(5), left_out) ? 1 : 0;
  EXPECT_EQ(lines, LogBound::kMostLines);
  EXPECT_EQ(left_out, 0U);
  EXPECT_TRUE(bound.may("a", at(5), left_out)) << "another peer has its own lines";
  EXPECT_FALSE(bound.may("b", at(5 + LogBound::kWindowMs - 1), left_out));
  EXPECT_TRUE(bound.may("b", at(5 + LogBound::kWindowMs), left_out));
  EXPECT_EQ(left_out, 1000 - LogBound::kMostLines + 1);
  for (std::size_t i = 0; i < 10 * LogBound::kMostPeers; ++i)
    lines += bound.may("peer" + std::to_string(i), at(6), left_out) ? 1 : 0;
  EXPECT_LE(lines, (LogBound::kMostPeers + 1) * LogBound::kMostLines);
}

}  // namespace
}  // namespace aeromq::process
