// One event is one line, whatever is in it.
#include "process/log.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace aeromq::process
