// What text looks like: what is seen, how wide it is, and how it goes into a settings file.
#include "messages/text.h"

#include <gmock/gmock.h>

#include "messages/command.h"
#include "messages/error.h"
#include "messages/toml_text.h"

namespace aeromq {
namespace {

using testing::HasSubstr;

TEST(Text, BlankIsWhatShowsAsNothing) {
  for (const std::string blank :
       {"", " ", "\t ", "\xC2\xA0", "\xE3\x80\x80\xC2\xA0", "\xE2\x80\x8B", "\xE2\x80\x8D\xC2\xAD",
        "\xE2\xA0\x80", "\xE3\x85\xA4", "\xD8\x9C", "\xEF\xBB\xBF", "\xEF\xB8\x8F"})
    EXPECT_TRUE(is_blank(blank)) << visible(blank);
  for (const std::string seen : {"x", " .", "\xE6\x97\xA5", "\xFF"}) EXPECT_FALSE(is_blank(seen));
}

TEST(Text, AReasonMustBeSeen) {
  Submit submit{"request_demotion", "a", "\xE3\x80\x80\xC2\xA0", "", {}};
  RequestId request;
  request.kernel_action = true;
  const auto refused = check_structure(submit, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "reason");
  submit.reason = "\xE6\x97\xA5\xE6\x9C\xAC";
  EXPECT_TRUE(check_structure(submit, request));
}

TEST(Text, WhatIsInvisibleIsWrittenOut) {
  EXPECT_EQ(visible("a\xD8\x9C"
                    "b\xE2\x80\x8B"
                    "c\xE2\x80\x8D"
                    "d\xC2\xAD"
                    "e"),
            "a\\u061cb\\u200bc\\u200dd\\u00ade");
  EXPECT_EQ(visible("\xF3\xA0\x80\x81"), "\\udb40\\udc01") << "a tag, as JSON writes it";
  EXPECT_EQ(visible("\xF0\x9F\x94\xA5 \xE6\x97\xA5\xC2\xA0\xC3\xA9"),
            "\xF0\x9F\x94\xA5 \xE6\x97\xA5\xC2\xA0\xC3\xA9");
  EXPECT_EQ(visible("\xC0\x80\xED\xA0\x80"), "\\xc0\\x80\\xed\\xa0\\x80");
}

TEST(Text, WideAndMarkedCharactersAreMeasured) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("\xE6\x97\xA5\xE6\x9C\xAC"), 4U);
  EXPECT_EQ(columns_of("\xF0\x9F\x94\xA5"), 2U);
  EXPECT_EQ(columns_of("e\xCC\x81"), 1U);
  EXPECT_EQ(columns_of("\xFF"), 1U);
}

TEST(TomlText, WhatIsWrittenIsAsciiAndReadsAsItWas) {
  EXPECT_EQ(toml_text("/srv/caf\xC3\xA9 \"x\" \\ \xF0\x9F\x94\xA5"),
            "\"/srv/caf\\u00E9 \\\"x\\\" \\\\ \\U0001F525\"");
  const auto same = ascii_toml(toml_text("caf\xC3\xA9"));
  ASSERT_TRUE(same);
  EXPECT_EQ(*same, "\"caf\\u00E9\"");
}

TEST(TomlText, LettersMayStandInQuotesAndComments) {
  const auto ascii = ascii_toml(
      "# \xC3\xA9 and \"\na = \"caf\xC3\xA9 # \\\"\xC3\xA9\" # \xC3\xA9\n"
      "b = \"\"\"\xC3\xA9\n\"\xC3\xA9\"\"\"\nc = 'plain \"'\n");
  ASSERT_TRUE(ascii) << ascii.error().message;
  EXPECT_EQ(*ascii,
            "#  and \"\na = \"caf\\u00E9 # \\\"\\u00E9\" # \n"
            "b = \"\"\"\\u00E9\n\"\\u00E9\"\"\"\nc = 'plain \"'\n");
}

TEST(TomlText, WhatCannotBeIsNamedWithItsLine) {
  const auto fault = [](const std::string& text) {
    const auto read = ascii_toml(text);
    return read ? std::string() : read.error().message;
  };
  EXPECT_THAT(fault("\xEF\xBB\xBF"
                    "a = 1\n"),
              HasSubstr("byte order mark"));
  EXPECT_THAT(fault("a = 1\n\xC2\xBA = 1\n"), HasSubstr("line 2: has characters beyond ASCII"));
  EXPECT_THAT(fault("a = '\xC3\xA9'\n"), HasSubstr("line 1"));
  EXPECT_THAT(fault("a = \"\xFF\"\n"), HasSubstr("line 1: is not UTF-8"));
  EXPECT_EQ(fault("a = \"open\nb = 1\n"), "") << "the parser's to refuse";
}

// The message of one error as the detail of another of the same code (client/client.cc did it).
TEST(Errors, TheSentenceOfACodeIsToldOnce) {
  for (const auto& row : error_table()) {
    const auto inner = make_error(row.number, "why");
    const auto outer = make_error(row.number, inner.message);
    EXPECT_EQ(outer.message, inner.message);
    EXPECT_EQ(detail_of(outer), "why");
  }
}

}  // namespace
}  // namespace aeromq
