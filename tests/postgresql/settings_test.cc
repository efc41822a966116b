// The two settings files of PostgreSQL: what is refused, and that a file that we write is one that
// we read. And the one verb that takes the memory of a lost journal out of the register.
#include "kernel/postgresql/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/postgresql/service/grants.h"
#include "kernel/verbs.h"
#include "process/exit_codes.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"
#include "transport/keys.h"

namespace aeromq::postgresql {
namespace {

using testing::HasSubstr;

class PostgresqlSettings : public testing::Test {
 protected:
  PostgresqlSettings() {
    cluster_.kernel_key = transport::make_key_pair().public_key;
    for (const auto* name : {"n1", "n2"})
      cluster_.nodes.push_back(
          {name, "10.0.0.1", 5432, "tcp://10.0.0.1:7432", transport::make_key_pair().public_key});
    folder_.put("postgresql.toml", cluster_settings_text(cluster_));
    std::filesystem::create_directories(folder_ / "pgdata");
    agent_.node = "n1";
    agent_.data = folder_ / "pgdata";
    agent_.bin = "/usr/bin";
  }
  std::string fault_of(const AgentSettings& agent) {
    const auto read = read_agent_settings(folder_.put("agent.toml", agent_settings_text(agent)));
    return read ? "" : read.error().message;
  }
  test::ScratchFolder folder_;
  ClusterSettings cluster_;
  AgentSettings agent_;
};

TEST_F(PostgresqlSettings, WhatIsWrittenIsReadBack) {
  const auto read = read_cluster_settings(folder_ / "postgresql.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(cluster_settings_text(*read), cluster_settings_text(cluster_));
  EXPECT_EQ(fault_of(agent_), "");
}

TEST_F(PostgresqlSettings, AHostIsAnAddressOrANameAndAnEndpointHasAPort) {
  const auto read_with = [&](const std::string& host, const std::string& agent) {
    cluster_.nodes[0].host = host;
    cluster_.nodes[0].agent = agent;
    return read_cluster_settings(folder_.put("one.toml", cluster_settings_text(cluster_)));
  };
  const auto fault = [&](const std::string& host, const std::string& agent) {
    const auto read = read_with(host, agent);
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(fault("::1", "tcp://[::1]:7432"), "");
  EXPECT_EQ(fault("n1.example", "tcp://n1.example:7432"), "");
  // As an earlier `aeromq up` wrote it.
  const auto bracketed = read_with("[::1]", "tcp://[::1]:7432");
  ASSERT_TRUE(bracketed) << bracketed.error().message;
  EXPECT_EQ(bracketed->nodes[0].host, "::1");
  EXPECT_THAT(fault("10.0.0", "tcp://n1:7432"), HasSubstr("host"));
  EXPECT_THAT(fault("10.0.0", "tcp://n1:7432"), HasSubstr("'10.0.0' is not a whole IPv4 address"));
  EXPECT_THAT(fault("n1,n2", "tcp://n1:7432"), HasSubstr("names several hosts"));
  EXPECT_THAT(fault("::1", "tcp://::1:7432"), HasSubstr("IPv6 address in brackets"));
  EXPECT_THAT(fault("n1", "tcp://n1"), HasSubstr("agent"));
}

TEST_F(PostgresqlSettings, TlsSettingsGoTogether) {
  const auto fault = [&](auto change) {
    auto cluster = cluster_;
    change(cluster.connection);
    const auto read =
        read_cluster_settings(folder_.put("one.toml", cluster_settings_text(cluster)));
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(fault([](auto& c) {
              c.sslmode = "verify-full";
              c.sslrootcert = "/etc/aeromq/ca.crt";
              c.sslcert = "/etc/aeromq/own.crt";
              c.sslkey = "/etc/aeromq/own.key";
            }),
            "");
  EXPECT_THAT(fault([](auto& c) { c.sslrootcert = "/etc/ca.crt"; }),
              HasSubstr("sslrootcert is used only with"));
  EXPECT_THAT(fault([](auto& c) {
                c.sslmode = "verify-ca";
                c.sslrootcert = "ca.crt";
              }),
              HasSubstr("sslrootcert must be an absolute path"));
  EXPECT_THAT(fault([](auto& c) { c.sslcert = "/own.crt"; }), HasSubstr("sslkey is missing"));
  EXPECT_THAT(fault([](auto& c) { c.sslkey = "/own.key"; }), HasSubstr("sslcert is missing"));
}

TEST_F(PostgresqlSettings, AJournalInsideOfPgdataIsRefusedHoweverItIsNamed) {
  agent_.journal = "pgdata/journal.sqlite";
  EXPECT_THAT(fault_of(agent_), HasSubstr("journal: must be outside of"));
  agent_.data += "/";
  EXPECT_THAT(fault_of(agent_), HasSubstr("journal: must be outside of"));
  std::filesystem::create_directory_symlink(folder_ / "pgdata", folder_ / "link");
  agent_.journal = "link/journal.sqlite";
  EXPECT_THAT(fault_of(agent_), HasSubstr("journal: must be outside of"));
  agent_.journal = "pgdata.sqlite";
  EXPECT_EQ(fault_of(agent_), "");
}

TEST_F(PostgresqlSettings, ANodeThatTheClusterHasNotIsRefused) {
  agent_.node = "n9";
  EXPECT_THAT(fault_of(agent_), HasSubstr("n9 is not in"));
}

TEST_F(PostgresqlSettings, AForgottenJournalLeavesItsGrantsUnknownAndMakesRoom) {
  process::Settings settings;
  settings.kernel.kind = "postgresql";
  settings.kernel.register_file = folder_ / "register";
  const auto forget = [&](const std::string& node, const std::string& reason) {
    return kernel::forget_journal(settings, node, reason);
  };
  const auto act = kernel::act_of(kernel::id_of({}, 0, 1), Action::demote, "a", 1);
  {
    auto store =
        kernel::Store::create(folder_ / "register", kernel::three_nodes(), kPostgresqlRegister);
    ASSERT_TRUE(store);
    Journals(store->database()).learn("a", "j1", 1);
    RegisterTerms terms(store->database());
    store->begin();
    Grants(store->database()).write({act, terms.next_term(), GrantState::open, 1, 1, "j1"});
    store->commit();
  }
  EXPECT_EQ(forget("b", "gone"), process::kExitUsage);
  EXPECT_EQ(forget("a", ""), process::kExitUsage);
  EXPECT_EQ(forget("a", "the disk is gone"), process::kExitOk);
  auto store = kernel::Store::open(folder_ / "register", kernel::Store::Mode::read_only,
                                   kPostgresqlRegister);
  ASSERT_TRUE(store);
  EXPECT_EQ(Journals(store->database()).of("a"), "");
  EXPECT_FALSE(Grants(store->database()).open());
  const auto left = Grants(store->database()).unsettled();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].state, GrantState::aside);
}

}  // namespace
}  // namespace aeromq::postgresql
