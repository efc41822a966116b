// Every check: what lets it pass, what makes it fail, who may override it, and its words.
#include <gmock/gmock.h>

#include "kernel/postgresql/sight/checks.h"
#include "kernel/postgresql/sight/evidence.h"
#include "kernel/rejection.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;
using Codes = std::vector<std::string>;

const ClusterRules kAsynchronous{kSystem, ""};
const ClusterRules kSynchronous{kSystem, "ANY 1 (n1,n2,n3)"};

ClusterSample with_setting(ClusterSample sample) {
  for (auto& node : sample.nodes)
    if (node.answered) node.synchronous_standby_names = kSynchronous.synchronous_standby_names;
  return sample;
}

std::optional<Check> find(const std::vector<Check>& all, const std::string& code) {
  for (const auto& check : all)
    if (check.code == code) return check;
  return std::nullopt;
}

Check get(const ClusterSample& sample, const Intent& intent, const std::string& code,
          const ClusterRules& rules = kAsynchronous) {
  const auto found = find(checks(sample, intent, rules), code);
  EXPECT_TRUE(found) << code << " is not among the checks";
  return found.value_or(Check{});
}

Codes failing(const ClusterSample& sample, const Intent& intent,
              const ClusterRules& rules = kAsynchronous) {
  Codes codes;
  for (const auto& check : checks(sample, intent, rules))
    if (!check.passes) codes.push_back(check.code);
  return codes;
}

Intent force(const std::string& node = "n2") { return wish(Action::force_promote, node); }
Intent demotion(const std::string& node = "n1") { return wish(Action::demote, node); }

TEST(PostgresqlSightChecks, ADemotionOfAHealthyClusterPasses) {
  EXPECT_EQ(failing(healthy(), demotion()), Codes{});
  EXPECT_EQ(failing(with_setting(healthy()), demotion(), kSynchronous), Codes{});
}

TEST(PostgresqlSightChecks, APromotionAfterADemotionInOrderPasses) {
  EXPECT_EQ(failing(demoted(), promotion()), Codes{});
  EXPECT_EQ(failing(with_setting(demoted()), promotion(), kSynchronous), Codes{});
}

TEST(PostgresqlSightChecks, AnOlderAgentAnywhereForbidsEveryChange) {
  for (const auto& intent : {promotion(), demotion(), force()}) {
    EXPECT_EQ(get(healthy(), intent, "AGENT_TOO_OLD").text,
              "every agent that answered speaks protocol 2");
    auto sample = healthy();
    sample.nodes[1].agent->protocol = 0;
    const auto check = get(sample, intent, "AGENT_TOO_OLD");
    EXPECT_FALSE(check.passes);
    EXPECT_FALSE(check.overridable);
    EXPECT_EQ(check.text,
              "the agent of n2 is of an older version (protocol 1); this kernel needs 2");
    sample.nodes[1].agent.reset();
    EXPECT_TRUE(get(sample, intent, "AGENT_TOO_OLD").passes) << "silence is another check's";
  }
}

TEST(PostgresqlSightChecks, EachActionHasItsChecksOnceAndInOrder) {
  const auto codes = [](const Intent& intent, const ClusterRules& rules) {
    Codes all;
    for (const auto& check : checks(healthy(), intent, rules)) all.push_back(check.code);
    return all;
  };
  const Codes common{"NODE_UNKNOWN",           "TARGET_UNREACHABLE", "AGENT_TOO_OLD",
                     "UNSETTLED_REQUEST",      "SYSTEM_ID_MISMATCH", "MEMBERS_DIFFER",
                     "HOLDER_NOT_IN_SETTINGS", "IDENTITY_MISMATCH",  "IDENTITY_UNPROVEN",
                     "EVIDENCE_CONTRADICTS",   "MANAGER_AT_WORK",    "VERSION_NOT_TRIED"};
  const auto plus = [&](Codes more) {
    more.insert(more.begin(), common.begin(), common.end());
    return more;
  };
  EXPECT_EQ(codes(promotion(), kAsynchronous),
            plus({"NOT_A_STANDBY", "PROMOTION_PENDING", "WRITABLE_PRIMARY_EXISTS",
                  "UNLISTED_SENDER", "NODE_STATE_UNKNOWN", "TIMELINE_BEHIND", "PREFIX_VIOLATION",
                  "SHUTDOWN_CHECKPOINT_NOT_PASSED", "ACKNOWLEDGED_WRITES_UNPROVEN",
                  "REPLAY_BLOCKED", "TARGET_DISK_FULL"}));
  EXPECT_EQ(codes(force(), kSynchronous),
            plus({"NOT_A_STANDBY", "PROMOTION_PENDING", "WRITABLE_PRIMARY_EXISTS",
                  "UNLISTED_SENDER", "PRIMARY_ALIVE", "PRIMARY_NOT_PROVABLY_DOWN",
                  "SILENT_ADDRESS_ACCEPTS", "TIMELINE_BEHIND", "PREFIX_VIOLATION",
                  "SYNC_MEMBERS_UNSEEN", "REPLAY_BLOCKED", "TARGET_DISK_FULL"}));
  EXPECT_EQ(codes(demotion(), kAsynchronous),
            plus({"NOT_PRIMARY", "WRITABLE_PRIMARY_EXISTS", "NODE_STATE_UNKNOWN",
                  "NO_STREAMING_CANDIDATE", "CANNOT_START_AGAIN"}));
}

TEST(PostgresqlSightChecks, OnlyForceMayOverrideAndOnlyWhatNobodyCanSee) {
  Codes overridable;
  for (const auto& intent : {promotion(), demotion()})
    for (const auto& check : checks(primary_gone(), intent, kAsynchronous))
      EXPECT_FALSE(check.overridable) << check.code;
  for (const auto& check : checks(primary_gone(), force(), kAsynchronous))
    if (check.overridable) overridable.push_back(check.code);
  EXPECT_EQ(overridable, (Codes{"IDENTITY_UNPROVEN", "PRIMARY_NOT_PROVABLY_DOWN",
                                "SILENT_ADDRESS_ACCEPTS", "ACKNOWLEDGED_WRITES_UNPROVEN"}));
}

TEST(PostgresqlSightChecks, EqualSamplesGiveEqualWords) {
  for (const auto& intent : {promotion(), force(), demotion()}) {
    EXPECT_EQ(checks(primary_gone(), intent, kSynchronous),
              checks(primary_gone(), intent, kSynchronous));
    EXPECT_EQ(not_checked(primary_gone(), intent, kSynchronous),
              not_checked(primary_gone(), intent, kSynchronous));
  }
}

TEST(PostgresqlSightChecks, OfAnUnknownNodeNothingElseIsSaid) {
  const auto all = checks(healthy(), promotion("n9"), kAsynchronous);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front(),
            (Check{"NODE_UNKNOWN", "P6-F1", "n9 is not in the settings", false, false}));
}

TEST(PostgresqlSightChecks, TargetAndItsAgentMustAnswer) {
  auto sample = demoted();
  sample.nodes[1].agent.reset();
  sample.nodes[1].agent_error = "nobody listens";
  auto check = get(sample, promotion(), "TARGET_UNREACHABLE");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text,
            "n2 answered as a standby, timeline 1 at 0/4000100; the agent of n2 did not "
            "answer: nobody listens");
  sample = demoted();
  sample.nodes[1].answered = false;
  sample.nodes[1].error = "FATAL:  the database system is starting up";
  sample.nodes[1].sqlstate = "57P03";
  check = get(sample, promotion(), "TARGET_UNREACHABLE");
  EXPECT_FALSE(check.passes);
  EXPECT_THAT(check.text, HasSubstr("FATAL:  the database system is starting up (57P03)"));
  EXPECT_TRUE(get(demoted(), promotion(), "TARGET_UNREACHABLE").passes);
}

TEST(PostgresqlSightChecks, ASilentTargetFailsAllThatIsSaidOfIt) {
  auto sample = demoted();
  sample.nodes[1] = silent("n2");
  const auto codes = failing(sample, promotion());
  for (const auto* code : {"TARGET_UNREACHABLE", "NOT_A_STANDBY", "TIMELINE_BEHIND",
                           "PREFIX_VIOLATION", "SHUTDOWN_CHECKPOINT_NOT_PASSED"})
    EXPECT_THAT(codes, testing::Contains(code));
  EXPECT_THAT(failing(sample, demotion("n2")), testing::Contains("NOT_PRIMARY"));
}

TEST(PostgresqlSightChecks, AnOpenClaimBlocksAllButItsOwnRequest) {
  const RequestId request{{HistoryId{{1}}, 1, 1, 100, 1}, 5, true};
  auto sample = healthy();
  auto& agent = *sample.nodes[2].agent;
  agent.open_claim = {request};
  agent.open_action = "promote";
  agent.phase = "stopping";
  agent.open_ms = 12;
  const auto check = get(sample, demotion(), "UNSETTLED_REQUEST");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text, "the agent of n3 has begun promote for request " + request.text() +
                            " 12 ms before and not ended it (stopping)");
  auto own = demotion();
  own.own = {request};
  EXPECT_TRUE(get(sample, own, "UNSETTLED_REQUEST").passes);
  EXPECT_THAT(get(primary_gone(), force(), "UNSETTLED_REQUEST").text,
              HasSubstr("not known: the agent of n1"));
  // Who cannot read the files ends nothing; whether force may pass it is the kernel's to say.
  agent.durable_role = NodeRole::none;
  EXPECT_FALSE(get(sample, demotion(), "UNSETTLED_REQUEST").passes);
  EXPECT_TRUE(get(sample, force(), "UNSETTLED_REQUEST").passes);
}

TEST(PostgresqlSightChecks, AnAgentThatCannotReadItsServersFilesProvesNothing) {
  auto sample = primary_gone();
  auto& agent = sample.nodes[0].agent.emplace();
  agent.protocol = kAgentProtocol;
  EXPECT_FALSE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
  agent.durable_role = NodeRole::primary;
  EXPECT_FALSE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
  agent.system_identifier = sample.nodes[1].system_identifier;
  EXPECT_TRUE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
  agent.durable_role = NodeRole::none;
  EXPECT_FALSE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
}

TEST(PostgresqlSightChecks, AServerThatRefusesToAnswerIsAlive) {
  auto sample = primary_gone();
  EXPECT_TRUE(get(sample, force(), "PRIMARY_ALIVE").passes);
  // Whatever the words are: an octet came back. Libpq's own refusals have no SQLSTATE.
  sample.nodes[0].spoke = sample.nodes[0].tcp_accepted = true;
  for (const auto* words :
       {"FATAL:  sorry, too many clients already", "fe_sendauth: no password supplied",
        "SSL error: certificate verify failed"}) {
    sample.nodes[0].error = words;
    const auto check = get(sample, force(), "PRIMARY_ALIVE");
    EXPECT_FALSE(check.passes);
    EXPECT_FALSE(check.overridable);
    EXPECT_EQ(check.text, std::string("a server speaks at the address of n1: ") + words);
  }
  // Words alone are no sign: nothing came from there.
  sample.nodes[0].spoke = sample.nodes[0].tcp_accepted = false;
  EXPECT_TRUE(get(sample, force(), "PRIMARY_ALIVE").passes);
}

TEST(PostgresqlSightChecks, AllServersAreOneSystem) {
  auto sample = demoted();
  EXPECT_TRUE(get(sample, promotion(), "SYSTEM_ID_MISMATCH", {0, ""}).passes);
  EXPECT_FALSE(get(sample, promotion(), "SYSTEM_ID_MISMATCH", {kSystem + 1, ""}).passes);
  sample.nodes[2].system_identifier = 7002;
  const auto check = get(sample, promotion(), "SYSTEM_ID_MISMATCH", {0, ""});
  EXPECT_FALSE(check.passes);
  EXPECT_THAT(check.text, HasSubstr("n3 has 7002"));
  sample = demoted();
  sample.nodes[1].agent->system_identifier = 7003;
  EXPECT_FALSE(get(sample, promotion(), "SYSTEM_ID_MISMATCH", {0, ""}).passes);
}

TEST(PostgresqlSightChecks, AnotherManagerAtWorkRefuses) {
  EXPECT_TRUE(get(demoted(), promotion(), "MANAGER_AT_WORK").passes);
  auto sample = demoted();
  sample.nodes[0].managers = {"Patroni restapi"};
  EXPECT_EQ(get(sample, promotion(), "MANAGER_AT_WORK").text,
            "a session of Patroni restapi is on n1");
  sample = demoted();
  sample.nodes[2].agent->manager = "repmgrd (pid 77)";
  EXPECT_THAT(failing(sample, promotion()), testing::Contains("MANAGER_AT_WORK"));
  EXPECT_THAT(failing(sample, force()), testing::Contains("MANAGER_AT_WORK"));
}

TEST(PostgresqlSightChecks, OnlyAStandbyIsPromoted) {
  auto sample = demoted();
  EXPECT_TRUE(get(sample, promotion(), "NOT_A_STANDBY").passes);
  sample.nodes[1].agent->durable_role = NodeRole::primary;
  EXPECT_EQ(get(sample, promotion(), "NOT_A_STANDBY").text,
            "n2 is in recovery, but standby.signal is not there");
  EXPECT_FALSE(get(healthy(), promotion("n1"), "NOT_A_STANDBY").passes);
}

TEST(PostgresqlSightChecks, OnlyAPrimaryIsDemoted) {
  EXPECT_TRUE(get(healthy(), demotion(), "NOT_PRIMARY").passes);
  const auto check = get(healthy(), demotion("n2"), "NOT_PRIMARY");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text, "n2 is in recovery, as a standby");
}

TEST(PostgresqlSightChecks, APendingPromotionAnywhereRefuses) {
  EXPECT_TRUE(get(demoted(), promotion(), "PROMOTION_PENDING").passes);
  auto sample = demoted();
  sample.nodes[2].agent->promote_signal = true;
  EXPECT_EQ(get(sample, promotion(), "PROMOTION_PENDING").text, "a promotion is pending on n3");
  EXPECT_THAT(failing(sample, force()), testing::Contains("PROMOTION_PENDING"));
}

TEST(PostgresqlSightChecks, ASecondWriterRefusesEverything) {
  EXPECT_THAT(failing(healthy(), promotion()), testing::Contains("WRITABLE_PRIMARY_EXISTS"));
  EXPECT_THAT(failing(healthy(), force()), testing::Contains("WRITABLE_PRIMARY_EXISTS"));
  EXPECT_TRUE(get(healthy(), demotion(), "WRITABLE_PRIMARY_EXISTS").passes);
  auto sample = healthy();
  sample.nodes[1] = primary("n2");
  EXPECT_EQ(get(sample, demotion(), "WRITABLE_PRIMARY_EXISTS").text,
            "n2 is a primary, timeline 1 at 0/4000100");
  // It lets nobody in, and its agent sees what it is.
  sample = demoted();
  sample.nodes[0] = silent("n1");
  sample.nodes[0].agent = agent_of("n1", NodeRole::primary);
  EXPECT_EQ(get(sample, promotion(), "WRITABLE_PRIMARY_EXISTS").text,
            "n1 did not answer, but its agent sees it run as a primary (in production)");
  EXPECT_FALSE(get(sample, force(), "WRITABLE_PRIMARY_EXISTS").passes);
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  EXPECT_TRUE(get(sample, promotion(), "WRITABLE_PRIMARY_EXISTS").passes);
}

TEST(PostgresqlSightChecks, APromotionNeedsEveryStateKnown) {
  auto sample = demoted();
  sample.nodes[0] = silent("n1");
  const auto check = get(sample, promotion(), "NODE_STATE_UNKNOWN");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text,
            "n1 did not answer: no answer within 1000 ms; the agent of n1 did not "
            "answer: nobody listens");
  // An agent's word that it runs, as whatever, leaves its state unknown; that it is stopped not.
  sample.nodes[0] = stopped("n1", NodeRole::replica);
  EXPECT_TRUE(get(sample, promotion(), "NODE_STATE_UNKNOWN").passes);
  sample.nodes[0].agent->running = true;
  EXPECT_FALSE(get(sample, promotion(), "NODE_STATE_UNKNOWN").passes);
}

// Seen on real servers: an agent that went by a process's name said "stopped", while the server
// refused in PostgreSQL's words and two standbys streamed from it. Two primaries, without force.
TEST(PostgresqlSightChecks, NoProofStandsAgainstASignOfLife) {
  const auto proven = [] {
    auto sample = demoted();
    sample.nodes[0] = stopped("n1", NodeRole::primary);
    return sample;
  };
  EXPECT_TRUE(get(proven(), promotion(), "NODE_STATE_UNKNOWN").passes);
  EXPECT_TRUE(get(proven(), promotion(), "EVIDENCE_CONTRADICTS").passes);
  const auto refused = [&](const ClusterSample& sample, const std::string& words) {
    for (const auto& intent : {promotion(), force()}) {
      const auto check = get(sample, intent, "EVIDENCE_CONTRADICTS");
      EXPECT_FALSE(check.passes);
      EXPECT_FALSE(check.overridable);
      EXPECT_THAT(check.text, HasSubstr("the agent of n1 says that no server runs there"));
      EXPECT_THAT(check.text, HasSubstr(words));
    }
    EXPECT_FALSE(get(sample, promotion(), "NODE_STATE_UNKNOWN").passes);
    EXPECT_FALSE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
    EXPECT_FALSE(get(sample, force(), "PRIMARY_ALIVE").passes);
  };
  auto sample = proven();
  sample.nodes[0].tcp_accepted = sample.nodes[0].spoke = true;
  refused(sample, "a server speaks at 127.0.0.1:5431");
  sample = proven();
  sample.nodes[2].receiver = healthy().nodes[2].receiver;
  refused(sample, "n3 received from it less than 40000 ms ago");
  // What is older than that says nothing: the sender may have gone at any moment since.
  sample.nodes[2].receiver->quiet_ms = kReceiverFreshMs;
  EXPECT_TRUE(get(sample, promotion(), "EVIDENCE_CONTRADICTS").passes);
  EXPECT_TRUE(get(sample, promotion(), "NODE_STATE_UNKNOWN").passes);
}

TEST(PostgresqlSightChecks, AnAcceptedConnectionIsARiskOfItsOwn) {
  auto sample = primary_gone();
  EXPECT_TRUE(get(sample, force(), "SILENT_ADDRESS_ACCEPTS").passes);
  sample.nodes[0].tcp_accepted = true;
  const auto check = get(sample, force(), "SILENT_ADDRESS_ACCEPTS");
  EXPECT_FALSE(check.passes);
  EXPECT_TRUE(check.overridable);
  EXPECT_THAT(check.text, HasSubstr("a connection to 127.0.0.1:5431 (n1) is accepted"));
  EXPECT_TRUE(get(sample, force(), "PRIMARY_ALIVE").passes);
  // With its agent's word that nothing runs it is a contradiction, which only force may pass.
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  sample.nodes[0].tcp_accepted = true;
  EXPECT_FALSE(get(sample, promotion(), "EVIDENCE_CONTRADICTS").passes);
  EXPECT_TRUE(get(sample, force(), "EVIDENCE_CONTRADICTS").passes);
  EXPECT_FALSE(get(sample, force(), "SILENT_ADDRESS_ACCEPTS").passes);
}

TEST(PostgresqlSightChecks, WhatAnswersMustBeTheServerBesideTheAgent) {
  const auto fault = [](auto change) {
    auto sample = demoted();
    change(sample.nodes[2]);
    const auto check = get(sample, promotion(), "IDENTITY_MISMATCH");
    EXPECT_FALSE(get(sample, force(), "IDENTITY_MISMATCH").overridable);
    EXPECT_FALSE(get(sample, demotion("n3"), "IDENTITY_MISMATCH").passes);
    return check.passes ? "" : check.text;
  };
  EXPECT_TRUE(get(demoted(), promotion(), "IDENTITY_MISMATCH").passes);
  EXPECT_EQ(fault([](NodeSample& node) { node.own_port = 5999; }),
            "the server that answers at 127.0.0.1:5433 has port 5999, the one beside the agent of "
            "n3 has port 5433");
  EXPECT_THAT(fault([](NodeSample& node) { node.data_directory = "/data/n2"; }),
              HasSubstr("has the data directory /data/n2"));
  EXPECT_THAT(fault([](NodeSample& node) { node.started_ms += kStartToleranceMs; }),
              HasSubstr("started at"));
  EXPECT_THAT(fault([](NodeSample& node) { node.agent->server = {}; }), HasSubstr("does not run"));
  auto late = demoted();
  late.nodes[2].started_ms = kBegan - kStartToleranceMs;
  EXPECT_TRUE(get(late, promotion(), "IDENTITY_MISMATCH").passes);
}

TEST(PostgresqlSightChecks, WhoAnswersWithoutAnAgentIsNotIdentified) {
  EXPECT_TRUE(get(demoted(), promotion(), "IDENTITY_UNPROVEN").passes);
  auto sample = demoted();
  sample.nodes[2].agent.reset();
  EXPECT_EQ(get(sample, promotion(), "IDENTITY_UNPROVEN").text,
            "no agent shows that the server that answers is the node's own: n3");
  EXPECT_FALSE(get(sample, promotion(), "IDENTITY_UNPROVEN").passes);
  EXPECT_TRUE(get(sample, force(), "IDENTITY_UNPROVEN").overridable);
  // An agent of the first version does not tell, and its own target force does not pass either.
  sample = demoted();
  sample.nodes[1].agent->protocol = 0;
  EXPECT_FALSE(get(sample, force(), "IDENTITY_UNPROVEN").passes);
  EXPECT_FALSE(get(sample, force(), "IDENTITY_UNPROVEN").overridable);
}

TEST(PostgresqlSightChecks, ADemotionSaysWhoIsUnknownAndGoesOn) {
  auto sample = healthy();
  sample.nodes[2] = silent("n3");
  const auto check = get(sample, demotion(), "NODE_STATE_UNKNOWN");
  EXPECT_TRUE(check.passes);
  EXPECT_THAT(check.text, HasSubstr("n3 did not answer"));
  EXPECT_THAT(check.text, HasSubstr("a promotion after this demotion is rejected"));
}

TEST(PostgresqlSightChecks, EvidenceOfLifeRefusesForce) {
  EXPECT_TRUE(get(primary_gone(), force(), "PRIMARY_ALIVE").passes);
  auto sample = primary_gone();
  sample.nodes[2].receiver = healthy().nodes[2].receiver;
  auto check = get(sample, force(), "PRIMARY_ALIVE");
  EXPECT_FALSE(check.passes);
  EXPECT_FALSE(check.overridable);
  EXPECT_EQ(check.text, "n1 did not answer, but n3 still streams from it");

  sample = primary_gone();
  sample.nodes[0].agent = agent_of("n1", NodeRole::primary);
  EXPECT_EQ(get(sample, force(), "PRIMARY_ALIVE").text,
            "n1 did not answer, but its agent says that it runs, without standby.signal");
  sample.nodes[0].agent = agent_of("n1", NodeRole::replica);
  EXPECT_TRUE(get(sample, force(), "PRIMARY_ALIVE").passes);

  // A stranger that somebody streams from may be the silent one under another address.
  sample = primary_gone();
  sample.nodes[2].receiver = healthy().nodes[2].receiver;
  sample.nodes[2].receiver->sender_host = "10.9.9.9";
  EXPECT_FALSE(get(sample, force(), "PRIMARY_ALIVE").passes);
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  EXPECT_TRUE(get(sample, force(), "PRIMARY_ALIVE").passes);
  // A primary under whose hands somebody put a standby.signal is no standby.
  sample = primary_gone();
  sample.nodes[0].agent = agent_of("n1", NodeRole::replica);
  sample.nodes[0].agent->control_state = "in production";
  EXPECT_FALSE(get(sample, force(), "PRIMARY_ALIVE").passes);
  // Processes that outlived their postmaster may still write.
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  sample.nodes[0].agent->server.attached = 2;
  EXPECT_FALSE(get(sample, force(), "PRIMARY_ALIVE").passes);
}

TEST(PostgresqlSightChecks, ATimeoutIsNoProofThatAServerIsDown) {
  auto check = get(primary_gone(), force(), "PRIMARY_NOT_PROVABLY_DOWN");
  EXPECT_FALSE(check.passes);
  EXPECT_TRUE(check.overridable);
  EXPECT_THAT(check.text, HasSubstr("silence is no proof that a server stopped"));
  auto sample = primary_gone();
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  EXPECT_TRUE(get(sample, force(), "PRIMARY_NOT_PROVABLY_DOWN").passes);
}

TEST(PostgresqlSightChecks, EverySurvivorMustBeOnTheTargetsAncestry) {
  auto sample = demoted();
  EXPECT_TRUE(get(sample, promotion(), "TIMELINE_BEHIND").passes);
  // The target is ahead: n1 and n3 stayed on timeline 1 and left it in time.
  sample.nodes[1].timeline = 2;
  sample.nodes[1].ancestors = {{1, kHere}};
  EXPECT_TRUE(get(sample, promotion(), "TIMELINE_BEHIND").passes);
  sample.nodes[1].ancestors = {{1, kHere - 1}};
  const auto check = get(sample, promotion(), "TIMELINE_BEHIND");
  EXPECT_FALSE(check.passes);
  EXPECT_THAT(check.text,
              HasSubstr("n3 is on timeline 1 at 0/4000100; n2 left timeline 1 at 0/40000FF"));
  // A higher number, and a fork all the same.
  sample = demoted();
  sample.nodes[1].timeline = 3;
  sample.nodes[1].ancestors = {{1, kHere}};
  sample.nodes[2].timeline = 2;
  EXPECT_THAT(get(sample, promotion(), "TIMELINE_BEHIND").text,
              HasSubstr("n2 is on timeline 3 and never was on that one"));
  EXPECT_FALSE(get(sample, force(), "TIMELINE_BEHIND").overridable);
}

TEST(PostgresqlSightChecks, NobodyMayBeAheadOfTheTarget) {
  EXPECT_TRUE(get(demoted(), promotion(), "PREFIX_VIOLATION").passes);
  auto sample = demoted();
  sample.nodes[2].position = kHere + 8;
  const auto check = get(sample, promotion(), "PREFIX_VIOLATION");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text, "n2 is at 0/4000100; n3 is at 0/4000108, 8 octets ahead");
  EXPECT_THAT(failing(sample, force()), testing::Contains("PREFIX_VIOLATION"));
  EXPECT_TRUE(get(sample, promotion("n3"), "PREFIX_VIOLATION").passes);
}

TEST(PostgresqlSightChecks, TheTargetMustBeStrictlyPastTheShutdownCheckpoint) {
  auto intent = promotion();
  EXPECT_TRUE(get(demoted(), intent, "SHUTDOWN_CHECKPOINT_NOT_PASSED").passes);
  intent.shutdown_checkpoint = kHere;
  auto check = get(demoted(), intent, "SHUTDOWN_CHECKPOINT_NOT_PASSED");
  EXPECT_FALSE(check.passes);
  EXPECT_EQ(check.text,
            "n1 shut down with its checkpoint at 0/4000100 on timeline 1; n2 is on "
            "timeline 1 at 0/4000100");
  // Force has it if it is known, and may not override it.
  auto forced = force();
  forced.shutdown_checkpoint = kHere;
  EXPECT_FALSE(get(demoted(), forced, "SHUTDOWN_CHECKPOINT_NOT_PASSED").passes);
  EXPECT_FALSE(get(demoted(), forced, "SHUTDOWN_CHECKPOINT_NOT_PASSED").overridable);
  EXPECT_FALSE(find(checks(demoted(), force(), kAsynchronous), "SHUTDOWN_CHECKPOINT_NOT_PASSED"));
  // Past it in octets, on another timeline.
  intent = promotion();
  intent.timeline = 2;
  EXPECT_FALSE(get(demoted(), intent, "SHUTDOWN_CHECKPOINT_NOT_PASSED").passes);
}

TEST(PostgresqlSightChecks, EnoughSynchronousMembersMustBeSeen) {
  const auto seen = with_setting(primary_gone());
  const auto code = "SYNC_MEMBERS_UNSEEN";
  auto check = get(seen, force(), code, kSynchronous);
  EXPECT_TRUE(check.passes);
  EXPECT_EQ(check.text, "each commit waits for 1 of n1, n2 and n3; all of them were seen");
  // One of the two that may have confirmed is silent too.
  auto sample = seen;
  sample.nodes[2] = silent("n3");
  check = get(sample, force(), code, kSynchronous);
  EXPECT_FALSE(check.passes);
  EXPECT_FALSE(check.overridable);
  EXPECT_THAT(check.text, HasSubstr("not seen: n3"));
  // Two of two confirm: one of them is enough, and not less.
  const ClusterRules both{kSystem, "ANY 2 (n1,n2,n3)"};
  for (auto& node : sample.nodes) node.synchronous_standby_names = both.synchronous_standby_names;
  EXPECT_TRUE(get(sample, force(), code, both).passes);
  // Not known who was primary: then n1 may have confirmed.
  auto nobody = force();
  nobody.last_primary.clear();
  EXPECT_FALSE(get(seen, nobody, code, kSynchronous).passes);
  EXPECT_FALSE(find(checks(seen, force(), kAsynchronous), code));
}

TEST(PostgresqlSightChecks, SynchronousMembersProveNothingUnderOtherSettings) {
  const auto code = "SYNC_MEMBERS_UNSEEN";
  auto sample = with_setting(primary_gone());
  sample.nodes[2].synchronous_standby_names = "";
  EXPECT_EQ(get(sample, force(), code, kSynchronous).text,
            "n3 has synchronous_standby_names '', declared is 'ANY 1 (n1,n2,n3)'");
  sample = with_setting(primary_gone());
  sample.nodes[1].synchronous_commit = "local";
  EXPECT_EQ(get(sample, force(), code, kSynchronous).text, "n2 has synchronous_commit local");
  sample = primary_gone();
  for (auto& node : sample.nodes) node.synchronous_standby_names = "*";
  EXPECT_FALSE(get(sample, force(), code, {kSystem, "*"}).passes);
  sample = with_setting(primary_gone());
  sample.nodes[2].position += 8;
  EXPECT_FALSE(get(sample, force(), code, kSynchronous).passes);
  EXPECT_TRUE(get(sample, force("n3"), code, kSynchronous).passes);
  // A demotion in order needs none of it.
  EXPECT_TRUE(get(demoted(), promotion(), code, kSynchronous).passes);
}

TEST(PostgresqlSightChecks, AsynchronousWritesAreProvenByADemotionInOrderAlone) {
  const auto code = "ACKNOWLEDGED_WRITES_UNPROVEN";
  EXPECT_TRUE(get(demoted(), promotion(), code).passes);
  auto check = get(demoted(), wish(Action::promote, "n2"), code);
  EXPECT_FALSE(check.passes);
  EXPECT_FALSE(check.overridable);
  check = get(primary_gone(), force(), code);
  EXPECT_FALSE(check.passes);
  EXPECT_TRUE(check.overridable);
  EXPECT_THAT(check.text, HasSubstr("acknowledged writes may be lost, amount unknown"));
  // A later checkpoint on any disk: somebody wrote after the demotion.
  auto sample = demoted();
  sample.nodes[0].agent->checkpoint = kCheckpoint;
  EXPECT_TRUE(get(sample, promotion(), code).passes);
  sample.nodes[0].agent->checkpoint = kCheckpoint + 0x1000;
  EXPECT_FALSE(get(sample, promotion(), code).passes);
  // A primary on any disk: it may have written, and died before a checkpoint.
  sample = demoted();
  sample.nodes[0].agent->durable_role = NodeRole::primary;
  EXPECT_FALSE(get(sample, promotion(), code).passes);
}

TEST(PostgresqlSightChecks, ALossIsToldWithWhatIsKnownOfIt) {
  auto sample = primary_gone();
  sample.nodes[0].last_seen = LastSeen{false, 1, kHere + 0x98, 12034};
  const auto check = get(sample, force(), "ACKNOWLEDGED_WRITES_UNPROVEN");
  EXPECT_THAT(check.text, HasSubstr("n1 was last seen as a primary at 0/4000198, 12034 ms before, "
                                    "152 octets beyond n2's 0/4000100"));
  EXPECT_THAT(not_checked(sample, force(), kAsynchronous),
              testing::Contains(HasSubstr("12034 ms before")));
  sample.nodes[0] = stopped("n1", NodeRole::primary);
  sample.nodes[0].agent->checkpoint = kHere + 0x10;
  EXPECT_THAT(get(sample, force(), "ACKNOWLEDGED_WRITES_UNPROVEN").text,
              HasSubstr("the control file of n1 has its last checkpoint at 0/4000110 (shut down), "
                        "16 octets beyond n2's 0/4000100"));
}

TEST(PostgresqlSightChecks, ADemotionNeedsAStandbyThatStreams) {
  EXPECT_EQ(get(healthy(), demotion(), "NO_STREAMING_CANDIDATE").text,
            "n2 and n3 stream from n1 on its timeline");
  auto sample = healthy();
  sample.nodes[1].receiver.reset();
  sample.nodes[2].receiver->status = "waiting";
  EXPECT_FALSE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
  sample = healthy();
  sample.nodes[1].timeline = sample.nodes[2].timeline = 2;
  EXPECT_FALSE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
  // Configured under another address than the standby connects to: the sender's list tells.
  sample = healthy();
  sample.nodes[1].receiver->sender_host = "db1.example";
  sample.nodes[2] = silent("n3");
  EXPECT_TRUE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
  sample.nodes[0].streamers.clear();
  EXPECT_FALSE(get(sample, demotion(), "NO_STREAMING_CANDIDATE").passes);
}

TEST(PostgresqlSightChecks, WhatNoCheckCoversFitsASnapshot) {
  ClusterSample sample;
  for (int i = 10; i < 42; ++i) sample.nodes.push_back(silent("n" + std::to_string(i)));
  sample.nodes[0] = standby("n10");
  for (auto& node : sample.nodes) node.last_seen = LastSeen{};
  sample.nodes[0].replay_paused = true;
  const auto lines = not_checked(sample, force("n10"), kSynchronous);
  EXPECT_LE(lines.size(), 8U);
  for (const auto& line : lines) EXPECT_LE(line.size(), 256U);
  for (const auto& check : checks(sample, force("n10"), kSynchronous))
    EXPECT_LE(check.text.size(), 1024U) << check.code;
}

TEST(PostgresqlSightChecks, AForceIsRejectedUntilEachOfItsRisksIsAcknowledged) {
  const auto all = checks(primary_gone(), force(), kAsynchronous);
  const auto reason = kernel::objection(all, {"PRIMARY_NOT_PROVABLY_DOWN"});
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code, "FACTS_CHANGED");
  EXPECT_THAT(reason->text, HasSubstr("ACKNOWLEDGED_WRITES_UNPROVEN fails now"));
  EXPECT_EQ(kernel::objection(all, {"PRIMARY_NOT_PROVABLY_DOWN", "ACKNOWLEDGED_WRITES_UNPROVEN"}),
            std::nullopt);
  auto alive = primary_gone();
  alive.nodes[0] = primary("n1");
  EXPECT_EQ(kernel::objection(checks(alive, force(), kAsynchronous),
                              {"PRIMARY_NOT_PROVABLY_DOWN", "ACKNOWLEDGED_WRITES_UNPROVEN"})
                ->code,
            "WRITABLE_PRIMARY_EXISTS");
}

}  // namespace
}  // namespace aeromq::postgresql
