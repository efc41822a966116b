// Files, locks, clock, randomness, signals, readiness.
#include "process/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "process/clock.h"
#include "process/entropy.h"
#include "process/lock_file.h"
#include "process/private_memory.h"
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

TEST(Files, WhatOthersMayWriteIsRefused) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "settings", "text"));
  for (const mode_t loose : {0620, 0602, 0666, 0664}) {
    ::chmod((folder / "settings").c_str(), loose);
    const auto read = read_file(folder / "settings");
    ASSERT_FALSE(read) << loose;
    EXPECT_NE(read.error().message.find("chmod go-w"), std::string::npos) << read.error().message;
  }
  ::chmod((folder / "settings").c_str(), 0644);
  EXPECT_TRUE(read_file(folder / "settings")) << "to be read is no secret";
}

// As root alone: only root can give files away.
TEST(Files, WhatBelongsToAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP();
  constexpr uid_t kNobody = 65534;
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "settings", "text"));
  ASSERT_EQ(::chown((folder / "settings").c_str(), kNobody, 0), 0);
  const auto read = read_file(folder / "settings");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("belongs to user 65534"), std::string::npos);
  EXPECT_FALSE(read_secret_file(folder / "settings"));
  EXPECT_TRUE(read_file(folder / "settings", kMaxSettingsFile, Owner::ours_or_any));
  ASSERT_TRUE(make_private_folder(folder / "made"));
  EXPECT_TRUE(check_folder(folder / "made", Links::refused));
  ASSERT_EQ(::chown((folder / "made").c_str(), kNobody, 0), 0);
  EXPECT_FALSE(check_folder(folder / "made", Links::refused));
  EXPECT_FALSE(make_private_folder(folder / "made"));
}

TEST(Files, LinksAndPipesAreJudgedByWhatTheyOpen) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "client", "secret"));
  std::filesystem::create_symlink(folder / "client", folder / "link");
  EXPECT_EQ(*read_secret_file(folder / "link"), "secret");
  ::chmod((folder / "client").c_str(), 0644);
  EXPECT_FALSE(read_secret_file(folder / "link"));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  ::close(ends[1]);
  EXPECT_EQ(*read_secret_file("/dev/fd/" + std::to_string(ends[0])), "piped");
  ::close(ends[0]);
  EXPECT_FALSE(read_file("/dev/zero"));
}

TEST(Files, AFolderOfOursIsNoLinkAndNobodyElseWritesIntoIt) {
  const ScratchFolder folder;
  const auto made = folder / "made";
  ASSERT_TRUE(make_private_folder(made));
  ASSERT_TRUE(make_private_folder(made));
  const auto elsewhere = folder / "elsewhere";
  ASSERT_TRUE(std::filesystem::create_directory(elsewhere));
  ::chmod(elsewhere.c_str(), 0755);
  std::filesystem::create_directory_symlink(elsewhere, folder / "link");
  const auto refused = make_private_folder(folder / "link");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("symbolic link"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(::stat(elsewhere.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0755U) << "the folder elsewhere is as it was";
  EXPECT_TRUE(check_folder(folder / "link", Links::followed));
  EXPECT_FALSE(check_folder(folder / "link", Links::refused));
  ::chmod(elsewhere.c_str(), 0775);
  EXPECT_FALSE(check_folder(elsewhere, Links::refused));
}

// In a child: it stays so.
TEST(PrivateMemory, NoCoreAndNoOtherProcessOfThisUser) {
  const auto child = ::fork();
  if (child == 0) {
    keep_memory_private();
    ::_exit(::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
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
