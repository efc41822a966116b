// The directory that the first start makes, and what later starts refuse.
#include "supervisor/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "supervisor/last_words.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::supervisor {
namespace {

using test::ScratchFolder;
using testing::EndsWith;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Folder, TheFirstStartMakesFilesThatTheirReadersAccept) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  const auto folder = prepare_folder({dir, {"a", "b"}, ""});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_TRUE(folder->made);
  EXPECT_EQ(folder->settings.cluster.nodes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(folder->settings.broker.clients, "ipc://" + dir + "/run/clients.ipc");
  const process::Settings defaults;
  EXPECT_EQ(folder->settings.audit.segment_bytes, defaults.audit.segment_bytes);
  EXPECT_EQ(folder->settings.broker.lease_ms, defaults.broker.lease_ms);
  EXPECT_EQ(folder->settings.kernel.stale_after_ms, defaults.kernel.stale_after_ms);
  const auto broker = process::read_key_pair(folder->settings.broker.keys);
  const auto kernel = process::read_key_pair(folder->settings.kernel.keys);
  ASSERT_TRUE(broker && kernel);
  const auto principals = process::read_principals(folder->settings.principals);
  ASSERT_TRUE(principals) << principals.error().message;
  ASSERT_EQ(principals->size(), 3U);
  for (const auto& principal : *principals) {
    const std::string authority(text_of(principal.authority));
    EXPECT_THAT(principal.name, EndsWith("-" + authority));
    const auto client = process::read_client_settings(dir + "/clients/" + authority + ".toml");
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->curve.own.public_key, principal.key);
    EXPECT_EQ(client->curve.server_key, broker->public_key);
    EXPECT_EQ(client->endpoint, folder->settings.broker.clients);
    EXPECT_EQ(client->feed, folder->settings.broker.feed);
  }
  const auto nodes = process::read_nodes(folder->settings.kernel.nodes);
  ASSERT_TRUE(nodes) << nodes.error().message;
  ASSERT_EQ(nodes->size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto node = process::read_node_settings(folder->node_files[i]);
    ASSERT_TRUE(node) << node.error().message;
    EXPECT_EQ(node->node, nodes->at(i).name);
    EXPECT_EQ(node->curve.own.public_key, nodes->at(i).key);
    EXPECT_EQ(node->curve.server_key, kernel->public_key);
    EXPECT_EQ(node->endpoint, folder->settings.kernel.nodes_endpoint);
  }
}

TEST(Folder, NothingInItIsForOthers) {
  const ScratchFolder scratch;
  ASSERT_TRUE(prepare_folder({scratch / "d", {}, ""}));
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch / "d")) {
    struct stat found {};
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, entry.is_directory() ? 0700U : 0600U) << entry.path();
    files += entry.is_regular_file();
  }
  EXPECT_EQ(files, 2 + 3 + 3 + 3);
}

TEST(Folder, ALaterStartReusesItAndChangesNothing) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  ASSERT_TRUE(prepare_folder({dir, {"a", "b"}, ""}));
  const auto before = fs::last_write_time(dir + "/keys/broker.toml");
  for (const auto& nodes : {std::vector<std::string>{}, {"a", "b"}}) {
    const auto again = prepare_folder({dir, nodes, ""});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_FALSE(again->made);
    EXPECT_EQ(again->node_files.size(), 2U);
  }
  EXPECT_EQ(fs::last_write_time(dir + "/keys/broker.toml"), before);
  const auto other = prepare_folder({dir, {"a", "c"}, ""});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().field, "nodes");
  EXPECT_THAT(other.error().message, HasSubstr("was made with --nodes a,b"));
  EXPECT_EQ(prepare_folder({dir, {}, "tcp://127.0.0.1:7000"}).error().field, "listen");
}

TEST(Folder, AFirstStartThatWasBrokenOffIsMadeAnew) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  ASSERT_TRUE(prepare_folder({dir, {"a"}, ""}));
  fs::remove(dir + "/aeromq.toml");
  scratch.put("d/aeromq.toml.new", "half");
  const auto again = prepare_folder({dir, {"b"}, ""});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->made);
}

TEST(Folder, ADirectoryOfSomebodyElseIsLeftAlone) {
  const ScratchFolder scratch;
  scratch.put("thesis.txt", "years of work");
  const auto folder = prepare_folder({scratch.path(), {}, ""});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().field, "dir");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 1);
  fs::create_directories(scratch / "d/audit");
  scratch.put("d/audit/1.seg", "records");
  EXPECT_FALSE(prepare_folder({scratch / "d", {}, ""}));  // records without their settings
}

TEST(Folder, WhatCannotWorkIsRefusedBeforeAnythingIsMade) {
  const ScratchFolder scratch;
  const auto field = [&](FolderOptions options) {
    const auto folder = prepare_folder(options);
    EXPECT_FALSE(fs::exists(options.dir));
    return folder ? "" : folder.error().field;
  };
  EXPECT_EQ(field({scratch / std::string(90, 'x'), {}, ""}), "endpoint");
  EXPECT_EQ(field({scratch / "d", {"a", "a"}, ""}), "nodes");
  EXPECT_EQ(field({scratch / "d", {"../a"}, ""}), "nodes");
  EXPECT_EQ(field({scratch / "d", {}, "http://x"}), "listen");
  EXPECT_EQ(field({scratch / "d", {}, "tcp://127.0.0.1"}), "listen");
  EXPECT_EQ(field({scratch / "d", {}, "tcp://127.0.0.1:*"}), "listen");
}

TEST(Folder, OnTcpTheFeedTakesTheNextPortAndAWildcardIsNoAddress) {
  const ScratchFolder scratch;
  const auto folder = prepare_folder({scratch / "d", {}, "tcp://*:7000"});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->settings.broker.clients, "tcp://*:7000");
  EXPECT_EQ(folder->settings.broker.feed, "tcp://*:7001");
  const auto client = process::read_client_settings(scratch / "d/clients/operator.toml");
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->endpoint, "tcp://127.0.0.1:7000");
  EXPECT_EQ(client->feed, "tcp://127.0.0.1:7001");
}

FolderOptions postgresql_at(const std::string& dir) {
  FolderOptions options;
  options.dir = dir;
  options.postgresql.nodes = {"n2=db2:5433/7000", "n1=10.0.0.1:5432"};
  options.postgresql.synchronous = "ANY 1 (n1, n2)";
  options.postgresql.user = "reader";
  return options;
}

TEST(Folder, ForPostgresqlEachHostHasItsAgentsFilesAndNobodyReports) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  const auto folder = prepare_folder(postgresql_at(dir));
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->settings.kernel.kind, "postgresql");
  EXPECT_EQ(folder->settings.cluster.nodes, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_TRUE(folder->node_files.empty());
  EXPECT_FALSE(fs::exists(dir + "/nodes.toml"));
  const auto cluster = postgresql::read_cluster_settings(folder->settings.kernel.cluster);
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_GT(folder->settings.broker.stage_timeout_ms, cluster->act_deadline_ms);
  EXPECT_EQ(cluster->synchronous_standby_names, "ANY 1 (n1, n2)");
  EXPECT_EQ(cluster->connection.user, "reader");
  const auto kernel = process::read_key_pair(folder->settings.kernel.keys);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(cluster->kernel_key, kernel->public_key);
  EXPECT_EQ(cluster->nodes[0].agent, "tcp://10.0.0.1:7432");
  EXPECT_EQ(cluster->nodes[1].agent, "tcp://db2:7000");
  EXPECT_EQ(cluster->nodes[1].port, 5433U);
  for (const auto& node : cluster->nodes) {
    const auto agent =
        postgresql::read_agent_settings(dir + "/agents/" + node.name + "/agent.toml");
    ASSERT_TRUE(agent) << agent.error().message;
    EXPECT_EQ(agent->node, node.name);
    const auto own = process::read_key_pair(agent->keys);
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_EQ(own->public_key, node.agent_key);
    EXPECT_EQ(agent->cluster.nodes.size(), 2U);
  }
}

TEST(Folder, AFileForTheConnectionMustBeThereWhenItIsNamed) {
  const ScratchFolder scratch;
  const auto refused = [&](auto change) {
    auto options = postgresql_at(scratch / "d");
    options.postgresql.sslmode = "verify-full";
    change(options.postgresql);
    const auto folder = prepare_folder(options);
    EXPECT_FALSE(fs::exists(options.dir));
    return folder ? "" : folder.error().field;
  };
  EXPECT_EQ(refused([&](auto& o) { o.sslrootcert = scratch / "none.crt"; }), "sslrootcert");
  EXPECT_EQ(refused([&](auto& o) { o.sslrootcert = "ca.crt"; }), "sslrootcert");
  EXPECT_EQ(refused([&](auto& o) { o.passfile = scratch / "none"; }), "passfile");
  EXPECT_EQ(refused([&](auto& o) { o.sslcert = scratch.put("own.crt", "x"); }), "sslkey");
}

TEST(Folder, AnIpv6AddressLosesItsBracketsButInTheAgentsEndpoint) {
  const ScratchFolder scratch;
  auto options = postgresql_at(scratch / "d");
  options.postgresql.nodes = {"n1=[::1]:5432", "n2=[2001:db8::2]:5432/7000"};
  const auto folder = prepare_folder(options);
  ASSERT_TRUE(folder) << folder.error().message;
  const auto cluster = postgresql::read_cluster_settings(folder->settings.kernel.cluster);
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_EQ(cluster->nodes[0].host, "::1");
  EXPECT_EQ(cluster->nodes[0].agent, "tcp://[::1]:7432");
  EXPECT_EQ(cluster->nodes[1].agent, "tcp://[2001:db8::2]:7000");
  EXPECT_TRUE(prepare_folder(options)) << "the same options again";
}

TEST(Folder, AWildcardOfIpv6IsNoAddressEither) {
  const ScratchFolder scratch;
  const auto folder = prepare_folder({scratch / "d", {}, "tcp://[::]:7000"});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->settings.broker.feed, "tcp://[::]:7001");
  const auto client = process::read_client_settings(scratch / "d/clients/operator.toml");
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->endpoint, "tcp://[::1]:7000");
}

TEST(Folder, ALaterStartKeepsItsPostgresqlAndRefusesAnother) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  ASSERT_TRUE(prepare_folder(postgresql_at(dir)));
  EXPECT_TRUE(prepare_folder(postgresql_at(dir)));
  EXPECT_TRUE(prepare_folder({dir, {}, ""}));
  const auto field = [&](auto change) {
    auto options = postgresql_at(dir);
    change(options);
    const auto folder = prepare_folder(options);
    return folder ? "" : folder.error().field;
  };
  EXPECT_EQ(field([](auto& o) { o.postgresql.nodes.pop_back(); }), "postgresql");
  EXPECT_EQ(field([](auto& o) { o.postgresql.nodes[0] = "n2=db2:5433"; }), "postgresql");
  EXPECT_EQ(field([](auto& o) { o.postgresql.synchronous = "n1"; }), "synchronous");
  EXPECT_EQ(field([](auto& o) { o.postgresql.user = "root"; }), "user");
  EXPECT_EQ(field([](auto& o) { o.postgresql.sslmode = "require"; }), "sslmode");
  EXPECT_EQ(field([](auto& o) { o.nodes = {"n1", "n2"}; }), "nodes");
  ASSERT_TRUE(prepare_folder({scratch / "embedded", {"n1", "n2"}, ""}));
  EXPECT_EQ(field([&](auto& o) { o.dir = scratch / "embedded"; }), "postgresql");
}

TEST(Folder, APostgresqlThatCannotBeIsRefusedBeforeAnythingIsMade) {
  const ScratchFolder scratch;
  const auto refused = [&](std::vector<std::string> nodes) {
    auto options = postgresql_at(scratch / "d");
    options.postgresql.nodes = std::move(nodes);
    const auto folder = prepare_folder(options);
    EXPECT_FALSE(fs::exists(options.dir));
    return !folder && folder.error().field == "postgresql";
  };
  for (const auto* node :
       {"n1", "n1=db", "n1=db:", "n1=db:0", "n1=db:70000", "n1=db:5432/x", "n1=:5432", "-n=db:5432",
        "n1=db:64000", "n1=d b:5432", "n1=::1:5432", "n1=[::1:5432", "n1=[db]:5432",
        "n1=[fe80::1%lo]:5432", "n1=10.0.0:5432"})
    EXPECT_TRUE(refused({node})) << node;
  EXPECT_TRUE(refused({"n1=db:5432", "n1=other:5432"}));
  EXPECT_TRUE(refused({"n1=db:5432/7000", "n2=db:5433/7000"}));
  EXPECT_TRUE(refused({}));  // only its other options
}

TEST(Folder, ADirectoryInUtf8IsUsedAsItIsNamed) {
  const ScratchFolder scratch;
  const auto dir = scratch / "caf\xC3\xA9 \"x\"";
  const auto folder = prepare_folder({dir, {"a"}, ""});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->settings.broker.clients, "ipc://" + dir + "/run/clients.ipc");
  const auto client = process::read_client_settings(dir + "/clients/operator.toml");
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->endpoint, "ipc://" + dir + "/run/clients.ipc");
  EXPECT_TRUE(prepare_folder({dir, {"a"}, ""}));
  EXPECT_EQ(prepare_folder({scratch / "\xFF", {}, ""}).error().field, "dir");
}

TEST(Folder, SettingsThatTheirReaderRefusesAreNeverMade) {
  const ScratchFolder scratch;
  FolderOptions options{scratch / "d", {}, ""};
  for (int i = 0; i < 33; ++i) options.nodes.push_back("n" + std::to_string(i));
  const auto refused = prepare_folder(options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("more than 32"));
  EXPECT_FALSE(fs::exists(options.dir));
}

TEST(Folder, ARelativeSocketIsOfTheCurrentFolder) {
  EXPECT_EQ(absolute_listen("ipc://x.ipc"), "ipc://" + (fs::current_path() / "x.ipc").string());
  EXPECT_EQ(absolute_listen("ipc:///a/../b.ipc"), "ipc:///b.ipc");
  EXPECT_EQ(absolute_listen("tcp://[::1]:7000"), "tcp://[::1]:7000");
  const ScratchFolder scratch;
  const auto why = [&](const std::string& listen) {
    const auto good = check_bindable({scratch / "d", {}, listen});
    return good ? std::string() : good.error().field + ": " + good.error().message;
  };
  EXPECT_EQ(why("ipc://" + (scratch / "x.ipc")), "");
  EXPECT_EQ(why("ipc://" + (scratch / "d/run/x.ipc")), "") << "its folder is made with the rest";
  EXPECT_THAT(why("ipc://" + (scratch / "none/x.ipc")), HasSubstr("there is no folder"));
  EXPECT_THAT(why("tcp://192.0.2.1:7000"), HasSubstr("no address of this machine"));
}

TEST(Attempt, WhatAFailedFirstStartMadeIsRemovedAndNothingElse) {
  const ScratchFolder scratch;
  const auto dir = scratch / "above/d";
  {
    Attempt attempt(dir);
    attempt.locked();
    ASSERT_TRUE(prepare_folder({dir, {"a"}, ""}));
  }
  EXPECT_FALSE(fs::exists(scratch / "above"));

  fs::create_directories(dir);
  {
    Attempt attempt(dir);
    attempt.locked();
    ASSERT_TRUE(prepare_folder({dir, {"a"}, ""}));
    scratch.put("above/d/log/broker.log", "why");
  }
  EXPECT_TRUE(fs::exists(dir + "/log/broker.log")) << "what the processes said stays";
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 1);

  {
    Attempt kept(dir);
    kept.locked();
    ASSERT_TRUE(prepare_folder({dir, {"b"}, ""}));
    kept.keep();
  }
  {
    Attempt later(dir);
    later.locked();
  }
  { Attempt unlocked(dir); }
  EXPECT_TRUE(fs::exists(dir + "/aeromq.toml"));
}

TEST(LastWords, AreOfThatProcessAlone) {
  const ScratchFolder scratch;
  const auto log = scratch.put(
      "x.log",
      "T level=error process=broker pid=7 event=cannot_start code=X why=\"of \\\"old\\\"\"\n"
      "T level=error process=broker pid=71 event=cannot_start code=X why=\"cannot bind\"\n"
      "T level=info process=broker pid=71 event=hangup\n");
  EXPECT_EQ(last_words(log, 71), "cannot bind");
  EXPECT_EQ(last_words(log, 7), "of \"old\"");
  EXPECT_EQ(last_words(log, 1), "");
  EXPECT_EQ(last_words(scratch / "none", 7), "");
}

// What lies below --dir decides who may do what: nobody else may have put it there.
TEST(Folder, ALinkOrAFolderThatOthersMayWriteIsRefused) {
  const ScratchFolder scratch;
  const auto dir = scratch / "d";
  const auto why = [&] {
    const auto refused = check_options({dir, {}, ""});
    return refused ? std::string{} : refused.error().message;
  };
  const auto elsewhere = scratch / "elsewhere";
  fs::create_directories(elsewhere);
  ::chmod(elsewhere.c_str(), 0755);
  fs::create_directory(dir);
  ::chmod(dir.c_str(), 0777);
  EXPECT_THAT(why(), HasSubstr("may be written by others"));
  ::chmod(dir.c_str(), 0755);
  fs::create_directory_symlink(elsewhere, dir + "/keys");
  EXPECT_THAT(why(), HasSubstr("/keys: is a symbolic link"));
  EXPECT_FALSE(prepare_folder({dir, {"a"}, ""}));
  struct stat found {};
  ASSERT_EQ(::stat(elsewhere.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0755U);
  EXPECT_TRUE(fs::is_empty(elsewhere));
  fs::remove(dir + "/keys");
  ASSERT_TRUE(prepare_folder({dir, {"a"}, ""}));
  fs::rename(dir + "/principals.toml", elsewhere + "/principals.toml");
  fs::create_symlink(elsewhere + "/principals.toml", dir + "/principals.toml");
  EXPECT_THAT(why(), HasSubstr("principals.toml: is a symbolic link"));
}

TEST(Folder, ALinkToTheDirectoryItselfIsAsGood) {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "real");
  fs::create_directory_symlink(scratch / "real", scratch / "d");
  EXPECT_TRUE(prepare_folder({scratch / "d", {"a"}, ""}));
  EXPECT_TRUE(prepare_folder({scratch / "d", {}, ""}));
}

}  // namespace
}  // namespace aeromq::supervisor
