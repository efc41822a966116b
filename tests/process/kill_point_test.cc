// Kill points, in a process of their own.
#include "process/kill_point.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <regex>
#include <sstream>

#include "tests/support/scratch_folder.h"

namespace aeromq::process {
namespace {

using test::ScratchFolder;

TEST(KillPoint, AnArmingIsThreeWords) {
  Arming arming;
  ASSERT_TRUE(parse_arming("gate.submit.received 2 stop\n", arming));
  EXPECT_EQ(arming, (Arming{"gate.submit.received", 2, KillAction::stop}));
  for (const char* wrong : {"", "a", "a 1", "a 0 kill", "a x kill", "a 1 maim", "a 1 kill more"})
    EXPECT_FALSE(parse_arming(wrong, arming)) << wrong;
}

struct Ran {
  std::string output;
  int status = 0;
};

Ran run(const std::string& environment, const std::string& arguments = "") {
  const auto command = environment + " exec " KILL_TARGET " " + arguments;
  FILE* pipe = ::popen(command.c_str(), "r");
  Ran ran;
  char text[256];
  while (::fgets(text, sizeof text, pipe) != nullptr) ran.output += text;
  ran.status = ::pclose(pipe);
  return ran;
}

TEST(KillPoint, TheProgramItselfListsItsPoints) {
  const auto ran = run("", "--list-kill-points");
  EXPECT_EQ(ran.status, 0);
#ifdef AEROMQ_CHAOS
  EXPECT_EQ(ran.output, "t.a.hit\nt.b.hit\n");
#else
  EXPECT_EQ(ran.output, "");
#endif
}

#ifdef AEROMQ_CHAOS
TEST(KillPoint, TheNthHitKillsAndTheFileIsGone) {
  const ScratchFolder folder;
  const auto file = folder.put("kill", "t.a.hit 2 kill");
  const auto ran = run("AEROMQ_KILL_FILE=" + file);
  EXPECT_EQ(ran.output, "a\n");
  ASSERT_TRUE(WIFSIGNALED(ran.status));
  EXPECT_EQ(WTERMSIG(ran.status), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(KillPoint, ExitLeavesWithItsOwnCode) {
  const ScratchFolder folder;
  const auto ran = run("AEROMQ_KILL_FILE=" + folder.put("kill", "t.b.hit 1 exit"));
  EXPECT_EQ(ran.output, "a\na\na\n");
  ASSERT_TRUE(WIFEXITED(ran.status));
  EXPECT_EQ(WEXITSTATUS(ran.status), 99);
}

TEST(KillPoint, WithoutTheFileOrBelowTheCountNothingHappens) {
  const ScratchFolder folder;
  EXPECT_EQ(run("AEROMQ_KILL_FILE=" + folder / "none").output, "a\na\na\nb\n");
  const auto file = folder.put("kill", "t.a.hit 4 kill");
  EXPECT_EQ(run("AEROMQ_KILL_FILE=" + file).output, "a\na\na\nb\n");
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(KillPoint, EveryHitLeavesALineInTheTrace) {
  const ScratchFolder folder;
  run("AEROMQ_KILL_TRACE=" + folder / "trace");
  std::ostringstream text;
  text << std::ifstream(folder / "trace").rdbuf();
  const std::string head = "[1-9][0-9]* [1-9][0-9]* ";  // boot clock, process
  EXPECT_TRUE(std::regex_match(text.str(), std::regex("(" + head + "t.a.hit\n){3}" + head +
                                                      "t.b.hit\n")))
      << text.str();
}

TEST(KillPointDeathTest, AnUnregisteredNameAborts) {
  EXPECT_DEATH(kill_point("nobody.knows.me"), "is not registered");
}
#endif

}  // namespace
}  // namespace aeromq::process
