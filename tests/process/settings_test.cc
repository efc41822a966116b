// The settings files: defaults, paths, and every fault at once.
#include "process/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "process/files.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::process {
namespace {

using test::ScratchFolder;

using testing::HasSubstr;

const std::string kKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
const std::string kKey2 = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

TEST(Settings, AnEmptyFileHasTheDefaultsBesideIt) {
  const ScratchFolder folder;
  const auto settings = read_settings(folder.put("aeromq.toml", ""));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->folder, folder.path());
  EXPECT_EQ(settings->broker.control, "ipc://" + folder / "run/control.ipc");
  EXPECT_EQ(settings->broker.heartbeat_ms, 500U);
  EXPECT_EQ(settings->broker.stage_timeout_ms, 5000U);
  EXPECT_EQ(settings->broker.token_ttl_ms, 120000U);
  EXPECT_EQ(settings->broker.lease_ms, 300000U);
  EXPECT_EQ(settings->kernel.stale_after_ms, 3000U);
  EXPECT_EQ(settings->kernel.kind, "embedded");
  EXPECT_EQ(settings->kernel.cluster, folder / "postgresql.toml");
  EXPECT_EQ(settings->kernel.register_file, folder / "kernel/register.sqlite");
  EXPECT_EQ(settings->principals, folder / "principals.toml");
  EXPECT_EQ(settings->dispatcher.id, 1U);
  EXPECT_EQ(settings->door.connections, 1024U);
  EXPECT_EQ(settings->door.connections_per_address, 512U);
  EXPECT_EQ(settings->door.handshakes_per_address, 256U);
  EXPECT_EQ(settings->door.hello_ms, 5000U);
  EXPECT_EQ(settings->door.unfinished_bytes, 65536U);
}

TEST(Settings, WhatIsSaidIsTaken) {
  const ScratchFolder folder;
  const auto settings = read_settings(folder.put("aeromq.toml", R"(
run = "/run/aeromq"
[cluster]
name = "batman"
nodes = ["a", "b-2"]
[broker]
clients = "tcp://127.0.0.1:7000"
control = "ipc:///run/c"
heartbeat_ms = 50
[door]
connections = 64
unfinished_bytes = 65536
[audit]
dir = "../log"
segment_bytes = 65536
[kernel]
kind = "postgresql"
cluster = "pg/orders.toml"
register = "r"
[dispatcher]
id = 255
[principals]
file = "/etc/p.toml"
)"));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->run, "/run/aeromq");
  EXPECT_EQ(settings->cluster.nodes, (std::vector<std::string>{"a", "b-2"}));
  EXPECT_EQ(settings->broker.clients, "tcp://127.0.0.1:7000");
  EXPECT_EQ(settings->broker.control, "ipc:///run/c");
  EXPECT_EQ(settings->audit.dir, "/tmp/log");
  EXPECT_EQ(settings->kernel.register_file, folder / "r");
  EXPECT_EQ(settings->kernel.kind, "postgresql");
  EXPECT_EQ(settings->kernel.cluster, folder / "pg/orders.toml");
  EXPECT_EQ(settings->dispatcher.id, 255U);
  EXPECT_EQ(settings->principals, "/etc/p.toml");
}

TEST(Settings, AKernelIsOfOneOfTwoKinds) {
  const ScratchFolder folder;
  const auto settings = read_settings(folder.put("aeromq.toml", "[kernel]\nkind = \"etcd\"\n"));
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("kernel.kind must be embedded or postgresql"));
}

TEST(Settings, AllFaultsAreListed) {
  const ScratchFolder folder;
  const auto settings = read_settings(folder.put("aeromq.toml", R"(
colour = "red"
[cluster]
nodes = ["a", "a", "-b"]
[broker]
heartbeat_ms = 0
clients = "http://x"
control = 7
lease = 5
[kernel]
stale_after_ms = "soon"
[dispatcher]
id = 256
[audit]
segment_bytes = -1
)"));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, "INVALID_INPUT");
  const auto& message = settings.error().message;
  for (const char* fault :
       {"colour is not known", "cluster.nodes 'a' stands twice",
        "cluster.nodes '-b' is not a node name", "broker.heartbeat_ms must be a whole number",
        "broker.clients must begin with", "broker.control must be text",
        "broker.lease is not known", "kernel.stale_after_ms must be",
        "dispatcher.id must be a whole number from 1 to 255", "audit.segment_bytes must be"})
    EXPECT_THAT(message, HasSubstr(fault));
}

TEST(Settings, BrokenTomlNamesItsLine) {
  const ScratchFolder folder;
  EXPECT_THAT(read_settings(folder.put("aeromq.toml", "\n[broker\n")).error().message,
              HasSubstr("line 2"));
  EXPECT_THAT(read_settings(folder / "none").error().message, HasSubstr("none"));
}

TEST(Principals, AreReadAndNothingStandsTwice) {
  const ScratchFolder folder;
  const auto one = [](const std::string& name, const std::string& key,
                      const std::string& authority) {
    return "[[principal]]\nname = \"" + name + "\"\nkey = \"" + key + "\"\nauthority = \"" +
           authority + "\"\n";
  };
  const auto good = read_principals(
      folder.put("p", one("ann", kKey, "operator") + one("bob", kKey2, "observer")));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->at(0), (Principal{"ann", kKey, Authority::operator_}));
  EXPECT_EQ(good->at(1), (Principal{"bob", kKey2, Authority::observer}));
  const auto twice =
      read_principals(folder.put("p", one("ann", kKey, "operator") + one("ann", kKey, "auditor")));
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("principal[2].name stands twice"));
  EXPECT_THAT(twice.error().message, HasSubstr("principal[2].key stands twice"));
  const auto bad = read_principals(folder.put("p", one("ann", "short", "none")));
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("key is not a CURVE key"));
  EXPECT_THAT(bad.error().message, HasSubstr("authority must be"));
}

std::string curve() {
  return "server_key = \"" + kKey + "\"\npublic_key = \"" + kKey + "\"\nsecret_key = \"" + kKey2 +
         "\"\n";
}

TEST(ClientFile, IsReadOnlyWhileItIsPrivate) {
  const ScratchFolder folder;
  const auto path = folder / "operator.toml";
  ASSERT_TRUE(write_file(path, "endpoint = \"ipc://../run/c\"\n" + curve()));
  const auto client = read_client_settings(path);
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->endpoint, "ipc:///tmp/run/c");
  EXPECT_EQ(client->feed, "");
  EXPECT_EQ(client->curve.own.secret_key, kKey2);
  ::chmod(path.c_str(), 0644);
  EXPECT_THAT(read_client_settings(path).error().message, HasSubstr("chmod 0600"));
}

TEST(ClientFile, MissingKeysAreAllNamed) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "c", "feed = \"tcp://h:1\"\n"));
  const auto client = read_client_settings(folder / "c");
  ASSERT_FALSE(client);
  for (const char* key : {"endpoint", "server_key", "public_key", "secret_key"})
    EXPECT_THAT(client.error().message, HasSubstr(key + std::string(" is missing")));
}

TEST(NodeFiles, AreRead) {
  const ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "a.toml", "node = \"a\"\nendpoint = \"tcp://h:1\"\n" + curve()));
  const auto node = read_node_settings(folder / "a.toml");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->node, "a");
  const auto nodes = read_nodes(folder.put(
      "nodes.toml", "[[node]]\nname = \"a\"\nkey = \"" + kKey + "\"\nhost = \"10.0.0.1:5432\"\n"));
  ASSERT_TRUE(nodes) << nodes.error().message;
  EXPECT_EQ(nodes->at(0), (NodeEntry{"a", kKey, "10.0.0.1:5432"}));
}

TEST(NodeNames, AreShortAndPlain) {
  for (const char* good : {"a", "node1", "db-1.example_x"}) EXPECT_TRUE(is_node_name(good)) << good;
  for (const char* bad : {"", "-a", ".a", "a b", "a/b", "ä"})
    EXPECT_FALSE(is_node_name(bad)) << bad;
  EXPECT_FALSE(is_node_name(std::string(33, 'a')));
}

}  // namespace
}  // namespace aeromq::process
