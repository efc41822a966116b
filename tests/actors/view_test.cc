// Each read-only command has its view, from one snapshot, with findings that state facts.
#include "actors/dispatcher/view.h"

#include <gtest/gtest.h>

#include "messages/catalogue.h"
#include "tests/actors/model_kernel.h"

namespace aeromq {
namespace {

KernelAnswer reading(CallKind kind = CallKind::snapshot) {
  KernelCall call;
  call.kind = kind;
  call.about.counter = 9;
  return ModelKernel().answer(call);
}

std::vector<std::string> codes(const std::vector<Finding>& findings) {
  std::vector<std::string> made;
  for (const auto& finding : findings) made.push_back(finding.code);
  return made;
}

using Codes = std::vector<std::string>;

TEST(Views, EveryReadOnlyCommandHasOneThatFitsTheWire) {
  for (const auto& row : command_table()) {
    if (row.kernel_action()) continue;
    SCOPED_TRACE(text_of(row.name));
    Command command{row.name, row.takes_node ? "n2" : "", "", {}, {}};
    const auto view = make_view(command, reading(CallKind::wal));
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->command, text_of(row.name));
    EXPECT_EQ(view->snapshot, 10U);
    EXPECT_FALSE(view->facts.empty());
    for (const auto& table : view->tables)
      for (const auto& line : table.rows) EXPECT_EQ(line.cells.size(), table.columns.size());
    EXPECT_EQ(decode<View>(encode(*view)).value(), *view);
  }
}

TEST(Views, TheClusterTableIsWhatTheKernelSaw) {
  const auto view = make_view({CommandName::inspect_cluster_state, "", "", {}, {}}, reading());
  const auto& table = view.value().tables.at(0);
  EXPECT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[2].cells,
            (std::vector<std::string>{"n3", "10.0.0.1:5432", "replica", "replica", "streaming", "5",
                                      "0/3F00", "256", "200", "false"}));
}

TEST(Views, WhatWasNeverReportedIsEmpty) {
  auto answer = reading();
  answer.snapshot.nodes[2] = {};
  answer.snapshot.nodes[2].node = "n3";
  const auto view = make_view({CommandName::inspect_cluster_state, "", "", {}, {}}, answer);
  EXPECT_EQ(view.value().tables.at(0).rows[2].cells,
            (std::vector<std::string>{"n3", "", "", "none", "", "", "", "", "", "true"}));
}

TEST(Views, AnUnknownNodeIsTheKernelsRejection) {
  const auto view = make_view({CommandName::inspect_node, "n9", "", {}, {}}, reading());
  EXPECT_EQ(view.error().domain, Domain::kernel_rejection);
  EXPECT_EQ(view.error().code, "NODE_UNKNOWN");
}

TEST(Views, AnOutcomeIsOfTheRequestAskedAboutOrNotShown) {
  Command command{CommandName::inspect_promotion_state, "", "", {}, {}};
  command.about.counter = 9;
  const auto view = make_view(command, reading(CallKind::outcome));
  EXPECT_EQ(view.value().outcomes.at(0).request, command.about);
  command.about.counter = 8;
  EXPECT_EQ(make_view(command, reading(CallKind::outcome)).error().code, "MIXED_VIEW");
  EXPECT_EQ(make_view(command, reading()).error().code, "MIXED_VIEW");
}

TEST(Views, ARowThatDoesNotFitItsTableIsNotShown) {
  auto answer = reading(CallKind::wal);
  answer.tables[0].rows[1].cells.push_back("more");
  EXPECT_EQ(make_view({CommandName::inspect_wal, "", "", {}, {}}, answer).error().code,
            "MIXED_VIEW");
}

TEST(Findings, AreFactsTheGravestFirst) {
  auto snapshot = reading().snapshot;
  EXPECT_EQ(codes(findings_of(snapshot)), (Codes{"NODE_BEHIND"}));
  snapshot.nodes[1].stale = true;
  EXPECT_EQ(codes(findings_of(snapshot)), (Codes{"NODE_SILENT", "NODE_BEHIND"}));
  snapshot.nodes[2].reported = NodeRole::primary;
  const auto two = findings_of(snapshot);
  EXPECT_EQ(codes(two), (Codes{"TWO_PRIMARIES", "NODE_SILENT", "NODE_BEHIND"}));
  EXPECT_EQ(two[0].severity, Severity::alarm);
  snapshot.nodes[2].stale = true;  // too old to prove anything
  EXPECT_EQ(codes(findings_of(snapshot)), (Codes{"NODE_SILENT", "NODE_SILENT"}));
}

TEST(Findings, WhatTheKernelFoundStandsInEveryView) {
  for (const auto& row : command_table()) {
    if (row.kernel_action()) continue;
    SCOPED_TRACE(text_of(row.name));
    auto answer = reading(CallKind::wal);
    const Finding found{"MEMBERS_DIFFER", Severity::warning, "the agent of n1 has other members"};
    answer.snapshot.findings = {found};
    if (row.name == CommandName::run_diagnostics) answer.findings = {found};
    const auto view = make_view({row.name, row.takes_node ? "n2" : "", "", {}, {}}, answer);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(std::ranges::count(view->findings, found), 1);
  }
}

TEST(Findings, WithoutAHolderOnePrimaryIsAWarningAndTwoAreAnAlarm) {
  auto snapshot = reading().snapshot;
  snapshot.holder.clear();
  snapshot.nodes[0].assigned = NodeRole::replica;
  EXPECT_EQ(codes(findings_of(snapshot)),
            (Codes{"PRIMARY_WITHOUT_AUTHORITY", "NO_PRIMARY", "NODE_BEHIND"}));
  snapshot.nodes[1].reported = NodeRole::primary;
  EXPECT_EQ(codes(findings_of(snapshot)),
            (Codes{"TWO_PRIMARIES", "TWO_PRIMARIES", "NO_PRIMARY", "NODE_BEHIND"}));
}

}  // namespace
}  // namespace aeromq
