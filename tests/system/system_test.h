// What every process test stands on: one real control plane per suite, driven by the real command
// line, judged by the kernel's register file and the audit log read without the control plane.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "chaos/stack/processes.h"
#include "chaos/stack/stack.h"
#include "chaos/stack/terminal.h"
#include "tests/system/asking.h"

namespace aeromq::system_tests {

using chaos::Ended;
using chaos::poll_until;
using nlohmann::json;
using Words = std::vector<std::string>;

constexpr int kSoonMs =
    30000;  ///< bound of every wait; a test passes as soon as its condition holds

class SystemTest : public ::testing::Test {
 protected:
  static void start_stack(const chaos::StackOptions& options = {});
  static void SetUpTestSuite() { start_stack(); }
  static void TearDownTestSuite();
  void SetUp() override;

  static chaos::Stack& stack() { return *stack_; }

  static Ended ctl(const std::string& who, const Words& words) { return stack().ctl(who, words); }
  /// In another format than JSON.
  static Ended ctl_in(const std::string& format, const std::string& who, const Words& words);
  /// aeromq-ctl on a terminal of its own.
  static std::unique_ptr<chaos::Terminal> terminal(const std::string& format, const Words& words);
  static Asked ask(const std::string& who, const Words& words);

  /// A demotion or promotion that the kernel would execute now.
  static Words legal();
  /// Who holds write authority; empty if nobody does.
  static std::string holder();
  /// A replica that passes every check of the kernel; waits for one.
  static std::string promotable();
  static void demote_holder();
  static json cluster();
  static json node(const std::string& name);

  /// Breaks (`stop`, `lag`, `claim`) or cures (empty) a demo node.
  static void fault(const std::string& node, const std::string& what);
  static bool wait_stale(const std::string& node);

  /// Stages of a request in the audit log, read from its files.
  static Words stages(const std::string& request);
  static bool wait_stage(const std::string& request, const std::string& stage);
  /// Records of one stage in the whole log.
  static std::size_t count_stage(const std::string& stage);
  static json last_record(const std::string& request, const std::string& stage);

  static bool executed(const std::string& request);
  /// The final outcome's exit code; 30 if it does not become final.
  static int final_outcome(const std::string& request);
  /// What was told by `exit_code`, the ledger, the outcome and the log agree for ever.
  static void expect_consistent(const std::string& request, int exit_code);

 private:
  static std::unique_ptr<chaos::Stack> stack_;
};

/// One JSON text; a discarded value if it is none.
json parsed(const std::string& text);
/// The last line of a text that is an object in JSON.
json last_object(const std::string& text);
/// The request id in a text, empty if none.
std::string request_in(const std::string& text);

}  // namespace aeromq::system_tests
