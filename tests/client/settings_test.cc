// A client file: every fault is named at once, before any contact.
#include "client/settings.h"

#include <gmock/gmock.h>

#include "tests/support/scratch_folder.h"

namespace aeromq::client {
namespace {

using ::testing::HasSubstr;

TEST(Settings, AWholeFile) {
  test::ScratchFolder folder;
  const auto read = read_settings(folder.put(
      "c.toml", "endpoint='ipc:///x'\nserver_key='s'\npublic_key='p'\nsecret_key='k'\nfeed='f'\n"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->endpoint, "ipc:///x");
  EXPECT_EQ(read->secret_key, "k");
  EXPECT_EQ(read->feed, "f");
}

TEST(Settings, AllFaultsAtOnceAndNoSecret) {
  test::ScratchFolder folder;
  const auto read = read_settings(
      folder.put("c.toml", "endpoint=1\nsecret_key='hidden'\nauthority='operator'\n"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().field, "config");
  EXPECT_EQ(exit_code(read.error()), 2);
  EXPECT_THAT(read.error().message, HasSubstr("unknown key `authority`"));
  EXPECT_THAT(read.error().message, HasSubstr("`endpoint` must be text"));
  EXPECT_THAT(read.error().message, HasSubstr("`server_key` is missing"));
  EXPECT_THAT(read.error().message, ::testing::Not(HasSubstr("hidden")));
}

TEST(Settings, LettersBeyondAsciiStandInDoubleQuotesAndAByteOrderMarkIsNamed) {
  test::ScratchFolder folder;
  const std::string rest = "server_key='s'\npublic_key='p'\nsecret_key='k'\n";
  const auto read =
      read_settings(folder.put("c.toml", "# \xC3\xA9\nendpoint=\"ipc:///caf\xC3\xA9\"\n" + rest));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->endpoint, "ipc:///caf\xC3\xA9");
  EXPECT_THAT(read_settings(folder.put("c.toml",
                                       "\xEF\xBB\xBF"
                                       "endpoint='ipc:///x'\n" +
                                           rest))
                  .error()
                  .message,
              HasSubstr("byte order mark"));
}

TEST(Settings, AFileThatOthersMayReadIsRefusedAsAServersIs) {
  test::ScratchFolder folder;
  const auto file =
      folder.put("c.toml", "endpoint='ipc:///x'\nserver_key='s'\npublic_key='p'\nsecret_key='k'\n");
  using std::filesystem::perms;
  std::filesystem::permissions(file, perms::others_read, std::filesystem::perm_options::add);
  const auto read = read_settings(file);
  ASSERT_FALSE(read);
  EXPECT_EQ(exit_code(read.error()), 2);
  EXPECT_THAT(read.error().message, HasSubstr("chmod 0600"));
}

TEST(Settings, NoFileOrNoToml) {
  test::ScratchFolder folder;
  EXPECT_EQ(read_settings(folder / "none").error().field, "config");
  EXPECT_THAT(read_settings(folder.put("c.toml", "a=\n")).error().message, HasSubstr("line 1"));
}

}  // namespace
}  // namespace aeromq::client
