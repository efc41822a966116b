#include "tests/system/system_test.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

namespace aeromq::system_tests {
namespace {

constexpr int kAskMs = 30000;

std::filesystem::path bin_dir() {
  const char* other = std::getenv("AEROMQ_TEST_BIN_DIR");
  return other != nullptr ? other : AEROMQ_BIN_DIR;
}

}  // namespace

std::unique_ptr<chaos::Stack> SystemTest::stack_;

json parsed(const std::string& text) { return json::parse(text, nullptr, false); }

json last_object(const std::string& text) {
  json last;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (auto value = parsed(line); value.is_object()) last = std::move(value);
  return last;
}

std::string request_in(const std::string& text) {
  static const std::regex kId("(?:[0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}");
  std::smatch found;
  return std::regex_search(text, found, kId) ? found.str() : std::string();
}

void SystemTest::start_stack(const chaos::StackOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  // Short: a socket's path has 107 octets.
  static int number = 0;
  const auto dir = "/tmp/aq" + std::to_string(getpid()) + "." + std::to_string(number++);
  std::filesystem::remove_all(dir);
  stack_ = std::make_unique<chaos::Stack>(bin_dir(), dir, options);
}

void SystemTest::TearDownTestSuite() { stack_.reset(); }

void SystemTest::SetUp() {
  ASSERT_NE(stack_, nullptr) << "the control plane did not start";
  ASSERT_TRUE(stack_->settle()) << "the control plane is not whole";
}

Ended SystemTest::ctl_in(const std::string& format, const std::string& who, const Words& words) {
  return chaos::run(stack().ctl_words(who, format, words), kAskMs);
}

std::unique_ptr<chaos::Terminal> SystemTest::terminal(const std::string& format,
                                                      const Words& words) {
  return std::make_unique<chaos::Terminal>(stack().ctl_words("operator", format, words));
}

Asked SystemTest::ask(const std::string& who, const Words& words) {
  Asked asked{stack().two_step(who, words), {}, {}};
  if (const auto line = asked.child->read_line(kAskMs)) {
    asked.pending = parsed(*line);
    if (asked.pending.contains("token")) asked.request = asked.pending["request"];
  }
  return asked;
}

json SystemTest::cluster() {
  auto view = json::object();
  poll_until(kSoonMs, [&] {
    const auto seen = stack().inspect({"inspect", "cluster"});
    if (seen) view = *seen;
    return seen.has_value();
  });
  return view;
}

json SystemTest::node(const std::string& name) {
  auto view = cluster();
  for (const auto& one : view.value("nodes", json::array()))
    if (one["node"] == name) return one;
  return json::object();
}

std::string SystemTest::holder() {
  auto view = cluster();
  const auto& name = view["facts"]["holder"];
  return name.is_string() && name != "none" ? name.get<std::string>() : std::string();
}

std::string SystemTest::promotable() {
  std::string found;
  poll_until(kSoonMs, [&] {
    for (const char* one : {"a", "b", "c"}) {
      const auto explained = stack().inspect({"explain", "promote", one});
      if (!explained) continue;
      const auto& checks = (*explained)["checks"];
      if (std::all_of(checks.begin(), checks.end(),
                      [](const json& check) { return check["passes"] == true; }))
        found = one;
    }
    return !found.empty();
  });
  return found;
}

Words SystemTest::legal() {
  const auto who = holder();
  if (!who.empty()) return {"demote", who, "--reason", "a test"};
  return {"promote", promotable(), "--reason", "a test"};
}

void SystemTest::demote_holder() {
  const auto who = holder();
  if (who.empty()) return;
  auto asked = ask("operator", {"demote", who, "--reason", "a test"});
  ASSERT_NE(asked.request, "");
  ASSERT_EQ(asked.yes().exit_code, 0);
}

void SystemTest::fault(const std::string& node, const std::string& what) {
  const auto path = stack().dir() / "nodes" / (node + ".toml.fault");
  if (what.empty())
    std::filesystem::remove(path);
  else
    std::ofstream(path) << what << "\n";
}

bool SystemTest::wait_stale(const std::string& name) {
  return poll_until(kSoonMs, [&] { return node(name).value("stale", false); });
}

Words SystemTest::stages(const std::string& request) {
  Words found;
  auto page = parsed(stack().read_log({"timeline", request}).out);
  if (page.is_object())
    for (const auto& record : page["records"]) found.push_back(record["stage"]);
  return found;
}

bool SystemTest::wait_stage(const std::string& request, const std::string& stage) {
  return poll_until(kSoonMs, [&] {
    const auto all = stages(request);
    return std::find(all.begin(), all.end(), stage) != all.end();
  });
}

std::size_t SystemTest::count_stage(const std::string& stage) {
  auto page = parsed(stack().read_log({"query", "--stage", stage}).out);
  return page.is_object() ? page["records"].size() : SIZE_MAX;
}

json SystemTest::last_record(const std::string& request, const std::string& stage) {
  json last;
  auto page = parsed(stack().read_log({"timeline", request}).out);
  if (page.is_object())
    for (const auto& record : page["records"])
      if (record["stage"] == stage) last = record;
  return last;
}

bool SystemTest::executed(const std::string& request) {
  return stack().ledger().executed.contains(request);
}

int SystemTest::final_outcome(const std::string& request) {
  int code = 30;
  poll_until(kSoonMs, [&] {
    code = ctl("operator", {"outcome", request}).exit_code;
    return code == 0 || code == 10 || code == 20;
  });
  return code;
}

void SystemTest::expect_consistent(const std::string& request, int exit_code) {
  // Every epoch ends with the kernel's run: from here on each outcome is final.
  ASSERT_TRUE(stack().end_all_epochs());
  const auto ledger = stack().ledger();
  const int expected = ledger.executed.contains(request)   ? 0
                       : ledger.rejected.contains(request) ? 20
                                                           : 10;
  EXPECT_EQ(final_outcome(request), expected);
  EXPECT_EQ(stack().kernel({"outcome", request}).exit_code, expected);
  if (exit_code == 0) {
    EXPECT_EQ(expected, 0) << "told executed";
  }
  if (exit_code == 20) {
    EXPECT_EQ(expected, 20) << "told rejected";
  }
  for (const int told_not : {2, 10, 11, 31})
    if (exit_code == told_not) {
      EXPECT_NE(expected, 0) << "told not executed";
    }
  if (expected != 0) return;
  const auto all = stages(request);
  for (const char* stage : {"requested", "confirmation_asked", "confirmed", "dispatched"})
    EXPECT_THAT(all, ::testing::Contains(stage));
}

}  // namespace aeromq::system_tests
