// From a look to the register: foreign changes of authority, and the snapshot.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/facts.h"
#include "kernel/postgresql/sight/memory.h"
#include "kernel/postgresql/sight/text.h"
#include "messages/snapshot.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using kernel::Register;
using testing::HasSubstr;

Register held_by(const std::string& holder) {
  auto state = kernel::create_register(HistoryId{{1}}, "demo", {"n1", "n2", "n3"});
  state.fencing_epoch = 5;
  state.holder = holder;
  state.last_primary = "n1";
  state.timeline = 1;
  state.acknowledged = kHere;
  return state;
}

/// Nothing moved, not even in memory.
void expect_unmoved(Register state, const ClusterSample& sample) {
  const auto before = state;
  EXPECT_EQ(observe(state, sample), "");
  EXPECT_EQ(state, before);
}

TEST(PostgresqlSightFacts, NothingMovesWhileTheHolderWrites) {
  expect_unmoved(held_by("n1"), healthy());
}

TEST(PostgresqlSightFacts, SilenceIsNeverAChange) {
  auto sample = healthy();
  for (auto& node : sample.nodes) node = silent(node.node);
  expect_unmoved(held_by("n1"), sample);
  // Not even if another writes: the holder may too.
  sample.nodes[1] = primary("n2");
  expect_unmoved(held_by("n1"), sample);
}

TEST(PostgresqlSightFacts, TwoWritersLeaveTheHolder) {
  auto sample = healthy();
  sample.nodes[1] = primary("n2");
  sample.nodes[1].timeline = 2;
  expect_unmoved(held_by("n1"), sample);
  // Two strangers write and the holder does not: nobody can say which one it is.
  sample = demoted();
  sample.nodes[1] = primary("n2");
  sample.nodes[2] = primary("n3");
  expect_unmoved(held_by("n1"), sample);
  expect_unmoved(held_by(""), sample);
}

TEST(PostgresqlSightFacts, ANewRegisterTakesTheOneThatWrites) {
  auto state = held_by("");
  state.last_primary.clear();
  EXPECT_EQ(observe(state, healthy()),
            "write authority moved from no node to n1, timeline 1 at 0/4000100: it is the one "
            "server that answered out of recovery; fencing epoch 6");
  EXPECT_EQ(state.holder, "n1");
  EXPECT_EQ(state.last_primary, "n1");
  EXPECT_EQ(state.fencing_epoch, 6U);
  EXPECT_EQ(state.timeline, 1U);
  expect_unmoved(state, healthy());
  expect_unmoved(held_by(""), demoted());
}

TEST(PostgresqlSightFacts, AForeignPromotionIsFollowed) {
  auto sample = demoted();
  sample.nodes[2] = primary("n3", kHere + 100);
  sample.nodes[2].timeline = 4;
  auto state = held_by("n1");
  state.demoted_epoch = 3;
  EXPECT_THAT(observe(state, sample),
              HasSubstr("moved from n1 to n3, timeline 4 at 0/4000164: n1 is in recovery"));
  EXPECT_EQ(state.holder, "n3");
  EXPECT_EQ(state.fencing_epoch, 6U);
  EXPECT_EQ(state.timeline, 4U);
  EXPECT_EQ(state.acknowledged, kHere + 100);
  EXPECT_EQ(intent_of(state, Action::promote, "n2", {}).shutdown_checkpoint, 0U);
  // A stopped holder counts only by its agent's proof.
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  state = held_by("n1");
  EXPECT_THAT(observe(state, sample), HasSubstr("n1 is stopped"));
  sample.nodes[0].agent->running = true;
  expect_unmoved(held_by("n1"), sample);
}

// n2 and n3 are exchanged in the settings: what "n2" says are n3's words.
TEST(PostgresqlSightFacts, WhoIsNotTheServerBesideItsAgentMovesNothing) {
  auto sample = demoted();
  sample.nodes[1] = primary("n2");
  sample.nodes[1].timeline = 2;
  auto moved = held_by("n1");
  EXPECT_NE(observe(moved, sample), "");
  sample.nodes[1].own_port = port_of("n3");
  expect_unmoved(held_by("n1"), sample);
  sample.nodes[1].own_port = port_of("n2");
  sample.nodes[0].data_directory = "/data/n3";
  expect_unmoved(held_by("n1"), sample);
}

TEST(PostgresqlSightFacts, AForeignDemotionEndsTheAuthorityAndProvesNoCheckpoint) {
  auto state = held_by("n1");
  state.demoted_epoch = 3;
  EXPECT_THAT(observe(state, demoted()), HasSubstr("n1 lost write authority"));
  EXPECT_EQ(state.holder, "");
  EXPECT_EQ(state.last_primary, "n1");
  EXPECT_EQ(state.fencing_epoch, 6U);
  EXPECT_EQ(intent_of(state, Action::promote, "n2", {}).shutdown_checkpoint, 0U);
  // Only stopped: it may be started again as what it was.
  auto sample = demoted();
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  expect_unmoved(held_by("n1"), sample);
}

TEST(PostgresqlSightFacts, AHolderOnAnotherTimelineHasANewAuthority) {
  auto sample = healthy();
  sample.nodes[0].timeline = 3;
  auto state = held_by("n1");
  EXPECT_EQ(observe(state, sample),
            "n1 went from timeline 1 to 3 as the holder of write authority; fencing epoch 6");
  EXPECT_EQ(state.timeline, 3U);
  expect_unmoved(state, sample);
}

TEST(PostgresqlSightFacts, AnIntentHasTheCheckpointOfADemotionOnRecordOnly) {
  auto state = held_by("");
  state.demoted_epoch = 5;
  state.acknowledged = kCheckpoint;
  state.timeline = 7;
  const RequestId request{{HistoryId{{1}}, 1, 1, 100, 1}, 5, true};
  const auto intent = intent_of(state, Action::promote, "n2", request);
  EXPECT_EQ(intent.shutdown_checkpoint, kCheckpoint);
  EXPECT_EQ(intent.timeline, 7U);
  EXPECT_EQ(intent.last_primary, "n1");
  EXPECT_EQ(intent.own, std::vector<RequestId>{request});
  state.demoted_epoch = 0;
  EXPECT_EQ(intent_of(state, Action::promote, "n2", {}).shutdown_checkpoint, 0U);
}

TEST(PostgresqlSightFacts, ASnapshotAgreesWithItselfWhateverWasSeen) {
  auto sample = healthy();
  sample.nodes[2].position -= 0x40;
  sample.nodes[1] = silent("n2");
  sample.nodes[0].at_ms = 60'000;
  for (const auto* holder : {"", "n1", "n2", "n9"}) {
    auto state = held_by(holder);
    state.nodes["n9"].host = "gone";
    const auto made = snapshot_of(state, sample, 77, 60'010);
    EXPECT_EQ(snapshot_fault(made), std::nullopt) << holder;
    ASSERT_EQ(made.nodes.size(), 4U);
    EXPECT_EQ(made.snapshot, 77U);
  }
  const auto made = snapshot_of(held_by("n1"), sample, 77, 60'010);
  EXPECT_EQ(made.nodes[0].reported, NodeRole::primary);
  EXPECT_EQ(made.nodes[0].state, "running");
  EXPECT_EQ(made.nodes[0].report_age_ms, 10U);
  EXPECT_EQ(made.nodes[1].reported, NodeRole::none);
  EXPECT_TRUE(made.nodes[1].stale);
  EXPECT_EQ(made.nodes[1].state, "no answer");
  EXPECT_EQ(made.nodes[2].state, "streaming from n1");
  EXPECT_EQ(made.nodes[2].lag, 0x40U);
  EXPECT_FALSE(made.nodes[2].stale);
}

TEST(PostgresqlSightFacts, StatesAreShortAndSayWhatIsKnown) {
  auto sample = healthy();
  const auto state = [&](std::size_t i) { return state_text(sample, sample.nodes[i]); };
  sample.nodes[1].replay_paused = true;
  EXPECT_EQ(state(1), "streaming from n1, replay paused");
  sample.nodes[1].receiver.reset();
  EXPECT_EQ(state(1), "in recovery, no receiver, replay paused");
  sample.nodes[1] = stopped("n2", NodeRole::replica);
  EXPECT_EQ(state(1), "stopped");
  sample.nodes[1] = silent("n2");
  sample.nodes[1].timed_out = false;
  EXPECT_EQ(state(1), "unreachable");
  sample.nodes[1].sqlstate = "57P03";
  EXPECT_EQ(state(1), "refuses: 57P03");
  sample.nodes[2].receiver->status = std::string(200, 'x');
  EXPECT_LE(state(2).size(), 64U);
}

TEST(PostgresqlSightFacts, AMemoryTellsTheAgeOfTheLastWordAndNothingElse) {
  Memory memory;
  auto sample = healthy();
  for (auto& node : sample.nodes) node.at_ms = sample.began_ms + 1;
  memory.note(sample);
  EXPECT_EQ(sample.nodes[0].last_seen, std::nullopt);
  sample = primary_gone();
  sample.began_ms += 12'035;
  memory.note(sample);
  EXPECT_EQ(sample.nodes[0].last_seen, (LastSeen{false, 1, kHere, 12'034}));
  EXPECT_FALSE(sample.nodes[0].answered);
  EXPECT_EQ(sample.nodes[1].last_seen, std::nullopt);
}

TEST(PostgresqlSightFacts, ASenderIsRecognisedInAnySpellingOfItsAddress) {
  auto upstream = primary("n1");
  upstream.streamers.clear();
  auto one = standby("n2");
  stream(one, upstream);
  const auto streams = [&](const std::string& host, const std::string& sender, int port) {
    upstream.host = host;
    one.receiver->sender_host = sender;
    one.receiver->sender_port = static_cast<std::uint64_t>(port);
    upstream.streamers.clear();
    return streams_from(one, upstream);
  };
  EXPECT_TRUE(streams("[::1]:5432", "::1", 5432));
  EXPECT_TRUE(streams("[2001:db8::1]:5432", "2001:DB8:0:0::1", 5432));
  EXPECT_TRUE(streams("N1.example:5432", "n1.example", 5432));
  EXPECT_FALSE(streams("[::1]:5432", "::1", 5433));
  EXPECT_FALSE(streams("[::1]:5432", "::2", 5432));
}

}  // namespace
}  // namespace aeromq::postgresql
