// `aeromq up` with sh scripts as its processes: order, restarts, refusals, and a clean stop.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"

namespace aeromq {
namespace {

using test::Child;
using test::eventually;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

// Writes a line per event to trace, says ready unless told to be mute, ends with the code in
// die.NAME if that appears, and ignores SIGTERM if there is a file stubborn.NAME.
constexpr const char* kScript = R"(#!/bin/sh
name=$(basename "$0"); name=${name#aeromq-}
[ "$1" = reporter ] && name=reporter
top=$(dirname "$0")/..
echo "start $name $$" >> "$top/trace"
[ -e "$top/stubborn.$name" ] || trap 'echo "term $name" >> "$top/trace"; exit 0' TERM
[ -e "$top/stubborn.$name" ] && trap '' TERM
echo "hello from $name with $*"
[ -e "$top/mute.$name" ] || printf 1 > "/proc/self/fd/$AEROMQ_READY_FD"
while [ ! -e "$top/die.$name" ]; do sleep 0.02; done
code=$(cat "$top/die.$name"); rm -f "$top/die.$name"; exit "$code"
)";

class Up : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "bin");
    for (const char* name : {"kernel", "broker", "door", "feed", "audit-writer", "audit-reader",
                             "authority-gate", "explainer", "confirmation-keeper", "dispatcher"}) {
      const auto path = scratch_.put("bin/aeromq-" + std::string(name), kScript);
      ::chmod(path.c_str(), 0700);
    }
  }
  void TearDown() override {
    // Whatever happened, no child outlives its supervisor.
    up_.reset();
    EXPECT_TRUE(eventually([&] { return std::ranges::none_of(pids(), alive); }));
  }
  /// A zombie is dead, whether or not somebody reaps it.
  static bool alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    return file >> number >> name >> state && state != "Z";
  }

  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{AEROMQ,    "up",  "--dir",     scratch_ / "d",
                                   "--nodes", "a,b", "--bin-dir", scratch_ / "bin"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void start(const std::vector<std::string>& more = {}) {
    up_.emplace(command(more), Child::Errors::with_output);
  }
  /// Reads its output up to a line that holds `text`.
  bool says(const std::string& text) {
    while (const auto line = up_->line()) {
      said_ += *line + "\n";
      if (line->find(text) != std::string::npos) return true;
    }
    ADD_FAILURE() << "never said " << text << ", but:\n" << said_;
    return false;
  }
  /// Runs another `aeromq up`; its exit code and all that it says.
  std::pair<int, std::string> refused(const std::vector<std::string>& words) const {
    Child other(words, Child::Errors::with_output);
    std::string text;
    while (const auto line = other.line()) text += *line + "\n";
    const auto status = other.end();
    return {status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1, text};
  }
  /// Names after `event` in the trace, in order.
  std::vector<std::string> traced(const std::string& event) const {
    std::ifstream file(scratch_ / "trace");
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string what;
      std::string name;
      words >> what >> name;
      if (what == event) names.push_back(name);
    }
    return names;
  }
  std::vector<pid_t> pids() const {
    std::ifstream file(scratch_ / "trace");
    std::vector<pid_t> all;
    for (std::string what, name, line; std::getline(file, line);) {
      std::istringstream words(line);
      pid_t pid = 0;
      if (words >> what >> name >> pid) all.push_back(pid);
    }
    return all;
  }
  void kill(const std::string& name) const {
    std::ifstream file(scratch_ / "trace");
    pid_t last = 0;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string what;
      std::string who;
      pid_t pid = 0;
      if (words >> what >> who >> pid && who == name) last = pid;
    }
    ASSERT_GT(last, 0);
    ::kill(last, SIGKILL);
  }

  test::ScratchFolder scratch_;
  std::optional<Child> up_;
  std::string said_;
};

TEST_F(Up, StartsInOrderSaysWhereToConnectAndStopsWithTheKernelLast) {
  start();
  ASSERT_TRUE(says("ready"));
  EXPECT_THAT(said_, HasSubstr("endpoint  ipc://" + scratch_ / "d/run/clients.ipc"));
  for (const std::string who : {"operator", "observer", "auditor"})
    EXPECT_THAT(said_, HasSubstr(scratch_ / "d/clients/" + who + ".toml"));
  auto started = traced("start");
  ASSERT_EQ(started.size(), 12U);
  EXPECT_EQ(started[0], "kernel");
  EXPECT_EQ(started[1], "broker");
  EXPECT_EQ(started[2], "door");
  EXPECT_EQ(started[3], "audit-writer");
  EXPECT_EQ(std::ranges::count(started, "reporter"), 2);
  up_->signal(SIGTERM);
  ASSERT_TRUE(says("stopped"));
  const auto status = up_->end();
  ASSERT_TRUE(status && WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 0);
  const auto ended = traced("term");
  ASSERT_EQ(ended.size(), 12U);
  EXPECT_EQ(ended[8], "audit-writer");
  EXPECT_EQ(ended[9], "door");
  EXPECT_EQ(ended[10], "broker");
  EXPECT_EQ(ended[11], "kernel");
  std::ostringstream log;
  log << std::ifstream(scratch_ / "d/log/reporter-b.log").rdbuf();
  EXPECT_EQ(log.str(), "hello from reporter with reporter --config " + scratch_ / "d/aeromq.toml" +
                           " --node-file " + scratch_ / "d/nodes/b.toml\n");
}

TEST_F(Up, SecondStartWorksAndOtherNodesAreRefusedByName) {
  start();
  ASSERT_TRUE(says("ready"));
  up_->stop(SIGINT);
  start();
  ASSERT_TRUE(says("using "));
  ASSERT_TRUE(says("ready"));
  up_->stop(SIGINT);
  const auto [code, text] = refused(
      {AEROMQ, "up", "--dir", scratch_ / "d", "--nodes", "a,b,c", "--bin-dir", scratch_ / "bin"});
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("was made with --nodes a,b"));
}

// The scripts make no register: as a directory whose register is gone, once it has a log.
TEST_F(Up, ARegisterThatIsGoneStopsTheStartAndIsNamed) {
  start();
  ASSERT_TRUE(says("ready"));
  up_->stop(SIGINT);
  fs::create_directories(scratch_ / "d/audit/log");
  std::ofstream(scratch_ / "d/audit/log/00000001-00000000000000000001.seg") << "octets";
  const auto [code, text] = refused(command());
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr(scratch_ / "d/kernel/register.sqlite"));
  EXPECT_THAT(text, HasSubstr("the register is gone"));
  EXPECT_THAT(text, HasSubstr("aeromq-kernel begin --config " + (scratch_ / "d/aeromq.toml") +
                              " --reason TEXT --holder NODE"));
  EXPECT_FALSE(fs::exists(scratch_ / "d/kernel/register.sqlite"));
  std::ofstream(scratch_ / "d/kernel/register.sqlite") << "a register";
  start();
  ASSERT_TRUE(says("ready"));
  up_->stop(SIGINT);
}

TEST_F(Up, WhatDiesIsStartedAgainAndTheReasonIsSaid) {
  start();
  ASSERT_TRUE(says("ready"));
  kill("broker");
  ASSERT_TRUE(says("ended: killed by SIGKILL; starting it again in 100 ms"));
  ASSERT_TRUE(says("broker is ready again"));
  scratch_.put("die.explainer", "3");
  ASSERT_TRUE(says("ended: exit code 3; starting it again in 100 ms"));
  ASSERT_TRUE(says("explainer is ready again"));
  scratch_.put("die.explainer", "3");
  ASSERT_TRUE(says("ended: exit code 3; starting it again in 200 ms"));
  ASSERT_TRUE(says("explainer is ready again"));
}

TEST_F(Up, APoisonedWriterAndAFencedDispatcherStayDead) {
  start();
  ASSERT_TRUE(says("ready"));
  scratch_.put("die.audit-writer", "70");
  ASSERT_TRUE(says("exit code 70: it could not write the audit log"));
  scratch_.put("die.dispatcher", "71");
  ASSERT_TRUE(says("exit code 71: another dispatcher"));
  kill("explainer");  // a whole restart later they are still dead
  ASSERT_TRUE(says("explainer is ready again"));
  EXPECT_EQ(std::ranges::count(traced("start"), "audit-writer"), 1);
  EXPECT_EQ(std::ranges::count(traced("start"), "dispatcher"), 1);
}

TEST_F(Up, WithNoRestartTheDeadStayDead) {
  start({"--no-restart"});
  ASSERT_TRUE(says("ready"));
  kill("authority-gate");
  ASSERT_TRUE(says("killed by SIGKILL; left dead (--no-restart)"));
  up_->signal(SIGTERM);
  ASSERT_TRUE(says("stopped"));
  EXPECT_EQ(std::ranges::count(traced("start"), "authority-gate"), 1);
}

TEST_F(Up, ASecondInstanceABusySocketAndAMissingProgramAreRefusedByName) {
  start();
  ASSERT_TRUE(says("ready"));
  const auto [second, why] = refused(command());
  EXPECT_EQ(second, 2);
  EXPECT_THAT(why, HasSubstr("held by another process, pid " + std::to_string(up_->pid())));
  up_->stop(SIGTERM);

  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
  const auto endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto [busy, in_use] = refused(
      {AEROMQ, "up", "--dir", scratch_ / "e", "--bin-dir", scratch_ / "bin", "--listen", endpoint});
  ::close(taken);
  EXPECT_EQ(busy, 2);
  EXPECT_THAT(in_use, HasSubstr("in use: " + endpoint));

  const auto [too_long, path] = refused(
      {AEROMQ, "up", "--dir", scratch_ / std::string(99, 'x'), "--bin-dir", scratch_ / "bin"});
  EXPECT_EQ(too_long, 2);
  EXPECT_THAT(path, HasSubstr("octets long, the system allows 107"));

  fs::remove(scratch_ / "bin/aeromq-explainer");
  const auto [missing, name] = refused(command());
  EXPECT_EQ(missing, 2);
  EXPECT_THAT(name, HasSubstr("aeromq-explainer is missing"));
}

TEST_F(Up, WhatEndsBeforeItIsReadyForGoodStopsTheStart) {
  scratch_.put("mute.dispatcher", "");
  scratch_.put("die.dispatcher", "71");
  start();
  ASSERT_TRUE(says("exit code 71: another dispatcher"));
  ASSERT_TRUE(
      says("not ready: dispatcher, exit code 71; see " + scratch_ / "d/log/dispatcher.log"));
  ASSERT_TRUE(says("stopped"));
  const auto status = up_->end();
  ASSERT_TRUE(status && WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 1);
}

TEST_F(Up, WhatIgnoresSigtermIsKilledInTime) {
  scratch_.put("stubborn.kernel", "");
  start();
  ASSERT_TRUE(says("ready"));
  const auto begin = std::chrono::steady_clock::now();
  up_->signal(SIGTERM);
  up_->signal(SIGTERM);
  EXPECT_FALSE(up_->line(0) == "stopped");
  std::optional<std::string> line;
  while ((line = up_->line(7000)) && line != "stopped") said_ += *line + "\n";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(7));
  EXPECT_THAT(said_, HasSubstr("did not stop; killed"));
}

TEST_F(Up, NothingSurvivesASupervisorThatIsKilled) {
  start();
  ASSERT_TRUE(says("ready"));
  up_->stop(SIGKILL);
  EXPECT_TRUE(eventually([&] { return std::ranges::none_of(pids(), alive); }));
  start();  // and the directory is free again
  EXPECT_TRUE(says("ready"));
}

TEST_F(Up, CtrlCDuringTheStartStopsToo) {
  scratch_.put("mute.broker", "");
  start();
  ASSERT_TRUE(says("started broker"));
  up_->signal(SIGINT);
  ASSERT_TRUE(says("stopped"));
  const auto status = up_->end();
  ASSERT_TRUE(status && WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 0);
}

}  // namespace
}  // namespace aeromq
