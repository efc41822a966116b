// How a file grows: brought up in one transaction or not at all, read as it is by whoever only
// reads, refused when it is newer.
#include "kernel/file_format.h"

#include <gmock/gmock.h>

#include "kernel/store.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {
namespace {

using testing::HasSubstr;

const char* const kThree[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE second(a); INSERT INTO second VALUES(2)",
    "CREATE TABLE third(a); INSERT INTO third SELECT a + 1 FROM second"};
const FileFormat kFirst{"aeromq-test", std::span(kThree).first(1)};
const FileFormat kSecond{"aeromq-test", std::span(kThree).first(2)};
const FileFormat kThird{"aeromq-test", kThree};

class FileFormats : public testing::Test {
 protected:
  Database open(bool read_only = false) {
    auto database = Database::open(folder_ / "file", read_only);
    EXPECT_TRUE(database);
    return std::move(*database);
  }
  void make(const FileFormat& format) {
    auto database = open();
    make_tables(database, format);
  }
  std::string refused(const FileFormat& format, bool may_write = true) {
    auto database = open();
    const auto met = meet_format(database, format, may_write);
    return met ? "" : detail_of(met.error());
  }
  std::uint64_t only(const char* sql) {
    const auto database = open();
    Statement query(database, sql);
    return query.step() ? query.number_at(0) : 0;
  }
  test::ScratchFolder folder_;
};

TEST_F(FileFormats, AnOldFileIsBroughtUpThroughEveryVersion) {
  make(kFirst);
  EXPECT_EQ(refused(kThird), "");
  EXPECT_EQ(only("SELECT a FROM third"), 3U);
  EXPECT_EQ(version_of(open(), kThird), 3U);
  EXPECT_EQ(refused(kThird), "") << "a second time there is nothing to do";
  EXPECT_EQ(only("SELECT count(*) FROM third"), 1U);
}

TEST_F(FileFormats, ANewFileAndAnOldOneEndWithTheSameTables) {
  make(kThird);
  EXPECT_EQ(only("SELECT a FROM third"), 3U);
  EXPECT_EQ(version_of(open(), kThird), 3U);
}

TEST_F(FileFormats, WhoOnlyReadsLeavesAnOldFileAsItIs) {
  make(kFirst);
  EXPECT_EQ(refused(kThird, false), "");
  EXPECT_EQ(version_of(open(), kThird), 1U);
}

TEST_F(FileFormats, ANewerFileIsRefusedWithBothVersions) {
  make(kThird);
  for (const bool may_write : {true, false})
    EXPECT_EQ(refused(kSecond, may_write),
              "its format is \"aeromq-test-3\", this program reads up to \"aeromq-test-2\"");
  EXPECT_EQ(version_of(open(), kThird), 3U);
}

TEST_F(FileFormats, AStepThatFailsLeavesTheFileAsItWas) {
  make(kFirst);
  const char* const broken[] = {kThree[0], kThree[1], "INSERT INTO nowhere VALUES(1)"};
  const FileFormat format{"aeromq-test", broken};
  EXPECT_THAT(refused(format), HasSubstr("cannot be made \"aeromq-test-3\": no such table"));
  EXPECT_EQ(version_of(open(), kThird), 1U);
  EXPECT_EQ(only("SELECT count(*) FROM sqlite_master WHERE name = 'second'"), 0U);
  EXPECT_EQ(refused(kThird), "");
}

TEST_F(FileFormats, AnotherFamilysFileIsNoVersionOfThisOne) {
  make({"aeromq-test-other", std::span(kThree).first(1)});
  EXPECT_THAT(refused(kThird), HasSubstr("\"aeromq-test-other-1\", this program's is"));
  for (const auto* name : {"aeromq-test-", "aeromq-test-0", "aeromq-test-01", "aeromq-test--1",
                           "aeromq-test-1x", "aeromq-test", ""}) {
    auto database = open();
    Statement(database, "UPDATE meta SET value = ? WHERE key = 'format'").text(name).run();
    EXPECT_EQ(version_of(database, kThird), 0U) << name;
    EXPECT_FALSE(meet_format(database, kThird, true)) << name;
  }
}

TEST_F(FileFormats, ARegisterOfTheFirstVersionIsBroughtUpAndThenNoLongerReadByIt) {
  const char* const one[] = {kRegisterTables};
  const RegisterKind first{{"aeromq-register", one}, true};
  const auto path = folder_ / "register";
  { ASSERT_TRUE(Store::create(path, three_nodes(), first)); }
  { ASSERT_TRUE(Store::open(path, Store::Mode::read_only)); }
  { ASSERT_TRUE(Store::open(path, Store::Mode::read_only, first)) << "reading changed nothing"; }
  {
    const auto store = Store::open(path, Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(store->load().holder, "a");
    EXPECT_EQ(store->load().nodes.size(), 3U);
  }
  const auto again = Store::open(path, Store::Mode::read_write, first);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("reads up to \"aeromq-register-1\""));
}

}  // namespace
}  // namespace aeromq::kernel
