// aeromq-kernel as a person or a script runs it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "process/clock.h"
#include "tests/kernel/fixtures.h"
#include "tests/kernel/kernel_process.h"

namespace aeromq::kernel {
namespace {

using nlohmann::json;

TEST(KernelVerbs, ANodeReportsAndAsksItsRole) {
  KernelProcess kernel;
  kernel.start();
  const auto role = [&](const std::string& node) {
    return kernel.verb({"role", "--node-file", kernel.node_file(node)});
  };
  EXPECT_EQ(role("a").code, 0);
  EXPECT_EQ(role("a").out, "primary 1\n");
  EXPECT_EQ(role("b").code, 10);
  EXPECT_EQ(
      kernel
          .verb({"report", "--node-file", kernel.node_file("a"), "--role", "primary", "--state",
                 "running", "--timeline", "1", "--position", "4096", "--host", "db1:5432"})
          .code,
      0);
  const auto shown =
      json::parse(kernel.verb({"show", "--config", kernel.config(), "-o", "json"}).out);
  EXPECT_EQ(shown["running"], true);
  EXPECT_EQ(shown["nodes"][0]["host"], "db1:5432");
  EXPECT_EQ(shown["nodes"][1]["host"], "host-b");
  EXPECT_EQ(shown["acknowledged"], "0/1000");
  kernel.kill();
  EXPECT_EQ(role("a").code, 30);
}

TEST(KernelVerbs, AStrangersKeySpeaksForNobody) {
  KernelProcess kernel;
  kernel.start();
  auto settings = process::read_node_settings(kernel.node_file("a"));
  ASSERT_TRUE(settings);
  settings->curve.own = transport::make_key_pair();
  auto link = NodeLink::connect(*settings, 1000);
  EXPECT_FALSE(link);
}

TEST(KernelVerbs, ShowReadsADeadKernelsFile) {
  KernelProcess kernel;
  kernel.start();
  kernel.settle_all();
  kernel.kill();
  const auto shown =
      json::parse(kernel.verb({"show", "--config", kernel.config(), "-o", "json"}).out);
  EXPECT_EQ(shown["running"], false);
  EXPECT_EQ(shown["holder"], "a");
  EXPECT_EQ(shown["nodes"][0]["stale"], true);
}

TEST(KernelVerbs, FenceEndsAnEpoch) {
  KernelProcess kernel;
  kernel.start();
  auto link = EmbeddedLink::open(kernel.socket(), 1);
  ASSERT_TRUE(link);
  EXPECT_EQ(
      kernel.verb({"fence", "1", "--reason", "host is gone", "--config", kernel.config()}).code, 0);
  const auto id = id_of(link->opened(), 0xFFFFFFFF, 1);
  const auto answer = link->ask(act_call(act_of(id, Action::demote, "a", 1)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->act.code, "STALE_EPOCH");
  EXPECT_NE(kernel.verb({"fence", "1", "--config", kernel.config()}).code, 0);
  EXPECT_EQ(kernel.verb({"fence", "0", "--reason", "x", "--config", kernel.config()}).code, 2);
}

TEST(KernelVerbs, APersonLowersWhatAReportRaised) {
  KernelProcess kernel;
  kernel.start();
  const auto report = [&](const std::string& position) {
    return kernel
        .verb({"report", "--node-file", kernel.node_file("a"), "--role", "primary", "--state",
               "running", "--timeline", "1", "--position", position})
        .code;
  };
  const auto lower = [&](const std::string& to, const std::string& reason) {
    return kernel
        .verb({"lower-acknowledged", "--to", to, "--reason", reason, "--config", kernel.config()})
        .code;
  };
  EXPECT_EQ(report("4096"), 0);
  EXPECT_EQ(report("18446744073709551615"), 2) << "refused";
  EXPECT_EQ(report("8192"), 0);
  EXPECT_EQ(lower("4096", "it never was there"), 2) << "a is heard above it";
  EXPECT_EQ(report("4096"), 0) << "a node may go back; what it told of stays";
  EXPECT_EQ(lower("0/1000", ""), 2);
  EXPECT_EQ(lower("0/1000", " "), 2) << "a reason that shows as nothing";
  EXPECT_EQ(lower("0x1000", "hexadecimal needs its form"), 2);
  EXPECT_EQ(lower("0/1000", "it never was there"), 0);
  EXPECT_EQ(lower("0/1000", "again"), 2);
  kernel.kill();
  EXPECT_EQ(lower("0", "nobody is there"), 30);
  const auto store = Store::open(kernel.register_file(), Store::Mode::read_only);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->load().acknowledged, 4096U);
  const auto rows = store->lowerings();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_GT(rows[0].wall_ms, 0U);
  const LoweringRow wanted{"a", 8192, 4096, ::geteuid(), "it never was there", rows[0].wall_ms};
  EXPECT_EQ(rows[0], wanted);
}

// Another process of this user may connect; it acts only in the place of a dispatcher that the
// settings name, whose epoch that ends.
TEST(KernelVerbs, OnlyTheSettingsDispatchersAct) {
  KernelProcess kernel;
  kernel.start();
  auto stranger = EmbeddedLink::open(kernel.socket(), 200);
  ASSERT_TRUE(stranger);
  const auto lease_end_s = static_cast<std::uint32_t>(stranger->opened().kernel_ms / 1000 + 60);
  const auto id = id_of(stranger->opened(), lease_end_s, 1);
  const auto answer = stranger->ask(act_call(act_of(id, Action::demote, "a", 1)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->act.code, "DISPATCHER_NOT_ADMITTED");
  EXPECT_EQ(stranger->ask({})->snapshot.holder, "a");
}

TEST(KernelVerbs, OneKernelOnOneRegister) {
  KernelProcess kernel;
  kernel.start();
  EXPECT_EQ(kernel.verb({"serve", "--config", kernel.config()}).code, 1);
  EXPECT_NE(kernel.verb({"renew-history", "--config", kernel.config()}).code, 0);
  kernel.kill();
  EXPECT_EQ(kernel.verb({"renew-history", "--config", kernel.config()}).code, 0);
}

TEST(KernelVerbs, ARegisterThatIsGoneIsMadeAnewByAPersonAlone) {
  KernelProcess kernel;
  kernel.start();
  kernel.kill();
  for (const auto* part : {"", "-wal", "-shm"})
    std::filesystem::remove(kernel.register_file() + part);
  const auto refused = kernel.verb({"serve", "--config", kernel.config()});
  EXPECT_NE(refused.code, 0);
  EXPECT_FALSE(std::filesystem::exists(kernel.register_file()));
  const auto begin = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"begin", "--config", kernel.config()});
    return kernel.verb(more).code;
  };
  EXPECT_EQ(begin({"--reason", "the disk is gone"}), 2) << "who holds authority is not guessed";
  EXPECT_EQ(begin({"--reason", "the disk is gone", "--holder", "z"}), 2);
  EXPECT_EQ(begin({"--reason", "", "--holder", "b"}), 2);
  EXPECT_FALSE(std::filesystem::exists(kernel.register_file()));
  EXPECT_EQ(begin({"--reason", "the disk is gone", "--holder", "b", "--least-fencing-epoch", "9"}),
            0);
  EXPECT_EQ(begin({"--reason", "again", "--holder", "b"}), 2) << "one is there";
  kernel.start();
  const auto seen = EmbeddedLink::look(kernel.socket())->ask({});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->snapshot.holder, "b");
  EXPECT_EQ(seen->snapshot.fencing_epoch, 9U);
}

TEST(KernelVerbs, InputIsChecked) {
  KernelProcess kernel;
  EXPECT_EQ(kernel.verb({"outcome", "9C41", "--config", kernel.config()}).code, 2);
  EXPECT_EQ(kernel.verb({"show", "--config", "/nowhere.toml"}).code, 2);
  EXPECT_EQ(kernel.verb({"show", "--config", kernel.config()}).code, 30);
  EXPECT_EQ(kernel.verb({"dance"}).code, 2);
  EXPECT_EQ(kernel.verb({"--version"}).code, 0);
}

TEST(KernelVerbs, TheSocketHasTheModeOfOurUidAlone) {
  KernelProcess kernel;
  kernel.start();
  struct stat found {};
  ASSERT_EQ(::stat(kernel.socket().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(KernelLink, ABrokenLinkIsDeadForEver) {
  KernelProcess kernel;
  kernel.start();
  auto link = EmbeddedLink::open(kernel.socket(), 1);
  ASSERT_TRUE(link);
  EXPECT_TRUE(link->alive());
  kernel.kill();
  EXPECT_FALSE(link->alive());
  kernel.start();
  EXPECT_FALSE(link->alive());
  EXPECT_FALSE(link->send({}));
  EXPECT_FALSE(EmbeddedLink::open(kernel.socket() + "x", 1));
}

TEST(KernelLink, ManyQuestionsMayBeInFlight) {
  KernelProcess kernel;
  kernel.start();
  auto link = EmbeddedLink::open(kernel.socket(), 1);
  ASSERT_TRUE(link);
  constexpr std::uint64_t kMany = 64;
  for (std::uint64_t i = 1; i <= kMany; ++i) {
    KernelCall call;
    call.id = i;
    ASSERT_TRUE(link->send(call));
  }
  std::uint64_t got = 0;
  const auto deadline = process::now().boot_ns + 20'000 * kNanosPerMs;
  while (got < kMany && process::now().boot_ns < deadline)
    while (const auto answer = link->receive()) EXPECT_EQ(answer->id, ++got);
  EXPECT_EQ(got, kMany);
}

}  // namespace
}  // namespace aeromq::kernel
