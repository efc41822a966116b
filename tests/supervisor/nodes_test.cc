// Members of a PostgreSQL cluster: the texts that change, what speaks against a removal, and that a
// change is whole or is not there.
#include <gmock/gmock.h>

#include <functional>

#include "kernel/postgresql/service/grants.h"
#include "kernel/register_kernel.h"
#include "process/files.h"
#include "supervisor/folder.h"
#include "supervisor/node_change.h"
#include "supervisor/node_removal.h"
#include "supervisor/node_verbs.h"
#include "tests/postgresql/sight_samples.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::supervisor {
namespace {

namespace fs = std::filesystem;
using namespace postgresql;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kText =
    "# ours\n[cluster]\nname = \"c\"  # a comment\n\n[kernel]\nkey = \"k\"\n\n"
    "[[node]]\nname = \"n1\"\nhost = \"h1\"\nagent_key = \"a1\"\n\n"
    "# the second one\n[[node]]\n  host = \"h2\"\n  name = 'n2' # here\nagent_key = \"a2\"\n\n"
    "[connection]\nuser = \"u\"\n";

TEST(NodeTexts, AMemberMoreStandsAtTheEnd) {
  const NodeSettings node{"n3", "h3", 5433, "tcp://h3:7433", "a3"};
  EXPECT_EQ(with_node(kText, node), kText +
                                        "\n[[node]]\nname = \"n3\"\nhost = \"h3\"\nport = 5433\n"
                                        "agent = \"tcp://h3:7433\"\nagent_key = \"a3\"\n");
  EXPECT_EQ(with_node("x = 1", node).substr(0, 7), "x = 1\n\n");
}

TEST(NodeTexts, AMemberLessTakesItsTableAndNothingElse) {
  EXPECT_EQ(without_node(kText, "n1").value(),
            "# ours\n[cluster]\nname = \"c\"  # a comment\n\n[kernel]\nkey = \"k\"\n\n"
            "# the second one\n[[node]]\n  host = \"h2\"\n  name = 'n2' # here\nagent_key = "
            "\"a2\"\n\n[connection]\nuser = \"u\"\n");
  EXPECT_THAT(without_node(kText, "n2").value(),
              HasSubstr("agent_key = \"a1\"\n\n# the second one\n\n[connection]"));
  EXPECT_FALSE(without_node(kText, "n3"));
  EXPECT_FALSE(without_node(kText, "c"));  // the cluster's name is no node's
  EXPECT_FALSE(without_node("node = [{name = \"n1\"}]\n", "n1"));
}

TEST(NodeTexts, AKeyChangesInItsTableAlone) {
  EXPECT_THAT(with_agent_key(kText, "n2", "new").value(),
              testing::AllOf(HasSubstr("agent_key = \"a1\""), HasSubstr("agent_key = \"new\""),
                             Not(HasSubstr("a2"))));
  EXPECT_FALSE(with_agent_key(kText, "n3", "new"));
  EXPECT_THAT(with_kernel_key(kText, "new").value(), HasSubstr("[kernel]\nkey = \"new\"\n"));
  EXPECT_FALSE(with_kernel_key("[cluster]\nkey = \"k\"\n", "new"));
}

TEST(NodeTexts, TheNamesOfTheControlPlanesFile) {
  EXPECT_EQ(with_cluster_nodes("[cluster]\nnodes = [\"a\", \"b\"]\nname = \"c\"\n", {"a"}),
            "[cluster]\nnodes = [\"a\"]\nname = \"c\"\n");
  EXPECT_EQ(with_cluster_nodes("[cluster]\nnodes = [\n  \"a\",\n  \"b\"\n]\n[x]\n", {"a", "c"}),
            "[cluster]\nnodes = [\"a\", \"c\"]\n[x]\n");
  EXPECT_EQ(with_cluster_nodes("[cluster]\nname = \"c\"\n[x]\nnodes = [1]\n", {"a"}),
            "[cluster]\nname = \"c\"\n[x]\nnodes = [1]\n");
}

RemovalFacts facts_of(const std::string& node) { return {node, "n1", "n1", {}, ""}; }

Grant grant_on(const std::string& node, GrantState state) {
  Grant grant;
  grant.act.node = node;
  grant.state = state;
  return grant;
}

TEST(NodeRemoval, AStandbyThatNobodyNeedsMayLeave) {
  const auto words = removal_words(healthy(), facts_of("n3"));
  EXPECT_THAT(words.against, IsEmpty());
  EXPECT_THAT(words.unknown, IsEmpty());
  auto down = healthy();
  down.nodes[2] = stopped("n3", NodeRole::replica);
  EXPECT_THAT(removal_words(down, facts_of("n3")).unknown, IsEmpty());
}

TEST(NodeRemoval, WhatSpeaksAgainstItOrIsNotKnown) {
  struct Row {
    const char* what;
    std::function<void(ClusterSample&, RemovalFacts&)> make;
    const char* against;  ///< a part of the words; empty: nothing
    const char* unknown;
  };
  const auto n3 = [](ClusterSample& sample) -> NodeSample& { return sample.nodes[2]; };
  const std::vector<Row> kRows{
      {"the holder", [](auto&, auto& facts) { facts.node = "n1"; }, "is the last primary", ""},
      {"the last primary", [](auto&, auto& facts) { facts.holder = "", facts.last_primary = "n3"; },
       "n3 is the last primary", ""},
      {"no primary is known", [](auto&, auto& facts) { facts.holder = facts.last_primary = ""; },
       "knows no last primary", ""},
      {"out of recovery", [&](auto& sample, auto&) { n3(sample).in_recovery = false; },
       "n3 is a primary", ""},
      {"others stream from it", [&](auto& sample, auto&) { stream(sample.nodes[1], n3(sample)); },
       "n2 streams from n3", ""},
      {"a stranger streams from it",
       [&](auto& sample, auto&) {
         Streamer one;
         one.application_name = "n9";
         one.state = "streaming";
         n3(sample).streamers.push_back(one);
       },
       "n9 streams from n3", ""},
      {"a grant is open",
       [](auto&, auto& facts) { facts.unsettled = {grant_on("n3", GrantState::open)}; },
       "is not settled", ""},
      {"a grant of another is open",
       [](auto&, auto& facts) { facts.unsettled = {grant_on("n2", GrantState::open)}; }, "", ""},
      {"a grant was set aside",
       [](auto&, auto& facts) { facts.unsettled = {grant_on("n3", GrantState::aside)}; }, "",
       "is not settled"},
      {"its agent has begun something",
       [&](auto& sample, auto&) {
         n3(sample).agent->open_claim.emplace_back();
         n3(sample).agent->open_action = "promote";
       },
       "has begun promote", ""},
      {"the settings name it for commits",
       [](auto&, auto& facts) { facts.synchronous_standby_names = "ANY 1 (n2, N3)"; },
       "synchronous_standby_names of the settings names it", ""},
      {"the primary does",
       [](auto& sample, auto&) { sample.nodes[0].synchronous_standby_names = "n3"; },
       "synchronous_standby_names of n1 names it", ""},
      {"nobody is named",
       [](auto& sample, auto&) { sample.nodes[0].synchronous_standby_names = "*"; }, "", ""},
      {"it is silent", [&](auto& sample, auto&) { n3(sample) = silent("n3"); }, "",
       "n3 did not answer"},
      {"only its agent is silent", [&](auto& sample, auto&) { n3(sample).agent.reset(); }, "",
       "the agent of n3 did not answer"},
      {"a server speaks there",
       [&](auto& sample, auto&) {
         n3(sample) = silent("n3");
         n3(sample).spoke = true;
       },
       "a server speaks at the address of n3", "n3 did not answer"},
      {"its agent sees it run",
       [&](auto& sample, auto&) {
         n3(sample) = stopped("n3", NodeRole::replica);
         n3(sample).agent->running = true;
       },
       "its agent says that it runs", "n3 did not answer"},
      {"another is silent", [](auto& sample, auto&) { sample.nodes[1] = silent("n2"); }, "",
       "whether n2 streams from it is not known"}};
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.what);
    auto sample = healthy();
    auto facts = facts_of("n3");
    row.make(sample, facts);
    const auto words = removal_words(sample, facts);
    EXPECT_EQ(words.against.empty(), std::string(row.against).empty());
    EXPECT_EQ(words.unknown.empty(), std::string(row.unknown).empty());
    const auto has = [](const std::vector<std::string>& all, const char* part) {
      return *part == 0 || std::ranges::any_of(all, [&](const std::string& text) {
        return text.find(part) != text.npos;
      });
    };
    EXPECT_TRUE(has(words.against, row.against)) << testing::PrintToString(words.against);
    EXPECT_TRUE(has(words.unknown, row.unknown)) << testing::PrintToString(words.unknown);
  }
}

/// A control plane that ran once and is stopped; nobody listens at its nodes' addresses.
class Nodes : public testing::Test {
 protected:
  Nodes() {
    FolderOptions options;
    options.dir = dir_;
    options.postgresql.nodes = {"n1=127.0.0.1:1/2", "n2=127.0.0.1:3/4", "n3=127.0.0.1:5/6"};
    const auto made = prepare_folder(options);
    EXPECT_TRUE(made) << made.error().message;
    fs::create_directories(dir_ + "/kernel");
    auto store =
        kernel::open_or_create(register_file(), kPostgresqlRegister, "aeromq", {"n1", "n2", "n3"});
    EXPECT_TRUE(store) << store.error().message;
    auto state = store->load();
    state.holder = state.last_primary = "n1";
    store->begin();
    store->write_register(state);
    store->commit();
    options_.dir = dir_;
    options_.reason = "OPS-1: a test";
  }
  std::string register_file() const { return dir_ + "/kernel/register.sqlite"; }

  /// Every file of the directory but the locks and the register, with its text.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(dir_)) {
      const auto path = entry.path().string();
      if (entry.is_regular_file() && path.find("/run/") == path.npos &&
          path.find("/kernel/") == path.npos)
        all[path] = process::read_file(path).value();
      else if (entry.is_directory())
        all[path];
    }
    return all;
  }
  std::vector<MemberChange> changes() const {
    const auto store =
        kernel::Store::open(register_file(), kernel::Store::Mode::read_only, kPostgresqlRegister);
    return MemberChanges(store->database()).all();
  }
  ClusterSettings cluster(const std::string& file = "/postgresql.toml") const {
    const auto read = read_cluster_settings(dir_ + file);
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(ClusterSettings{});
  }
  struct Said {
    int code = 0;
    std::string error;
  };
  Said run(int (*verb)(const NodeOptions&)) const {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const auto code = verb(options_);
    testing::internal::GetCapturedStdout();
    return {code, testing::internal::GetCapturedStderr()};
  }

  test::ScratchFolder folder_;
  const std::string dir_ = folder_ / "d";
  NodeOptions options_;
};

TEST_F(Nodes, ANewOneIsInEveryCopyWithKeysOfItsOwn) {
  options_.node = "n4=127.0.0.1:7/8";
  options_.data = "/data/of/n4";
  ASSERT_EQ(run(add_node).code, 0);
  const auto after = cluster();
  ASSERT_EQ(after.nodes.size(), 4U);
  const auto settings = process::read_settings(dir_ + "/aeromq.toml");
  EXPECT_THAT(settings->cluster.nodes, ElementsAre("n1", "n2", "n3", "n4"));
  for (const std::string node : {"n1", "n2", "n3", "n4"}) {
    EXPECT_EQ(members_digest(cluster("/agents/" + node + "/postgresql.toml")),
              members_digest(after));
    const auto agent = read_agent_settings(dir_ + "/agents/" + node + "/agent.toml");
    ASSERT_TRUE(agent) << agent.error().message;
    const auto keys = process::read_key_pair(agent->keys);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->public_key, find_node(after, node)->agent_key);
    EXPECT_EQ(agent->data == "/data/of/n4", node == "n4");
  }
  const auto all = changes();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].node + all[0].what + all[0].reason, "n4addOPS-1: a test");
  for (const auto& [path, text] : files()) EXPECT_FALSE(path.ends_with(".new")) << path;
}

TEST_F(Nodes, ASilentOneLeavesByAPersonsWordOnly) {
  options_.node = "n3";
  const auto before = files();
  const auto refused = run(remove_node);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("gone: it cannot be seen that n3 may leave"));
  EXPECT_THAT(refused.error, HasSubstr("--gone \"n3 is gone for good\""));
  options_.gone = "n2 is gone for good";
  EXPECT_EQ(run(remove_node).code, 2);
  EXPECT_EQ(files(), before);
  options_.gone = gone_sentence("n3");
  ASSERT_EQ(run(remove_node).code, 0);
  EXPECT_EQ(cluster().nodes.size(), 2U);
  EXPECT_EQ(members_digest(cluster("/agents/n1/postgresql.toml")), members_digest(cluster()));
  EXPECT_FALSE(fs::exists(dir_ + "/agents/n3"));
  EXPECT_THAT(process::read_settings(dir_ + "/aeromq.toml")->cluster.nodes,
              ElementsAre("n1", "n2"));
  EXPECT_EQ(changes().size(), 1U);
  options_.node = "n1";
  options_.gone = gone_sentence("n1");
  EXPECT_THAT(run(remove_node).error, HasSubstr("node: n1 may not leave: n1 is the last primary"));
}

TEST_F(Nodes, AKeyIsNewInEveryCopy) {
  const auto before = cluster();
  options_.node = "n2";
  ASSERT_EQ(run(rekey_node).code, 0);
  EXPECT_NE(cluster().nodes[1].agent_key, before.nodes[1].agent_key);
  EXPECT_EQ(cluster().nodes[0].agent_key, before.nodes[0].agent_key);
  EXPECT_EQ(process::read_key_pair(dir_ + "/agents/n2/keys.toml")->public_key,
            cluster().nodes[1].agent_key);
  options_.node.clear();
  options_.kernel = true;
  ASSERT_EQ(run(rekey_node).code, 0);
  EXPECT_NE(cluster().kernel_key, before.kernel_key);
  EXPECT_EQ(process::read_key_pair(dir_ + "/keys/kernel.toml")->public_key, cluster().kernel_key);
  for (const std::string node : {"n1", "n2", "n3"})
    EXPECT_EQ(members_digest(cluster("/agents/" + node + "/postgresql.toml")),
              members_digest(cluster()));
  EXPECT_EQ(changes().size(), 2U);
}

TEST_F(Nodes, WhatIsWrongIsNamedAndChangesNothing) {
  struct Row {
    int (*verb)(const NodeOptions&);
    std::function<void(NodeOptions&)> make;
    const char* error;
  };
  const std::vector<Row> kRows{
      {add_node, [](auto& o) { o.node = "n4"; }, "node: 'n4' is not NAME=HOST:PORT"},
      {add_node, [](auto& o) { o.node = "n1=127.0.0.9:7"; }, "node: n1 is in the cluster already"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:3/9"; },
       "node: 127.0.0.1:3 is the address of n2"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:9/4"; },
       "node: tcp://127.0.0.1:4 is the agent of n2"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:9", o.reason = ""; }, "reason: a reason"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:9", o.reason = "a\nb"; }, "reason: a reason"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:9", o.data = "a\nb"; }, "data: control"},
      {add_node,
       [](auto& o) { o.node = "n4=127.0.0.1:9", o.data = "/d", o.journal = "/d/j.sqlite"; },
       "journal: must be outside of /d"},
      {add_node, [](auto& o) { o.node = "n4=127.0.0.1:9", o.dir += "/agents"; }, "dir: "},
      {remove_node, [](auto& o) { o.node = "n9"; }, "node: 'n9' is no node"},
      {rekey_node, [](auto& o) { o.node = "n9"; }, "node: 'n9' is no node"},
      {rekey_node, [](auto&) {}, "node: either"},
      {rekey_node, [](auto& o) { o.node = "n1", o.kernel = true; }, "node: either"}};
  const auto before = files();
  const auto usual = options_;
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.error);
    options_ = usual;
    row.make(options_);
    const auto said = run(row.verb);
    EXPECT_EQ(said.code, 2);
    EXPECT_THAT(said.error, HasSubstr(row.error));
    EXPECT_EQ(files(), before);
    EXPECT_THAT(changes(), IsEmpty());
  }
}

TEST_F(Nodes, AFileThatCannotBeChangedChangesNone) {
  options_.node = "n4=127.0.0.1:7/8";
  // A copy that somebody changed by hand has other members already.
  const auto copy = dir_ + "/agents/n2/postgresql.toml";
  const auto text = process::read_file(copy).value();
  ASSERT_TRUE(process::write_file(copy, without_node(text, "n3").value()));
  const auto before = files();
  const auto said = run(add_node);
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.error, HasSubstr("dir: " + copy + ": the change cannot be made in it"));
  EXPECT_EQ(files(), before);
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(Nodes, WhileTheControlPlaneRunsNothingChanges) {
  options_.node = "n4=127.0.0.1:7/8";
  const auto before = files();
  for (const std::string lock : {"/run/aeromq.lock", "/kernel/register.sqlite.lock"}) {
    const auto held = process::LockFile::take(dir_ + lock);
    ASSERT_TRUE(held);
    const auto said = run(add_node);
    EXPECT_EQ(said.code, 2);
    EXPECT_THAT(said.error, HasSubstr("dir: the control plane of " + dir_ + " runs"));
    EXPECT_EQ(files(), before);
  }
}

TEST_F(Nodes, AChangeThatWasCutOffIsFinishedByWhoeverComesNext) {
  const auto file = dir_ + "/postgresql.toml";
  const auto text = process::read_file(file).value();
  ASSERT_TRUE(process::write_beside(file, without_node(text, "n3").value()));
  ASSERT_TRUE(process::write_file(dir_ + "/members.pending",
                                  "row\tremove\tn3\t0\t17\tOPS-1: gone\nregister\t" +
                                      register_file() + "\nfile\t" + file + "\ndrop\t" + dir_ +
                                      "/agents/n3\n"));
  const auto finished = finish_change(dir_);
  ASSERT_TRUE(finished) << finished.error().message;
  ASSERT_TRUE(*finished);
  EXPECT_EQ((*finished)->what, "remove");
  EXPECT_EQ(cluster().nodes.size(), 2U);
  EXPECT_FALSE(fs::exists(dir_ + "/agents/n3"));
  EXPECT_FALSE(fs::exists(dir_ + "/members.pending"));
  ASSERT_EQ(changes().size(), 1U);
  EXPECT_EQ(changes()[0], (MemberChange{"n3", "remove", 0, "OPS-1: gone", 17}));
  EXPECT_FALSE(*finish_change(dir_));
  // Cut off behind its line in the register, too: the line stands once.
  ASSERT_TRUE(process::write_file(dir_ + "/members.pending",
                                  "row\tremove\tn3\t0\t17\tOPS-1: gone\nregister\t" +
                                      register_file() + "\nfile\t" + dir_ + "/postgresql.toml\n"));
  EXPECT_TRUE(*finish_change(dir_));
  EXPECT_EQ(changes().size(), 1U);
  // One that cannot be read is left for a person.
  ASSERT_TRUE(process::write_file(dir_ + "/members.pending", "half"));
  EXPECT_FALSE(finish_change(dir_));
  EXPECT_TRUE(fs::exists(dir_ + "/members.pending"));
}

}  // namespace
}  // namespace aeromq::supervisor
