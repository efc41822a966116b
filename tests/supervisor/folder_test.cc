// The directory that the first start makes, and what later starts refuse.
#include "supervisor/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace aeromq::supervisor
