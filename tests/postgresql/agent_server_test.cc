// What is known of the server beside an agent: the pure rules over what /proc says, and processes
// that are one, were one, or only stand in its folder.
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/socket.h>

#include "kernel/postgresql/agent/proc_tables.h"
#include "kernel/postgresql/agent/server_log.h"
#include "kernel/postgresql/agent/server_process.h"
#include "kernel/postgresql/agent/wal_record.h"
#include "tests/postgresql/fake_server.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::postgresql {
namespace {

using test::FakeServer;

TEST(PostgresqlAgentTables, TheLockFile) {
  const auto file = parse_postmaster_file(
      "21777\n/data\n1795894336\n54999\n/run\nlocalhost\n 10952964         4\nstopping\n");
  EXPECT_EQ(file, (PostmasterFile{21777, "/data", 1795894336, 54999, "/run", 10952964, 4, true}));
  // A single-user server writes its number negative; a server that starts only the first lines.
  EXPECT_EQ(parse_postmaster_file("-12\n/data\n5\n").pid, 12);
  EXPECT_EQ(parse_postmaster_file("12\n/data\n5\n").segment, std::nullopt);
  EXPECT_EQ(parse_postmaster_file("x\n").pid, 0);
  // Keys are signed, and are written as if they were not.
  EXPECT_EQ(parse_postmaster_file("1\n\n\n\n\n\n18446744073709551615 7\n").segment_key, -1);
}

TEST(PostgresqlAgentTables, AProcessAndTheBoot) {
  const auto stat = parse_stat(
      "41 (a ) b) S 7 41 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 9876 8000000 200 1 1 1\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(*stat, (ProcessStat{'S', 7, 9876}));
  EXPECT_TRUE(stat->is_alive());
  EXPECT_FALSE((ProcessStat{'Z', 7, 1}).is_alive());
  for (const auto* wrong : {"", "41 (sleep) S 7", "41 sleep S 7 41 41"})
    EXPECT_FALSE(parse_stat(wrong)) << wrong;
  EXPECT_EQ(parse_boot_time("cpu 1 2\nbtime 1795890000\nprocesses 3\n"), 1795890000U);
  EXPECT_FALSE(parse_boot_time("cpu 1\n"));
}

TEST(PostgresqlAgentTables, SharedMemoryIsItsKeyAndItsNumber) {
  constexpr const char* kTable =
      "       key      shmid perms                  size  cpid  lpid nattch   uid\n"
      "  10952964          4   600                    56 21777 21777      6   101\n"
      "        -1          5   600                    56     1     1      2   101\n";
  EXPECT_EQ(attached_to(kTable, 10952964, 4), 6U);
  EXPECT_EQ(attached_to(kTable, -1, 5), 2U);
  EXPECT_EQ(attached_to(kTable, 10952965, 4), 0U) << "the number is another server's by now";
  EXPECT_EQ(attached_to(kTable, 10952964, 9), 0U);
  EXPECT_FALSE(attached_to("", 1, 1)) << "no table proves nothing";
  EXPECT_FALSE(attached_to("key shmid\n", 1, 1));
  EXPECT_TRUE(maps_segment("7f-7f rw-s 00000000 00:01 4  /SYSV00a720c4 (deleted)\n", 4));
  EXPECT_FALSE(maps_segment("7f-7f rw-s 00000000 00:01 4  /dev/zero (deleted)\n", 4));
  EXPECT_FALSE(maps_segment("7f-7f rw-s 00000000 00:01 4  /SYSV00a720c4 (deleted)\n", 5));
}

TEST(PostgresqlAgentTables, WhoListens) {
  constexpr const char* kTcp =
      "  sl  local_address rem_address   st\n"
      "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000\n"
      "   1: 00000000:1539 00000000:0000 0A 00000000:00000000 00:00000000\n"
      "   2: 0100007F:153A 0100007F:1538 01 00000000:00000000 00:00000000\n";
  EXPECT_TRUE(listens_at(kTcp, "127.0.0.1", 5432));
  EXPECT_TRUE(listens_at(kTcp, "localhost", 5432));
  EXPECT_FALSE(listens_at(kTcp, "127.0.0.2", 5432)) << "another server of this host";
  EXPECT_TRUE(listens_at(kTcp, "10.0.0.1", 5433)) << "on all addresses";
  EXPECT_FALSE(listens_at(kTcp, "127.0.0.1", 5434)) << "a connection is nobody who listens";
  constexpr const char* kTcp6 =
      "  sl  local_address                         remote_address                        st\n"
      "   0: 00000000000000000000000001000000:1538 00000000000000000000000000000000:0000 0A 0:0\n"
      "   1: 0000000000000000FFFF00000100007F:1539 00000000000000000000000000000000:0000 0A 0:0\n";
  EXPECT_TRUE(listens_at(kTcp6, "::1", 5432));
  EXPECT_FALSE(listens_at(kTcp6, "127.0.0.1", 5432));
  EXPECT_TRUE(listens_at(kTcp6, "127.0.0.1", 5433)) << "mapped into IPv6";
  constexpr const char* kUnix =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000: 00000002 00000000 00010000 0001 01 23 /run/.s.PGSQL.5432\n"
      "0000: 00000002 00000000 00000000 0001 03 24 /run/.s.PGSQL.5433\n";
  EXPECT_TRUE(listens_at_path(kUnix, "/run/.s.PGSQL.5432"));
  EXPECT_FALSE(listens_at_path(kUnix, "/run/.s.PGSQL.5433"));
  EXPECT_FALSE(listens_at_path(kUnix, "run/.s.PGSQL.5432"));
}

TEST(PostgresqlAgentTables, WhichProcessIsOfTheServer) {
  constexpr std::array kAll{Sign::no, Sign::yes, Sign::unknown};
  for (const bool noted : {false, true})
    for (const bool in_time : {false, true})
      for (const auto folder : kAll)
        for (const auto program : kAll)
          for (const auto attached : kAll) {
            const ProcessSigns signs{noted, folder, in_time, program, attached};
            const bool shown = program == Sign::yes || attached == Sign::yes ||
                               (program == Sign::unknown && attached == Sign::unknown);
            bool expected = (noted && in_time) || shown;
            if (folder == Sign::no) expected = false;
            if (folder == Sign::unknown) expected = noted;
            EXPECT_EQ(is_of_server(signs), expected);
          }
}

TEST(PostgresqlAgentWal, WhereARecordEnds) {
  const auto record = parse_wal_record(
      "rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 0/01500790, prev "
      "0/01500718, desc: CHECKPOINT_SHUTDOWN redo 0/1500790; tli 1\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, (WalRecord{0x1500790, 114, true}));
  EXPECT_FALSE(parse_wal_record("rmgr: XLOG len (rec/tot): 114/ 114, tx: 0, lsn: 0/28, prev 0/0, "
                                "desc: CHECKPOINT_ONLINE redo 0/28")
                   ->shutdown_checkpoint);
  EXPECT_FALSE(parse_wal_record("pg_waldump: error: could not find a valid record"));
  EXPECT_FALSE(parse_wal_record("rmgr: XLOG len (rec/tot): 114, lsn: 0/28, desc: X"));
  constexpr std::uint64_t kPage = 8192;
  constexpr std::uint64_t kSegment = 1 << 20;
  const auto end = [&](std::uint64_t at, std::uint64_t octets) {
    return record_end({at, octets, true}, kPage, kSegment);
  };
  EXPECT_EQ(end(0x1500790, 114), 0x1500808U) << "aligned";
  EXPECT_EQ(end(kPage - 120, 114), kPage) << "up to the page's end: before the next header";
  EXPECT_EQ(end(kPage - 112, 114), kPage + 24 + 8);
  EXPECT_EQ(end(kSegment - 112, 114), kSegment + 40 + 8) << "a segment's first header is longer";
  EXPECT_EQ(end(kPage - 8, 2 * kPage), 3 * kPage + 24 + 40) << "over three headers";
  EXPECT_EQ(record_end({8, 8, true}, 0, 0), 0U) << "not known";
}

TEST(PostgresqlAgentWal, APromotionGoesOnWhereItsProofEnds) {
  const SwitchProof proof{0x1508, 3};
  EXPECT_FALSE(judge_switch("n2", proof, {4, 3, 0x1508}));
  EXPECT_FALSE(judge_switch("n2", {}, {4, 3, 0x1000})) << "there was no proof";
  EXPECT_EQ(judge_switch("n2", proof, {4, 3, 0x1500})->code, "SWITCHED_BEFORE_CHECKPOINT");
  EXPECT_EQ(judge_switch("n2", proof, {4, 3, 0x1510})->code, "SWITCHED_BEYOND_CHECKPOINT");
  EXPECT_EQ(judge_switch("n2", proof, {5, 4, 0x1508})->code, "SWITCHED_BEYOND_CHECKPOINT")
      << "somebody was primary in between";
}

TEST(PostgresqlAgentLog, TheLinesThatSayMost) {
  EXPECT_EQ(choose_lines(""), "");
  EXPECT_EQ(choose_lines("LOG:  one\n\nLOG:  two\n"), "LOG:  one | LOG:  two");
  std::string many;
  for (int i = 0; i < 20; ++i) many += "LOG:  line " + std::to_string(i) + "\n";
  EXPECT_EQ(choose_lines(many).substr(0, 13), "LOG:  line 14");
  const auto severe =
      choose_lines("LOG:  invalid value\nFATAL:  the file has errors\nHINT:  mend\n" + many +
                   "FATAL:  the database system is starting up\n");
  EXPECT_EQ(severe, "LOG:  invalid value | FATAL:  the file has errors | HINT:  mend");
  EXPECT_EQ(collected_logs("stderr log/a b.log\ncsvlog log/a.csv\nstderr /var/b.log\n", "/data"),
            (std::vector<std::string>{"/data/log/a b.log", "/var/b.log"}));
}

TEST(PostgresqlAgentLog, OnlyWhatWasWrittenSince) {
  const test::ScratchFolder folder;
  const auto path = folder.put("log", "old\n");
  const auto mark = mark_logs({path});
  EXPECT_EQ(read_logs({path}, mark), "");
  std::ofstream(path, std::ios::app) << "new\n";
  EXPECT_EQ(read_logs({path}, mark), "new\n");
  EXPECT_EQ(read_logs({path}, {}), "old\nnew\n");
  folder.put("log", "x\n");
  EXPECT_EQ(read_logs({path}, mark), "x\n") << "it was begun anew";
  const auto other = folder.put("log.2", "y\n");
  EXPECT_EQ(read_logs({other}, mark), "y\n") << "a file of after the mark";
}

/// A PGDATA, and whatever runs in it.
class PostgresqlAgentServer : public testing::Test {
 protected:
  PostgresqlAgentServer() { std::filesystem::create_directories(data_); }
  test::ScratchFolder folder_;
  std::string data_ = folder_ / "data";
};

TEST_F(PostgresqlAgentServer, ItsNumberFolderAndStartCountAndNotItsName) {
  EXPECT_FALSE(find_server(data_).running());
  std::filesystem::create_directory_symlink(data_, folder_ / "link");
  const FakeServer server(folder_ / "link");
  EXPECT_FALSE(find_server(data_).running()) << "somebody who stands in the folder";
  server.lock();
  const auto found = find_server(data_);
  EXPECT_EQ(found.postmaster, server.pid());
  EXPECT_TRUE(found.is(static_cast<std::uint64_t>(server.pid()), server.started_ms()));
  EXPECT_FALSE(found.is(static_cast<std::uint64_t>(server.pid()), server.started_ms() + 1000));
  EXPECT_EQ(found.processes, 1U);
  // However the path is written.
  EXPECT_EQ(find_server(folder_ / "link").postmaster, server.pid());
  const auto told = local_server(found, data_, "127.0.0.1", 1);
  // As the server calls it: its own setting is compared with that.
  EXPECT_EQ(told.data_directory, folder_ / "link");
  EXPECT_EQ(told.started_ms, server.started_ms());
  EXPECT_EQ(told.port, 5432U);
  EXPECT_TRUE(told.lock_file);
  EXPECT_FALSE(told.listens);
}

TEST_F(PostgresqlAgentServer, ANumberThatIsAnothersByNowIsNoServer) {
  const FakeServer late(data_);
  late.lock(3600);
  EXPECT_FALSE(find_server(data_).running()) << "it began at another time, and is no server";
  const auto elsewhere = folder_ / "elsewhere";
  std::filesystem::create_directories(elsewhere);
  const FakeServer other(elsewhere);
  std::ofstream(data_ + "/postmaster.pid") << other.pid() << "\n\n" << other.started_ms() / 1000;
  EXPECT_FALSE(find_server(data_).running()) << "it works in another folder";
}

TEST_F(PostgresqlAgentServer, WhatAServersFileExecutesIsOneWheneverItBegan) {
  const auto program = folder_ / "postmaster";
  std::filesystem::copy_file("/bin/sleep", program);
  const FakeServer server(data_, program);
  const auto orphan = find_server(data_);
  EXPECT_EQ(orphan.postmaster, 0);
  EXPECT_EQ(orphan.orphan, server.pid()) << "without a lock file, too";
  EXPECT_TRUE(orphan.running());
  server.lock(3600);
  EXPECT_EQ(find_server(data_).postmaster, server.pid()) << "a clock that was set";
}

TEST_F(PostgresqlAgentServer, AttachedSharedMemoryIsAServerThatRuns) {
  const key_t key = 0x0ae20000 + (::getpid() & 0xffff);
  const int id = ::shmget(key, 56, IPC_CREAT | IPC_EXCL | 0600);
  if (id < 0) GTEST_SKIP() << "no shared memory here";
  auto* at = ::shmat(id, nullptr, 0);
  {
    const FakeServer gone(data_);
    gone.lock(0, std::to_string(key) + " " + std::to_string(id));
  }
  const auto found = find_server(data_);
  EXPECT_EQ(found.postmaster, 0);
  EXPECT_EQ(found.attached, 1U);
  EXPECT_TRUE(found.running()) << "a child that outlived its postmaster";
  ::shmdt(at);
  EXPECT_FALSE(find_server(data_).running());
  ::shmctl(id, IPC_RMID, nullptr);
}

TEST_F(PostgresqlAgentServer, WhatCannotBeReadIsNotStopped) {
  EXPECT_FALSE(find_server(folder_ / "none").running()) << "there is nothing that could run";
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::filesystem::permissions(data_, std::filesystem::perms::none);
  EXPECT_TRUE(find_server(data_).running());
  std::filesystem::permissions(data_, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace aeromq::postgresql
