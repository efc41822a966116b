// Who belongs to the cluster, at real servers: the primary taken out of the settings, and a member
// list that not everybody has.
#include <gmock/gmock.h>

#include <fstream>

#include "process/clock.h"
#include "supervisor/node_texts.h"
#include "tests/postgresql/service_stack.h"

namespace aeromq::postgresql {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

class PostgresqlServiceMembers : public testing::Test {
 protected:
  /// Every file that names members: the control plane's two, and the copy of each agent.
  std::vector<std::string> files() const {
    const auto dir = fs::path(stack_.config()).parent_path();
    std::vector<std::string> all{stack_.config(), dir / "postgresql.toml"};
    for (const auto* node : {"n1", "n2", "n3"})
      all.push_back(dir.parent_path() / "pg" / node / "agent/postgresql.toml");
    return all;
  }
  // An agent's files are the server's user's, and no file of another's is read by the product.
  static std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::map<std::string, std::string>& texts) {
    stack_.kill_kernel();
    for (const auto* node : {"n1", "n2", "n3"}) stack_.cluster({"agent-stop", "", node});
    // In place: the owner of an agent's file stays.
    for (const auto& [path, text] : texts) std::ofstream(path) << text;
  }
  void start(const std::vector<std::string>& agents) {
    for (const auto& node : agents) EXPECT_EQ(stack_.start_agent(node), 0);
    stack_.start_kernel();
  }
  ActAnswer ask(Action action, const std::string& node) {
    const auto seen = stack_.look();
    auto link = stack_.open();
    if (!seen || !link) {
      ADD_FAILURE() << "no kernel";
      return {};
    }
    const auto lease_s =
        static_cast<std::uint32_t>(process::now().boot_ns / kNanosPerMs / 1000 + 300);
    auto act = kernel::act_of(kernel::id_of(link->opened(), lease_s, 1), action, node,
                              seen->fencing_epoch);
    if (action == Action::force_promote)
      act.overrides = {"PRIMARY_NOT_PROVABLY_DOWN", "ACKNOWLEDGED_WRITES_UNPROVEN"};
    const auto answer = link->ask(kernel::act_call(act), kLongMs);
    return answer ? answer->act : ActAnswer{};
  }
  std::vector<std::string> found() {
    std::vector<std::string> codes;
    // Who only looks names no version, and is told what the first one knew.
    auto link = stack_.open(2);
    const auto seen = link ? link->ask({}, kLongMs) : fail(link.error());
    if (seen)
      for (const auto& finding : seen->snapshot.findings) codes.push_back(finding.code);
    return codes;
  }
  Stack stack_;
};

TEST_F(PostgresqlServiceMembers, ThePrimaryOutsideOfTheSettingsRefusesEverythingUntilItIsBack) {
  ASSERT_TRUE(stack_.settled("n1"));
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> after;
  for (const auto& path : files()) {
    before[path] = content_of(path);
    after[path] = path == stack_.config()
                      ? supervisor::with_cluster_nodes(before[path], {"n2", "n3"})
                      : supervisor::without_node(before[path], "n1").value();
  }
  write(after);
  start({"n2", "n3"});
  ASSERT_TRUE(in_time([&] {
    const auto seen = stack_.look();
    return seen && std::ranges::count(seen->nodes, NodeRole::replica, &NodeFacts::reported) == 2;
  }));
  EXPECT_THAT(found(), Contains("HOLDER_NOT_IN_SETTINGS"));
  EXPECT_THAT(found(), Contains("UNLISTED_SERVER"));
  for (const auto action : {Action::promote, Action::force_promote, Action::demote}) {
    const auto refused = ask(action, "n2");
    EXPECT_EQ(refused.status, ActStatus::rejected) << text_of(action);
    EXPECT_EQ(refused.code, "HOLDER_NOT_IN_SETTINGS") << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("the last primary, n1, is not in the settings"));
  }
  write(before);
  start({"n1", "n2", "n3"});
  EXPECT_TRUE(stack_.settled("n1"));
  EXPECT_TRUE(in_time([&] { return found().empty(); }));
  EXPECT_EQ(ask(Action::demote, "n1").status, ActStatus::executed);
  EXPECT_EQ(ask(Action::promote, "n2").status, ActStatus::executed);
}

TEST_F(PostgresqlServiceMembers, AnAgentWithAnOldListRefusesUntilItHasTheNewOne) {
  ASSERT_TRUE(stack_.settled("n1"));
  const auto file = files().back();  // n3's
  const auto text = content_of(file);
  write({{file, supervisor::without_node(text, "n2").value()}});
  start({"n1", "n2", "n3"});
  ASSERT_TRUE(in_time([&] { return testing::Value(found(), Contains("MEMBERS_DIFFER")); }));
  const auto refused = ask(Action::demote, "n1");
  EXPECT_EQ(refused.code, "MEMBERS_DIFFER") << refused.text;
  EXPECT_THAT(refused.text, HasSubstr("the agent of n3 has the member list"));
  write({{file, text}});
  start({"n1", "n2", "n3"});
  EXPECT_TRUE(in_time([&] { return found().empty(); }));
  EXPECT_EQ(ask(Action::demote, "n1").status, ActStatus::executed);
}

}  // namespace
}  // namespace aeromq::postgresql
