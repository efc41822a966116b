// Views and findings out of one look.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/views.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

const ClusterRules kRules{kSystem, ""};

std::string text_of_finding(const ClusterSample& sample, const std::string& code,
                            const ClusterRules& rules = kRules) {
  for (const auto& finding : findings_of(sample, rules))
    if (finding.code == code) return finding.text;
  return {};
}

void expect_whole(const KernelAnswer& answer) {
  EXPECT_LE(answer.tables.size(), 8U);
  EXPECT_LE(answer.facts.size(), 64U);
  for (const auto& table : answer.tables) {
    EXPECT_LE(table.rows.size(), 256U) << table.name;
    for (const auto& row : table.rows)
      EXPECT_EQ(row.cells.size(), table.columns.size()) << table.name;
  }
  // What does not fit the wire would end the conversation.
  EXPECT_TRUE(decode<KernelAnswer>(encode(answer)));
}

TEST(PostgresqlSightViews, AHealthyClusterHasNothingToReport) {
  const auto findings = findings_of(healthy(), kRules);
  ASSERT_EQ(findings.size(), 1U) << findings.front().code;
  EXPECT_EQ(findings.front().code, "NOT_CHECKED");
}

TEST(PostgresqlSightViews, TwoWritersAndAForkAreAlarms) {
  auto sample = healthy();
  sample.nodes[1] = primary("n2", kHere + 500);
  sample.nodes[1].timeline = 2;
  sample.nodes[1].ancestors = {{1, kHere - 16}};
  EXPECT_EQ(text_of_finding(sample, "SEVERAL_WRITERS"), "n1 and n2 are out of recovery");
  EXPECT_EQ(text_of_finding(sample, "TIMELINES_FORKED"),
            "n1 is on timeline 1 at 0/4000100, n2 on timeline 2 at 0/40002F4; neither history goes "
            "on from the other's");
  // A standby that is merely behind is no fork.
  sample.nodes[1].ancestors = {{1, kHere}};
  EXPECT_EQ(text_of_finding(sample, "TIMELINES_FORKED"), "");
}

TEST(PostgresqlSightViews, EachTroubleIsFound) {
  auto sample = healthy();
  sample.nodes[0].slots = {{"n2", true, kHere, "reserved", ""},
                           {"n3", false, kHere, "extended", ""},
                           {"x", false, 0, "lost", "-5"}};
  EXPECT_THAT(text_of_finding(sample, "SLOT_INACTIVE"), HasSubstr("slot n3 on n1"));
  EXPECT_THAT(text_of_finding(sample, "SLOT_LOSES_WAL"),
              HasSubstr("slot x on n1 has wal_status lost"));
  sample.nodes[1].receiver.reset();
  EXPECT_EQ(text_of_finding(sample, "NOT_STREAMING"), "n2 streams from nobody");
  sample.nodes[2].receiver->sender_port = 1;
  sample.nodes[0].streamers.clear();
  EXPECT_THAT(text_of_finding(sample, "UPSTREAM_UNKNOWN"), HasSubstr("n3"));
  sample.nodes[2].replay_paused = true;
  EXPECT_THAT(text_of_finding(sample, "REPLAY_PAUSED"), HasSubstr("n3"));
  sample.nodes[1].synchronous_standby_names = "*";
  EXPECT_EQ(text_of_finding(sample, "SYNC_SETTING_DIFFERS"),
            "n2 has synchronous_standby_names '*', the settings declare ''");
  sample.nodes[1].managers = {"repmgrd"};
  EXPECT_EQ(text_of_finding(sample, "MANAGER_AT_WORK"), "a session of repmgrd is on n2");
  sample.nodes[1].system_identifier = 3;
  EXPECT_THAT(text_of_finding(sample, "SYSTEM_ID_MISMATCH"),
              HasSubstr("n2 has system identifier 3"));
  sample.nodes[2].agent->durable_role = NodeRole::primary;
  EXPECT_EQ(text_of_finding(sample, "ROLE_ON_DISK_DIFFERS"),
            "n3 is in recovery without standby.signal");
  sample.nodes[2].agent->promote_signal = true;
  EXPECT_THAT(text_of_finding(sample, "PROMOTION_PENDING"), HasSubstr("n3"));
  sample.nodes[2].agent->open_claim = {RequestId{{HistoryId{{1}}, 1, 1, 100, 1}, 5, true}};
  EXPECT_THAT(text_of_finding(sample, "UNSETTLED_REQUEST"), HasSubstr("the agent of n3"));
}

TEST(PostgresqlSightViews, SilentAndStoppedAreNotTheSame) {
  auto sample = healthy();
  sample.nodes[1] = silent("n2");
  sample.nodes[2] = stopped("n3", NodeRole::primary);
  sample.nodes[2].agent->not_started = "n1 did not answer";
  EXPECT_EQ(text_of_finding(sample, "NODE_STATE_UNKNOWN"),
            "n2 did not answer: no answer within 1000 ms");
  EXPECT_THAT(text_of_finding(sample, "AGENT_SILENT"), HasSubstr("n2"));
  EXPECT_EQ(text_of_finding(sample, "NODE_STOPPED"),
            "the agent of n3 says that no server runs there (shut down)");
  EXPECT_THAT(text_of_finding(sample, "NOT_STARTED"), HasSubstr("n1 did not answer"));
}

TEST(PostgresqlSightViews, TablesAreWholeWhateverWasSeen) {
  auto sample = healthy();
  sample.nodes[1] = silent("n2");
  sample.nodes[0].wal = WalDetail{3, 50331648, 1, "on", 9, "000000010000000000000003", 2, "x"};
  sample.nodes[0].backups = {{"pg_basebackup", "streaming database files", 0, 4096}};
  sample.nodes[0].synchronous_standby_names = std::string(600, 'x');
  for (int i = 0; i < 300; ++i) sample.nodes[0].slots.push_back({"s", false, 1, "lost", ""});
  KernelAnswer answer;
  add_wal(answer, sample);
  expect_whole(answer);
  EXPECT_EQ(answer.tables[0].rows[0].cells[5], "50331648");
  EXPECT_EQ(answer.tables[0].rows[1].cells[5], "");
  add_snapshots(answer, sample);
  expect_whole(answer);
  EXPECT_EQ(answer.facts[0].value, "1");
  EXPECT_EQ(answer.facts[1].value, "unknown: PostgreSQL keeps no catalogue of backups");
  add_diagnostics(answer, sample, kRules);
  expect_whole(answer);
  EXPECT_LE(answer.findings.size(), 48U);
  EXPECT_EQ(answer.tables.size(), 5U);
}

TEST(PostgresqlSightViews, TheCostIsDeclared) {
  ClusterSettings cluster;
  cluster.nodes.resize(3);
  EXPECT_THAT(diagnostics_cost(cluster), HasSubstr("each of the 3 servers"));
  EXPECT_LE(diagnostics_cost(cluster).size(), 512U);
  EXPECT_EQ(depth_of(CallKind::wal), Depth::wal);
  EXPECT_EQ(depth_of(CallKind::snapshots), Depth::backups);
  EXPECT_EQ(depth_of(CallKind::diagnostics), Depth::facts);
}

}  // namespace
}  // namespace aeromq::postgresql
