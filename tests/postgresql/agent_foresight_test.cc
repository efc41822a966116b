// What an agent finds out of a start that it does not make, and of the WAL on its disk.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "kernel/postgresql/agent/control_data.h"
#include "kernel/postgresql/agent/foresight.h"
#include "kernel/postgresql/agent/received_wal.h"
#include "kernel/postgresql/agent/start_trial.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

void write(const std::string& path, const std::string& text = {}, mode_t mode = 0600) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}

/// A server that would start, with all of its files.
class StartTrialTest : public testing::Test {
 protected:
  StartTrialTest() {
    write(folder_ / "pg_hba.conf");
    tried_.tried = true;
    tried_.values = {{"config_file", folder_ / "postgresql.conf"},
                     {"max_connections", "100"},
                     {"max_wal_senders", "10"},
                     {"superuser_reserved_connections", "3"},
                     {"wal_level", "replica"},
                     {"archive_mode", "off"},
                     {"data_directory", folder_.path()},
                     {"hba_file", folder_ / "pg_hba.conf"},
                     {"ssl", "off"},
                     {"ssl_cert_file", "server.crt"},
                     {"ssl_key_file", "server.key"},
                     {"unix_socket_directories", folder_.path() + ", /nowhere/at/all"},
                     {"shared_buffers", "16384"}};
  }
  StartTrial judged() const { return judge_start(tried_, {folder_.path(), "/nowhere", needs_}); }
  std::string refused() const { return judged().refused; }
  void expect_refused(const std::string& name, const std::string& value, const std::string& why) {
    const auto before = tried_.values;
    tried_.values[name] = value;
    EXPECT_THAT(refused(), HasSubstr(why)) << name;
    tried_.values = before;
  }

  test::ScratchFolder folder_;
  TriedSettings tried_;
  std::vector<ServerSetting> needs_;
};

TEST_F(StartTrialTest, AWellMadeServerIsNotRefusedAndItIsSaidWhatWasNotTried) {
  const auto trial = judged();
  EXPECT_TRUE(trial.tried);
  EXPECT_EQ(trial.refused, "");
  EXPECT_THAT(trial.not_tried, Contains(HasSubstr("pg_hba.conf")));
  EXPECT_THAT(trial.not_tried, Contains(HasSubstr("memory")));
  EXPECT_THAT(trial.settings, Contains(ServerSetting{"max_connections", "100"}));
  EXPECT_LE(trial.settings.size(), 16U);  // what the status has room for
  EXPECT_EQ(judge_start({}, {folder_.path(), "/nowhere", {}}).tried, false);
}

TEST_F(StartTrialTest, WhatPostgresItselfSaysStandsInItsWords) {
  tried_.refused = "FATAL: configuration file \"x\" contains errors";
  EXPECT_EQ(refused(), tried_.refused);
}

TEST_F(StartTrialTest, EachThingThatWouldEndAStartIsNamed) {
  expect_refused("hba_file", folder_ / "none", "No such file or directory");
  expect_refused("data_directory", "/", "data_directory is /, which is not " + folder_.path());
  expect_refused("wal_level", "minimal", "WAL streaming (max_wal_senders > 0) requires");
  expect_refused("superuser_reserved_connections", "100", "must be less than max_connections");
  expect_refused("unix_socket_directories", "/nowhere/at/all", "Unix-domain sockets");
  expect_refused("shared_buffers", "1099511627776", "could not map anonymous shared memory");
  expect_refused("shared_preload_libraries", "/nowhere/x", "could not access file \"/nowhere/x\"");
  tried_.values["wal_level"] = "minimal";
  tried_.values["max_wal_senders"] = "0";
  EXPECT_EQ(refused(), "");
  expect_refused("archive_mode", "on", "WAL archival cannot be enabled");
}

TEST_F(StartTrialTest, ALimitBelowTheControlFilesIsNoStandby) {
  needs_ = {{"max_connections", "100"}, {"max_locks_per_transaction", "64"}};
  EXPECT_EQ(refused(), "");
  needs_[0].value = "101";
  EXPECT_THAT(refused(), HasSubstr("max_connections = 100 is a lower setting than on the primary "
                                   "server, where its value was 101"));
}

TEST_F(StartTrialTest, TlsFilesMustBeThereAndTheKeyItsOwn) {
  tried_.values["ssl"] = "on";
  EXPECT_THAT(refused(), HasSubstr("ssl_cert_file"));
  EXPECT_THAT(refused(), HasSubstr("ssl_key_file"));
  write(folder_ / "server.crt");
  write(folder_ / "server.key");
  EXPECT_EQ(refused(), "");
  EXPECT_THAT(judged().not_tried, Contains("what is in the TLS files"));
  write(folder_ / "server.key", "", 0644);
  EXPECT_THAT(refused(), HasSubstr("has group or world access"));
  ::chmod((folder_ / "server.key").c_str(), 0600);
  tried_.values["ssl_ca_file"] = "ca.crt";
  EXPECT_THAT(refused(), HasSubstr("ca.crt"));
}

TEST_F(StartTrialTest, ALibraryThatIsOnlyGuessedAtIsNotRefused) {
  tried_.values["shared_preload_libraries"] = "pg_stat_statements, \"$libdir/x\"";
  EXPECT_EQ(refused(), "");
  EXPECT_THAT(judged().not_tried, Contains(HasSubstr("pg_stat_statements")));
}

TEST(StartTrial, ReadsEachValueAndTheWordsOfTheOneThatFailed) {
  ChildEnd end{true, true, 0,
               "\n\x01=config_file\n/x/postgresql.conf\n\n\x01=ssl_ca_file\n\n\n\x01=port\n5432\n"};
  auto read = read_trial(end);
  EXPECT_TRUE(read.tried);
  EXPECT_EQ(read.values.at("config_file"), "/x/postgresql.conf");
  EXPECT_EQ(read.values.at("ssl_ca_file"), "");
  EXPECT_EQ(read.values.at("port"), "5432");
  end = {true, true, 1,
         "\n\x01=config_file\nLOG:  invalid value\nFATAL:  configuration file contains errors\n"};
  read = read_trial(end);
  EXPECT_EQ(read.refused, "LOG:  invalid value FATAL:  configuration file contains errors");
  EXPECT_TRUE(read.values.empty()) << "those words are no value";
  end.in_time = false;
  EXPECT_FALSE(read_trial(end).tried);
}

// A program in the place of the server's: it fails while a settings file says "bad".
TEST(Foresight, AnErrorAndItsCorrectionAreSeenWithTheNextStatus) {
  const test::ScratchFolder folder;
  for (const auto* made : {"data", "bin", "conf.d"}) ::mkdir((folder / made).c_str(), 0700);
  const auto settings_file = folder / "postgresql.conf";
  const auto extra = folder / "conf.d/z.conf";
  write(settings_file, "include_dir 'conf.d'\n");
  write(folder / "bin/postgres",
        "#!/bin/sh\nfor asked; do :; done\n"
        "grep -s bad " +
            extra +
            " >&2 && exit 1\n"
            "[ $asked != config_file ] || echo " +
            settings_file + "\n",
        0700);
  AgentSettings settings;
  settings.data = folder / "data";
  settings.bin = folder / "bin";
  settings.journal = folder / "journal.sqlite";
  const Foresight foresight(settings);
  const auto refused = [&] {
    AgentStatus status;
    foresight.add_to(status, ControlData{}, 20'000);
    return status.next_start.refused;
  };
  refused();  // where the settings files are is known from here on
  EXPECT_THAT(refused(), Not(HasSubstr("bad")));
  write(extra, "bad one");
  EXPECT_EQ(refused(), "bad one");
  refused();  // the new file is one of them from here on
  write(extra, "bad two!");
  EXPECT_EQ(refused(), "bad two!");
  ::unlink(extra.c_str());
  EXPECT_THAT(refused(), Not(HasSubstr("bad")));
}

TEST(StartTrial, FollowsIncludesAndFolders) {
  const test::ScratchFolder folder;
  ::mkdir((folder / "conf.d").c_str(), 0700);
  write(folder / "postgresql.conf",
        "# include 'no'\nport = 1\ninclude 'a.conf'\ninclude_if_exists = 'gone.conf'\n"
        "include_dir conf.d # all\n");
  write(folder / "a.conf", "include 'postgresql.conf'\n");  // a circle
  write(folder / "conf.d/b.conf");
  write(folder / "conf.d/b.txt");
  EXPECT_THAT(
      settings_files(folder / "postgresql.conf", "/data"),
      ElementsAre(folder / "postgresql.conf", folder / "a.conf", folder / "gone.conf",
                  folder / "conf.d", folder / "conf.d/b.conf", "/data/postgresql.auto.conf"));
}

TEST(ReceivedWal, TheEndIsWhereTheNextRecordWouldBegin) {
  struct Row {
    const char* said;
    std::uint64_t end;  ///< 0: none
  };
  const std::string begin = "pg_waldump: error: error in WAL record at 0/74FCA8: ";
  for (const auto& row : std::vector<Row>{
           {"invalid record length at 0/74FE40: wanted 24, got 0", 0x74FE40},
           {"invalid record length at 1/74FE40: expected at least 24, got 0", 0x10074FE40},
           {"record with incorrect prev-link 0/1 at 0/74FE40", 0x74FE40},
           {"incorrect resource manager data checksum in record at 0/74FE40", 0x74FE40},
           // Of a page, not of a record: the last good record's head is all that is sure.
           {"unexpected pageaddr 0/100000 in log segment 000000010000000000000008, offset 0",
            0x74FCC0},
           {"invalid magic number 0000 in log segment 000000010000000000000008, offset 8192",
            0x74FCC0}})
    EXPECT_EQ(end_in_words(begin + row.said).value_or(0), row.end) << row.said;
  EXPECT_FALSE(end_in_words("pg_waldump: error: could not find file \"000000020000000000000006\""));
  EXPECT_FALSE(end_in_words("pg_waldump: error: could not find a valid record after 0/74FE40"));
  EXPECT_FALSE(end_in_words(""));
}

}  // namespace
}  // namespace aeromq::postgresql
