// A full audit disk stops the control plane, says so, and a person puts it right (G9). Needs the
// right to mount a small file system; without it the suite is skipped and says so.
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

TEST_F(AuditDisk, FullThenCured) {
  if (!mounted_) GTEST_SKIP() << "SKIPPED: no right to mount a tmpfs";
  auto done = ask("operator", legal());
  ASSERT_NE(done.request, "");
  ASSERT_EQ(done.yes().exit_code, 0);
  fill();
  // The segment that is open still takes records; the next one does not fit.
  Ended last;
  ASSERT_TRUE(poll_until(kSoonMs, [&] {
    last = ctl("observer", {"inspect", "cluster"});
    return last.exit_code != 0;
  })) << "the disk did not fill";
  EXPECT_THAT(last.exit_code, ::testing::AnyOf(10, 30, 31)) << last.err;
  ASSERT_TRUE(stack().says("it could not write the audit log", kSoonMs));
  const auto ledger = stack().ledger();
  for (const Words& words :
       {Words{"inspect", "cluster"}, Words{"inspect", "node", "a"}, Words{"inspect", "replication"},
        Words{"inspect", "promotion"}, Words{"diag", "wal"}, Words{"diag", "snapshots"},
        Words{"diag", "diagnostics", "--two-step"},
        Words{"demote", "a", "--reason", "x", "--two-step"},
        Words{"promote", "b", "--reason", "x", "--two-step"},
        Words{"force-promote", "b", "--reason", "x", "--two-step"}, Words{"audit", "tail"}}) {
    const auto refused = ctl(words[0] == "audit" ? "auditor" : "operator", words);
    EXPECT_EQ(refused.exit_code, 10) << words[0] << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("AUDIT_UNAVAILABLE")) << words[0];
  }
  EXPECT_EQ(stack().ledger(), ledger);
  EXPECT_EQ(stack().pid_of("aeromq-audit-writer"), -1) << "a poisoned writer is not started again";
  EXPECT_EQ(stack().kernel({"outcome", done.request}).exit_code, 0);
  const auto shown = stack().kernel({"show"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, HasSubstr("fencing epoch"));
  EXPECT_EQ(ctl("operator", {"status"}).exit_code, 0) << "what is missing can be seen";
  // Cured by a person.
  stack().stop();
  std::filesystem::remove(dir_ / "audit" / "filler");
  ASSERT_NO_THROW(stack().start());
  ASSERT_TRUE(stack().settle());
  EXPECT_EQ(ctl("observer", {"outcome", done.request}).exit_code, 0);
  const auto verified = stack().read_log({"verify"});
  EXPECT_THAT(verified.exit_code, ::testing::AnyOf(0, 43)) << verified.out;
}

}  // namespace
}  // namespace aeromq::system_tests
