// The Python programs of tests/interop, which know the protocol's document and nothing of this
// code, against a real control plane. Skipped, and says so, without their packages.
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

const std::string kPython = "/usr/bin/python3";  // the distribution's, which has the packages
const std::filesystem::path kInterop = std::filesystem::path(AEROMQ_SOURCE_DIR) / "tests/interop";

class Interop : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (chaos::run({kPython, "-c", "import zmq, msgpack"}, kSoonMs).exit_code != 0)
      GTEST_SKIP() << "SKIPPED: python3-zmq and python3-msgpack are not installed";
  }
  static Ended run(Words words) {
    words.insert(words.begin(), kPython);
    return chaos::run(words, 220000);
  }
  static std::string client(const std::string& who) {
    return stack().dir() / "clients" / (who + ".toml");
  }
};

TEST_F(Interop, Ids) {
  const auto ended = run({kInterop / "test_ids.py"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST_F(Interop, ARepeatIsRefused) {
  const auto ended = run({kInterop / "repeat.py", client("observer")});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
}

TEST_F(Interop, InspectAndPromote) {
  const auto target = holder() == "b" ? "c" : "b";
  const auto ended =
      run({kInterop / "inspect_and_promote.py", "--demote", client("operator"), target});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_EQ(holder(), target);
}

TEST_F(Interop, ASecondConfirmExecutesNothing) {
  const auto before = stack().ledger();
  auto words = legal();
  const auto command = words[0] == "demote" ? "request_demotion" : "request_promotion";
  const auto script = std::filesystem::path(AEROMQ_SOURCE_DIR) / "tests/system/second_confirm.py";
  const auto ended = run({script, kInterop, client("operator"), command, words[1]});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const auto after = stack().ledger();
  EXPECT_EQ(after.executed.size(), before.executed.size() + 1);
  EXPECT_EQ(after.fencing_epoch, before.fencing_epoch + 1);
  EXPECT_EQ(after.rejected, before.rejected);
  const auto request = request_in(ended.out);
  EXPECT_TRUE(executed(request));
  EXPECT_EQ(ctl("operator", {"outcome", request}).exit_code, 0);
}

// On a suite of its own: it waits for silence again and again.
using Hostile = Interop;

TEST_F(Hostile, Clients) {
  const auto before = stack().ledger();
  const auto ended = run({kInterop / "hostile.py", client("operator")});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_TRUE(stack().settle());
  EXPECT_EQ(stack().ledger(), before) << "an attack executed something";
}

}  // namespace
}  // namespace aeromq::system_tests
