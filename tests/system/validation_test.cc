// Wrong input is refused with the field and the reason, before anything happens (F8.1, H4, A11).
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::HasSubstr;

class Validation : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    ledger_ = stack().ledger();
    dispatched_ = count_stage("dispatched");
  }
  void TearDown() override {
    EXPECT_EQ(stack().ledger(), ledger_) << "the register changed";
    EXPECT_EQ(count_stage("dispatched"), dispatched_) << "something was dispatched";
  }

  /// Exit code 2, and the field named in the error on stderr.
  static void expect_refused(const Words& words, const std::string& field) {
    const auto ended = ctl("operator", words);
    const auto where = ::testing::PrintToString(words) + ended.out + ended.err;
    EXPECT_EQ(ended.exit_code, 2) << where;
    auto error = last_object(ended.err);
    EXPECT_EQ(error["code"], "INVALID_INPUT") << where;
    EXPECT_EQ(error["domain"], "OperatorInput") << where;
    EXPECT_EQ(error["field"], field) << where;
    EXPECT_EQ(error["outcome"], "not executed") << where;
  }

  /// The command line itself is wrong: usage on stderr, nothing on stdout.
  static void expect_usage(const Words& words) {
    const auto ended = ctl("operator", words);
    const auto where = ::testing::PrintToString(words) + ended.out + ended.err;
    EXPECT_EQ(ended.exit_code, 2) << where;
    EXPECT_EQ(ended.out, "") << where;
    EXPECT_NE(ended.err, "") << where;
  }

 private:
  chaos::Ledger ledger_;
  std::size_t dispatched_ = 0;
};

const std::vector<std::string> kChanges{"promote", "demote", "force-promote"};

TEST_F(Validation, NodeNames) {
  for (const std::string bad : {"", "two words", "a;b", "a/b", "a\nb", "\xC3\xA4"}) {
    expect_refused({"inspect", "node", bad}, "node");
    for (const auto& verb : kChanges) {
      expect_refused({verb, bad, "--reason", "x", "--two-step"}, "node");
      expect_refused({"explain", verb, bad}, "node");
    }
  }
}

TEST_F(Validation, Reasons) {
  for (const auto& verb : kChanges) {
    for (const std::string bad :
         {"", " ", "    ", "a\tb", "a\nb", "\x1b[31mred", "a\x7f", "c1 \xC2\x9B", "bad \xFF utf8"})
      expect_refused({verb, "b", "--reason", bad, "--two-step"}, "reason");
    expect_refused({verb, "b", "--reason", std::string(1001, 'x'), "--two-step"}, "reason");
  }
}

TEST_F(Validation, TheLongestReasonIsTaken) {
  for (const auto& verb : kChanges) {
    auto asked = ask("operator", {verb, "b", "--reason", std::string(1000, 'x')});
    ASSERT_NE(asked.request, "") << verb;
    EXPECT_EQ(asked.answer("").exit_code, 11);
  }
}

TEST_F(Validation, RequestIds) {
  auto asked = ask("operator", {"diag", "diagnostics"});
  ASSERT_NE(asked.request, "");
  EXPECT_EQ(asked.answer("").exit_code, 11);
  auto typo = asked.request;
  typo.back() = typo.back() == '0' ? '1' : '0';
  for (const std::string& bad : {std::string(), std::string("x"), typo, asked.request + "0",
                                 asked.request.substr(1), std::string("../../etc/passwd")}) {
    expect_refused({"outcome", bad}, "request_id");
    const auto kernel = stack().kernel({"outcome", bad});
    EXPECT_EQ(kernel.exit_code, 2) << bad << kernel.out << kernel.err;
    if (!bad.empty()) expect_refused({"audit", "timeline", bad}, "request_id");
  }
}

TEST_F(Validation, MissingAndSurplusWords) {
  for (const auto& verb : kChanges) {
    expect_usage({verb});
    expect_usage({verb, "b"});
    expect_usage({verb, "--reason", "x"});
    expect_usage({verb, "b", "c", "--reason", "x"});
    expect_usage({verb, "b", "--reason", "x", "--yes"});
    expect_usage({verb, "b", "--reason", "x", "--force"});
    expect_usage({"explain", verb});
  }
  for (const Words& look :
       {Words{"inspect", "cluster"}, Words{"inspect", "replication"}, Words{"inspect", "promotion"},
        Words{"diag", "wal"}, Words{"diag", "snapshots"}, Words{"diag", "diagnostics"},
        Words{"status"}, Words{"audit", "verify"}}) {
    auto surplus = look;
    surplus.push_back("surplus");
    expect_usage(surplus);
  }
  for (const Words& words :
       {Words{}, Words{"inspect"}, Words{"inspect", "node"}, Words{"diag"}, Words{"explain"},
        Words{"outcome"}, Words{"audit"}, Words{"audit", "timeline"},
        Words{"audit", "tail", "-n", "0"}, Words{"audit", "tail", "-n", "many"},
        Words{"inspect", "cluster", "--watch", "0"}})
    expect_usage(words);
}

TEST_F(Validation, UnknownVerbsAndFormats) {
  for (const Words& words :
       {Words{"switchover"}, Words{"fence", "a"}, Words{"inspect", "everything"},
        Words{"diag", "vacuum"}, Words{"audit", "erase"}, Words{"explain", "diagnostics"},
        Words{"-o", "xml", "status"}, Words{"confirm", "x"}, Words{"restart", "b"}})
    expect_usage(words);
}

TEST_F(Validation, ClientFile) {
  const auto program = (stack().bin() / "aeromq-ctl").string();
  const auto none = chaos::run({program, "-o", "json", "status"}, kSoonMs);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(last_object(none.err)["field"], "config") << none.err;
  const auto absent =
      chaos::run({program, "-o", "json", "-c", stack().dir() / "absent.toml", "status"}, kSoonMs);
  EXPECT_EQ(absent.exit_code, 2) << absent.err;
}

TEST_F(Validation, NoTerminalNoConfirmation) {
  for (Words words :
       {Words{"diag", "diagnostics"}, Words{"promote", "b", "--reason", "x"},
        Words{"demote", "a", "--reason", "x"}, Words{"force-promote", "b", "--reason", "x"}})
    expect_refused(words, "two-step");
}

// Not wrong input: only the kernel knows its nodes, and says so in its own words.
TEST_F(Validation, UnknownNode) {
  const auto ended = ctl("operator", {"inspect", "node", "nowhere"});
  EXPECT_EQ(ended.exit_code, 20);
  auto error = last_object(ended.err);
  EXPECT_EQ(error["code"], "NODE_UNKNOWN");
  EXPECT_EQ(error["domain"], "KernelRejection");
  for (const auto& verb : kChanges) {
    const auto explained = stack().inspect({"explain", verb, "nowhere"});
    ASSERT_TRUE(explained) << verb;
    EXPECT_EQ((*explained)["checks"][0]["code"], "NODE_UNKNOWN");
    EXPECT_EQ((*explained)["checks"][0]["passes"], false);
  }
}

}  // namespace
}  // namespace aeromq::system_tests
