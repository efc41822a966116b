// A disk that fails: the writer stops for good at the first error, nothing acknowledged is lost,
// and the next start decides what was left.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <sstream>

#include "audit/verify.h"
#include "tests/audit/log_fixture.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

using testing::HasSubstr;

class PoisonTest : public LogFixture {
 protected:
  static std::string record(std::uint64_t seq) {
    return row(make_record(seq, Stage::control_plane));
  }
  static void expect_poisoned(LogWriter& writer, const std::string& why) {
    EXPECT_TRUE(writer.poisoned());
    for (const auto& done : {writer.commit(kNow), writer.idle_commit(kNow),
                             writer.check_files(kNow), writer.close(kNow)}) {
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().code, "AUDIT_UNAVAILABLE");
      EXPECT_THAT(done.error().message, HasSubstr(why));
    }
    EXPECT_FALSE(writer.append(as_bytes("late")));
  }

  struct Ran {
    int status = 0;  ///< exit status; 128 + signal
    std::uint64_t acknowledged = 0;
    std::string error;
  };
  /// Runs the driver on `dir()` under strace with these expressions (none: without strace).
  Ran drive(const std::vector<std::string>& inject, int count = 40) const {
    std::string command;
    if (!inject.empty()) {
      command = "strace -f -qq -o /dev/null";
      for (const auto& one : inject) command += " -e inject=" + one;
      command += " ";
    }
    const auto out = (root_ / "out").string();
    const auto err = (root_ / "err").string();
    command += std::string(AEROMQ_APPEND_DRIVER) + " " + dir().string() + " " +
               std::to_string(count) + " >" + out + " 2>" + err;
    const int status = std::system(("exec " + command).c_str());
    Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::ifstream lines(out);
    for (std::uint64_t seq = 0; lines >> seq;) ran.acknowledged = seq;
    std::stringstream said;
    said << std::ifstream(err).rdbuf();
    ran.error = said.str();
    return ran;
  }
  static bool strace_works() {
    return std::system("exec strace -qq -o /dev/null true >/dev/null 2>&1") == 0;
  }
  /// What was acknowledged is there, the next run starts, and the log verifies afterwards.
  void expect_survives(const Ran& ran) {
    EXPECT_GE(read_all().seqs.size(), ran.acknowledged);
    const auto again = drive({}, 1);
    EXPECT_EQ(again.status, 0) << again.error;
    EXPECT_GT(again.acknowledged, ran.acknowledged);
    const auto verified = verify_log(dir(), {});
    EXPECT_EQ(verified.code, VerifyCode::ok) << testing::PrintToString(verified.findings);
  }
};

TEST_F(PoisonTest, AFileSizeLimitPoisons) {
  auto writer = open_writer();
  put(*writer, {record(1)});
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  // The next batch begins at 12288 and is cut short 100 octets later.
  auto limited = before;
  limited.rlim_cur = read_watermark(mark()).value()->position + 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  ASSERT_TRUE(writer->append(as_bytes(record(2))));
  const auto done = writer->commit(kNow);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(done);
  expect_poisoned(*writer, "short, 100 of 4096");
  EXPECT_EQ(writer->durable_seq(), 1U);
  EXPECT_TRUE(fs::exists(dir() / "POISONED"));
  writer.reset();
  const auto next = open_writer();
  EXPECT_EQ(next->report().found, RecoveryClass::torn_tail);
  EXPECT_EQ(next->next_seq(), 2U);
  EXPECT_FALSE(fs::exists(dir() / "POISONED"));
}

TEST_F(PoisonTest, AFullFileSystemPoisonsAtRotation) {
  const auto disk = root_ / "audit";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=200k") != 0) {
    std::printf("SKIPPED: mounting a tmpfs is not permitted here\n");
    GTEST_SKIP();
  }
  {
    auto writer = open_writer();
    Result<void> done;
    std::uint64_t acknowledged = 0;
    while (done && acknowledged < 1000) {
      ASSERT_TRUE(writer->append(as_bytes(record(writer->next_seq()))));
      done = writer->commit(kNow);
      if (done) acknowledged = writer->durable_seq();
    }
    EXPECT_FALSE(done);
    expect_poisoned(*writer, "the disk of " + (dir() / "log").string() + " is full");
    EXPECT_FALSE(fs::exists(dir() / "log" / "next.tmp")) << "half a segment takes room";
    EXPECT_GT(acknowledged, 10U);
    EXPECT_EQ(writer->durable_seq(), acknowledged);
    writer.reset();
    EXPECT_EQ(read_all().seqs.size(), acknowledged);
    EXPECT_EQ(verify_log(dir(), {}).code, VerifyCode::ok);
    EXPECT_THAT(refusal(), HasSubstr(" is full")) << "a full disk must not start either";
    EXPECT_FALSE(fs::exists(dir() / "log" / "next.tmp"));
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

// The next segment is the reserve: others may fill the disk, one rotation still finds its room.
TEST_F(PoisonTest, ANextSegmentThatLiesReadyOutlivesAFullDisk) {
  const auto disk = root_ / "audit";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    std::printf("SKIPPED: mounting a tmpfs is not permitted here\n");
    GTEST_SKIP();
  }
  {
    auto writer = open_writer();
    const auto until = [&](auto done) {
      auto now = kNow;
      for (int i = 0; i < 100 && !done(); ++i, now = after_ms(now, 1000)) writer->prepare(now);
      return done();
    };
    const auto ready = [&] { return fs::exists(dir() / "log" / "next.tmp"); };
    ASSERT_TRUE(until(ready));
    std::ofstream filler(disk / "filler", std::ios::binary);
    while (filler.write(std::string(4096, 'x').data(), 4096) && filler.flush()) continue;
    filler.close();
    const auto first = segments().size();
    while (segments().size() == first) put(*writer, {record(writer->next_seq())});
    EXPECT_TRUE(until([&] { return !writer->space().next_is_made; }));
    EXPECT_FALSE(ready()) << "what could not be made is removed";
    EXPECT_GT(writer->space().left, kMinSegmentBytes / 2);
    put(*writer, {record(writer->next_seq())});
    fs::remove(disk / "filler");
    EXPECT_TRUE(until([&] { return writer->space().next_is_made && ready(); }));
    EXPECT_FALSE(writer->poisoned());
    ASSERT_TRUE(writer->close(kNow));
    EXPECT_EQ(verify_log(dir(), {}).code, VerifyCode::ok);
    const auto again = open_writer();
    EXPECT_FALSE(ready()) << "of a run that is over";
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

TEST_F(PoisonTest, ARemovedOrReplacedFilePoisons) {
  for (int what = 0; what < 3; ++what) {
    fs::remove_all(dir());
    fs::remove(mark());
    auto writer = open_writer();
    put(*writer, {record(1)});
    const auto path = segments().front().path;
    if (what == 0) fs::remove(path);
    if (what == 1) {
      fs::copy_file(path, root_ / "copy");
      fs::rename(root_ / "copy", path);
    }
    if (what == 2) fs::remove(dir() / "LOCK");
    ASSERT_FALSE(writer->check_files(kNow)) << what;
    expect_poisoned(*writer, "");
  }
}

TEST_F(PoisonTest, FilesAreLookedAtOnceASecond) {
  auto writer = open_writer();
  ASSERT_TRUE(writer->check_files(kNow));
  fs::remove(segments().front().path);
  EXPECT_TRUE(writer->check_files(after_ms(kNow, 999)));
  EXPECT_FALSE(writer->check_files(after_ms(kNow, 1000)));
}

TEST_F(PoisonTest, AnErrorOfAnySyncPoisonsAndTheNextStartGoesOn) {
  if (!strace_works()) {
    std::printf("SKIPPED: strace cannot trace here\n");
    GTEST_SKIP();
  }
  // Every sync of a run in turn, until one run survives because it makes no such call any more.
  for (const std::string call : {"fdatasync", "fsync"}) {
    int survived_at = 0;
    for (int n = 1; survived_at == 0 && n < 100; n += n < 4 ? 1 : 9) {
      fs::remove_all(dir());
      const auto ran = drive({call + ":error=EIO:when=" + std::to_string(n)});
      if (ran.status == 0) survived_at = n;
      if (ran.status == 0) continue;
      ASSERT_EQ(ran.status, 3) << call << " " << n << ": " << ran.error;
      EXPECT_THAT(ran.error, HasSubstr(": Input/output error"));
      expect_survives(ran);
    }
    EXPECT_GT(survived_at, 3) << call;
  }
}

TEST_F(PoisonTest, AnErrorOrShortCountOfAnyWritePoisons) {
  if (!strace_works()) {
    std::printf("SKIPPED: strace cannot trace here\n");
    GTEST_SKIP();
  }
  for (const std::string how : {"error=ENOSPC", "error=EIO", "retval=100"})
    for (const int n : {1, 3, 7, 20, 41}) {
      fs::remove_all(dir());
      const auto ran = drive({"pwrite64:" + how + ":when=" + std::to_string(n)});
      ASSERT_EQ(ran.status, 3) << how << " " << n << ": " << ran.error;
      expect_survives(ran);
    }
}

TEST_F(PoisonTest, AnInterruptedWriteIsNoError) {
  if (!strace_works()) {
    std::printf("SKIPPED: strace cannot trace here\n");
    GTEST_SKIP();
  }
  EXPECT_EQ(drive({"pwrite64:error=EINTR:when=5"}).status, 0);
}

TEST_F(PoisonTest, KilledAtAnyWriteOrSyncLosesNothingAcknowledged) {
  if (!strace_works()) {
    std::printf("SKIPPED: strace cannot trace here\n");
    GTEST_SKIP();
  }
  for (const std::string call : {"pwrite64", "fdatasync", "fsync", "rename"})
    for (const int n : {1, 2, 5, 23}) {
      fs::remove_all(dir());
      const auto ran = drive({call + ":signal=KILL:when=" + std::to_string(n)});
      if (ran.status == 0) continue;  // fewer such calls than n
      EXPECT_NE(ran.status, 3) << ran.error;
      expect_survives(ran);
    }
}

}  // namespace
}  // namespace aeromq::audit
