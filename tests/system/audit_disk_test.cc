// A full audit disk refuses in an order, says so, and what was dispatched is recorded (G9). Needs
// the right to mount a small file system; without it the suite is skipped and says so.
#include <sys/mount.h>

#include <fstream>

#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::HasSubstr;

class AuditDisk : public SystemTest {
 protected:
  static void SetUpTestSuite() {
    chaos::StackOptions options;
    options.settings = {{"segment_bytes", "65536"}, {"stale_after_ms", "1500"}};
    options.prepare = [](const std::filesystem::path& dir) {
      // The log of the first start stays behind on the other file system, with what it remembers.
      std::filesystem::remove_all(dir / "audit");
      std::filesystem::create_directory(dir / "audit");
      std::filesystem::permissions(dir / "audit", std::filesystem::perms::owner_all);
      std::filesystem::remove(dir / "run" / "audit.watermark");
      mounted_ = ::mount("none", (dir / "audit").c_str(), "tmpfs", 0, "size=1m,mode=700") == 0;
      dir_ = dir;
    };
    start_stack(options);
  }
  static void TearDownTestSuite() {
    if (mounted_) ::umount2((dir_ / "audit").c_str(), MNT_DETACH);
    SystemTest::TearDownTestSuite();
  }

  static void fill() {
    std::ofstream filler(dir_ / "audit" / "filler", std::ios::binary);
    const std::string piece(4096, 'x');
    while (filler.write(piece.data(), 4096) && filler.flush()) continue;
  }

  static inline bool mounted_ = false;
  static inline std::filesystem::path dir_;
};

// Observers first, then new mutations with ordinary looks; the question what became of a request is
// answered, no process ends, and everything goes on by itself when there is room again.
TEST_F(AuditDisk, FullInItsOrderAndCured) {
  if (!mounted_) GTEST_SKIP() << "SKIPPED: no right to mount a tmpfs";
  auto done = ask("operator", legal());
  ASSERT_NE(done.request, "");
  ASSERT_EQ(done.yes().exit_code, 0);
  const auto writer = stack().pid_of("aeromq-audit-writer");
  ASSERT_TRUE(poll_until(kSoonMs, [] {
    return std::filesystem::exists(dir_ / "audit" / "log" / "next.tmp");
  })) << "no reserve";
  fill();
  const auto refused = [](const char* who, const Words& words) {
    const auto told = ctl(who, words);
    return told.exit_code == 10 && told.err.find("AUDIT_UNAVAILABLE") != std::string::npos
               ? told.err
               : std::string{};
  };
  std::string told;
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    told = refused("observer", {"inspect", "cluster"});
    return !told.empty();
  })) << "observers are refused first";
  EXPECT_THAT(told, HasSubstr((dir_ / "audit").string() + " is nearly full"));
  EXPECT_EQ(ctl("operator", {"inspect", "cluster"}).exit_code, 0) << "operators are served";
  // Until the reserve is begun.
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    told = refused("operator", {"inspect", "cluster"});
    return !told.empty();
  })) << "the reserve is for more than looks";
  EXPECT_THAT(told, HasSubstr("the disk of " + (dir_ / "audit").string() + " is full"));
  const auto ledger = stack().ledger();
  for (const Words& words :
       {Words{"inspect", "node", "a"}, Words{"inspect", "promotion"}, Words{"diag", "wal"},
        Words{"demote", "a", "--reason", "x", "--two-step"},
        Words{"promote", "b", "--reason", "x", "--two-step"}, Words{"audit", "tail"}})
    EXPECT_NE(refused(words[0] == "audit" ? "auditor" : "operator", words), "") << words[0];
  EXPECT_EQ(stack().ledger(), ledger);
  EXPECT_EQ(ctl("operator", {"outcome", done.request}).exit_code, 0);
  EXPECT_EQ(ctl("observer", {"outcome", done.request}).exit_code, 0);
  EXPECT_EQ(ctl("operator", {"status"}).exit_code, 0);
  EXPECT_EQ(stack().pid_of("aeromq-audit-writer"), writer) << "a full disk ends nobody";
  std::filesystem::remove(dir_ / "audit" / "filler");
  ASSERT_TRUE(poll_until(kSoonMs, [] {
    return ctl("observer", {"inspect", "cluster"}).exit_code == 0;
  }));
  EXPECT_EQ(stack().pid_of("aeromq-audit-writer"), writer);
  std::string log;  // it is counted at the writer's next tick
  EXPECT_TRUE(poll_until(kSoonMs, [&] {
    log = stack().read_log({"query", "--stage", "control_plane"}).out;
    return log.find("were turned away unrecorded") != std::string::npos;
  })) << log;
  stack().stop();
  const auto verified = stack().read_log({"verify"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  ASSERT_NO_THROW(stack().start());
}

}  // namespace
}  // namespace aeromq::system_tests
