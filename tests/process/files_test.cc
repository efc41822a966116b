// Files, locks, clock, randomness, signals, readiness.
#include "process/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "process/clock.h"
#include "process/entropy.h"
#include "process/lock_file.h"
#include "process/ready.h"
#include "process/signals.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::process {
namespace {

using test::ScratchFolder;

TEST(Files, AreWrittenWholeWithMode0600AndReplaced) {
  const ScratchFolder folder;
  const auto path = folder / "a";
  for (const std::string text : {"first and longer", "second"}) {
    ASSERT_TRUE(write_file(path, text));
    EXPECT_EQ(*read_file(path), text);
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, FaultsNameTheFile) {
  const ScratchFolder folder;
  EXPECT_NE(write_file(folder / "no/a", "").error().message.find("no/a"), std::string::npos);
  EXPECT_NE(read_file(folder / "none").error().message.find("none"), std::string::npos);
  EXPECT_FALSE(read_file(folder.path()));
  ASSERT_TRUE(write_file(folder / "long", std::string(100, 'x')));
  EXPECT_FALSE(read_file(folder / "long", 99));
  EXPECT_TRUE(read_file(folder / "long", 100));
}

TEST(Files, ASecretThatOthersMayReadIsRefused) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "key", "secret"));
  EXPECT_TRUE(read_secret_file(folder / "key"));
  ::chmod((folder / "key").c_str(), 0640);
  const auto read = read_secret_file(folder / "key");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("chmod 0600"), std::string::npos);
}

TEST(LockFile, IsHeldByOneAtATimeAndNamesItsHolder) {
  const ScratchFolder folder;
  {
    const auto lock = LockFile::take(folder / "l");
    ASSERT_TRUE(lock);
    const auto second = LockFile::take(folder / "l");
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_TRUE(LockFile::take(folder / "l"));
  EXPECT_FALSE(LockFile::take(folder / "no/l"));
}

TEST(Clock, GrowsAndKnowsTheYear) {
  const auto first = now();
  const auto second = now();
  EXPECT_GE(second.boot_ns, first.boot_ns);
  EXPECT_GT(first.boot_ns, 0U);
  EXPECT_GT(first.wall_ns, 1'600'000'000ULL * 1'000'000'000ULL);
}

TEST(Entropy, IdsAreFreshAndNeverEmpty) {
  std::set<Token> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(fresh<Token>());
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_FALSE(seen.contains(Token{}));
}

TEST(Ready, WritesOneByteOnceAndForgets) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::setenv("AEROMQ_READY_FD", std::to_string(ends[1]).c_str(), 1);
  tell_ready();
  tell_ready();
  char text[8];
  EXPECT_EQ(::read(ends[0], text, sizeof text), 1);
  EXPECT_EQ(text[0], '1');
  EXPECT_EQ(::read(ends[0], text, sizeof text), 0);  // closed: the end of the pipe
  ::close(ends[0]);
  for (const char* wrong : {"", "x", "3x", "-1", "1"}) {
    ::setenv("AEROMQ_READY_FD", wrong, 1);
    tell_ready();
  }
}

// In a child, so that this process keeps its signals.
TEST(StopSignal, TurnsTermIntoAReadableDescriptor) {
  const auto child = ::fork();
  if (child == 0) {
    StopSignal stop;
    if (stop.next()) ::_exit(1);
    ::kill(::getpid(), SIGTERM);
    ::kill(::getpid(), SIGPIPE);
    ::kill(::getpid(), SIGXFSZ);
    pollfd item{stop.fd(), POLLIN, 0};
    if (::poll(&item, 1, 5000) != 1) ::_exit(2);
    ::_exit(stop.next() == SIGTERM && !stop.next() ? 0 : 3);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace aeromq::process
