// Who belongs to the cluster: agents with other members, a last primary that the settings do not
// name, and servers that take part without being named.
#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "kernel/postgresql/sight/members.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const ClusterRules kRules{kSystem, "", "aaaa"};

/// Everybody has the list that `kRules` has.
ClusterSample agreed(ClusterSample sample) {
  for (auto& node : sample.nodes)
    if (node.agent) node.agent->members = kRules.members;
  return sample;
}

Check get(const ClusterSample& sample, const Intent& intent, const std::string& code) {
  for (const auto& check : checks(sample, intent, kRules))
    if (check.code == code) return check;
  ADD_FAILURE() << code << " is not among the checks";
  return {};
}

std::vector<std::string> found(const ClusterSample& sample, const std::string& last = "n1") {
  std::vector<std::string> codes;
  for (const auto& one : member_findings(sample, kRules, last)) codes.push_back(one.code);
  return codes;
}

NodeSettings node_of(const std::string& name) {
  return {name, "10.0.0." + name.substr(1), 5432, "tcp://10.0.0." + name.substr(1) + ":7432",
          "key of " + name};
}

TEST(PostgresqlMembers, TheDigestIsOfTheMembersInNameOrderAndOfNothingElse) {
  ClusterSettings settings;
  settings.kernel_key = "kernel's";
  settings.nodes = {node_of("n1"), node_of("n2")};
  const auto digest = members_digest(settings);
  EXPECT_EQ(digest.size(), 16U);
  auto same = settings;
  same.synchronous_standby_names = "n2";
  same.connection.user = "other";
  same.watch_every_ms = 7;
  EXPECT_EQ(members_digest(same), digest);
  const std::vector<std::function<void(ClusterSettings&)>> kChanges{
      [](auto& changed) { changed.name = "other"; },
      [](auto& changed) { changed.kernel_key = "another"; },
      [](auto& changed) { changed.nodes[0].name = "n0"; },
      [](auto& changed) { changed.nodes[0].host = "10.0.0.9"; },
      [](auto& changed) { changed.nodes[0].port = 5433; },
      [](auto& changed) { changed.nodes[0].agent = "tcp://10.0.0.1:7433"; },
      [](auto& changed) { changed.nodes[0].agent_key = "another"; },
      [](auto& changed) { changed.nodes.pop_back(); },
      [](auto& changed) { changed.nodes.push_back(node_of("n3")); }};
  std::set<std::string> digests{digest};
  for (const auto& change : kChanges) {
    auto changed = settings;
    change(changed);
    EXPECT_TRUE(digests.insert(members_digest(changed)).second);
  }
  EXPECT_EQ(rules_of(settings).members, digest);
}

TEST(PostgresqlMembers, AnAgentWithAnotherListRefusesEveryAction) {
  auto sample = agreed(healthy());
  sample.nodes[2].agent->members = "bbbb";
  for (const auto action : {Action::promote, Action::demote, Action::force_promote}) {
    const auto intent = wish(action, action == Action::demote ? "n1" : "n2");
    EXPECT_TRUE(get(agreed(healthy()), intent, "MEMBERS_DIFFER").passes);
    const auto check = get(sample, intent, "MEMBERS_DIFFER");
    EXPECT_FALSE(check.passes);
    EXPECT_FALSE(check.overridable);
    EXPECT_EQ(check.text, "the agent of n3 has the member list bbbb, here it is aaaa");
  }
  EXPECT_THAT(found(sample), testing::ElementsAre("MEMBERS_DIFFER"));
  // The first version knew no list.
  sample.nodes[2].agent->members.clear();
  EXPECT_THAT(get(sample, wish(Action::promote, "n2"), "MEMBERS_DIFFER").text,
              HasSubstr("the agent of n3 tells no member list"));
}

TEST(PostgresqlMembers, AnAgentThatIsNotHeardIsSaidAndDoesNotFail) {
  const auto check =
      get(agreed(primary_gone()), wish(Action::force_promote, "n2"), "MEMBERS_DIFFER");
  EXPECT_TRUE(check.passes);
  EXPECT_THAT(check.text, HasSubstr("not heard: the agent of n1"));
  EXPECT_THAT(found(agreed(primary_gone())), IsEmpty());
}

TEST(PostgresqlMembers, ALastPrimaryOutsideOfTheSettingsRefusesEveryAction) {
  auto sample = agreed(healthy());
  for (const auto action : {Action::promote, Action::demote, Action::force_promote}) {
    auto intent = wish(action, action == Action::demote ? "n1" : "n2");
    EXPECT_TRUE(get(sample, intent, "HOLDER_NOT_IN_SETTINGS").passes);
    intent.last_primary.clear();
    EXPECT_TRUE(get(sample, intent, "HOLDER_NOT_IN_SETTINGS").passes);
    intent.last_primary = "n9";
    const auto check = get(sample, intent, "HOLDER_NOT_IN_SETTINGS");
    EXPECT_FALSE(check.passes);
    EXPECT_FALSE(check.overridable);
    EXPECT_THAT(check.text, HasSubstr("the last primary, n9, is not in the settings"));
  }
  EXPECT_THAT(found(sample, "n9"), testing::ElementsAre("HOLDER_NOT_IN_SETTINGS"));
  EXPECT_THAT(found(sample, ""), IsEmpty());
}

/// n1 was taken out of the settings, and goes on.
ClusterSample without_n1() {
  auto sample = agreed(healthy());
  sample.nodes.erase(sample.nodes.begin());
  return sample;
}

TEST(PostgresqlMembers, AStrangerThatStandbysStreamFromLives) {
  auto sample = without_n1();
  for (const auto action : {Action::promote, Action::force_promote}) {
    const auto intent = wish(action, "n2");
    EXPECT_TRUE(get(agreed(healthy()), intent, "UNLISTED_SENDER").passes);
    const auto check = get(sample, intent, "UNLISTED_SENDER");
    EXPECT_FALSE(check.passes);
    EXPECT_FALSE(check.overridable);
    EXPECT_THAT(check.text, HasSubstr("n2 streams from 127.0.0.1:5431, which is no address of the "
                                      "settings"));
  }
  EXPECT_THAT(found(sample, ""), testing::ElementsAre("UNLISTED_SERVER"));
  // One that is fresh is enough.
  sample.nodes[0].receiver->quiet_ms = 40'001;
  EXPECT_FALSE(get(sample, wish(Action::force_promote, "n2"), "UNLISTED_SENDER").overridable);
  sample.nodes[1].receiver->quiet_ms = 40'001;
  EXPECT_FALSE(get(sample, wish(Action::promote, "n2"), "UNLISTED_SENDER").overridable);
  const auto old = get(sample, wish(Action::force_promote, "n2"), "UNLISTED_SENDER");
  EXPECT_FALSE(old.passes);
  EXPECT_TRUE(old.overridable);
  for (auto& node : sample.nodes) node.receiver->status = "waiting";
  EXPECT_TRUE(get(sample, wish(Action::promote, "n2"), "UNLISTED_SENDER").passes);
}

TEST(PostgresqlMembers, AListedSenderUnderAnotherAddressIsKnownByItsStandbysName) {
  auto sample = agreed(healthy());
  sample.nodes[1].receiver->sender_host = "db1.example";
  EXPECT_THAT(unlisted_senders(sample), IsEmpty());
}

TEST(PostgresqlMembers, WhoTakesWalAndIsNotNamedIsShown) {
  struct Row {
    const char* what;
    Streamer streamer;
    bool unlisted;
  };
  const auto streamer = [](std::string name, std::string address, std::string state = "streaming") {
    Streamer made;
    made.application_name = std::move(name);
    made.client_address = std::move(address);
    made.state = std::move(state);
    return made;
  };
  auto subscriber = streamer("subscription", "10.0.0.7");
  subscriber.logical = true;
  const std::vector<Row> kRows{
      {"a fourth server", streamer("n4", "127.0.0.1"), true},
      {"on another host", streamer("walreceiver", "10.0.0.7"), true},
      {"over a unix socket", streamer("n4", ""), true},
      {"that still catches up", streamer("n4", "127.0.0.1", "catchup"), true},
      {"under the sender's own name", streamer("n1", "127.0.0.1"), true},
      {"a base backup", streamer("backup", "10.0.0.7", "backup"), false},
      {"pg_basebackup's WAL", streamer("pg_basebackup", "10.0.0.7"), false},
      {"pg_receivewal", streamer("pg_receivewal", "10.0.0.7"), false},
      {"a look of ours", streamer("aeromq", "10.0.0.7"), false},
      {"a subscriber", subscriber, false},
      {"a node in other letters", streamer("N2", "10.0.0.7"), false}};
  EXPECT_THAT(unlisted_receivers(agreed(healthy())), IsEmpty());
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.what);
    auto sample = agreed(healthy());
    sample.nodes[0].streamers.push_back(row.streamer);
    EXPECT_EQ(unlisted_receivers(sample).size(), row.unlisted ? 1U : 0U);
    EXPECT_EQ(found(sample).size(), row.unlisted ? 1U : 0U);
  }
}

TEST(PostgresqlMembers, AStandbyWithAnotherNameIsKnownByItsAddressOnce) {
  auto sample = agreed(healthy());
  auto& streamers = sample.nodes[0].streamers;
  streamers[1].application_name = "walreceiver";
  EXPECT_THAT(unlisted_receivers(sample), IsEmpty());
  streamers.push_back(streamers[1]);
  EXPECT_EQ(unlisted_receivers(sample).size(), 1U);
  // n3 is there, and streams from nobody: the nameless one is not it.
  streamers.pop_back();
  sample.nodes[2].receiver.reset();
  EXPECT_EQ(unlisted_receivers(sample).size(), 1U);
  // Of a node that does not answer only the address tells.
  sample.nodes[2] = silent("n3");
  EXPECT_THAT(unlisted_receivers(sample), IsEmpty());
  streamers[1].client_address = "10.0.0.7";
  EXPECT_EQ(unlisted_receivers(sample).size(), 1U);
}

TEST(PostgresqlMembers, FindingsFitTheirFieldsHoweverMany) {
  auto sample = without_n1();
  for (int i = 0; i < 200; ++i) {
    Streamer one;
    one.application_name = std::string(60, 'x');
    one.state = "streaming";
    sample.nodes[0].streamers.push_back(one);
  }
  const auto all = member_findings(sample, kRules, "n1");
  EXPECT_EQ(all.size(), 3U);
  for (const auto& one : all) EXPECT_LE(one.text.size(), 512U);
}

}  // namespace
}  // namespace aeromq::postgresql
