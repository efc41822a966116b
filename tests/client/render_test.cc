// What people and programs read, to the octet, in all three formats.
#include <gmock/gmock.h>

#include <sstream>

#include "client/ctl/output.h"
#include "client/ctl/render/escape.h"
#include "client/ctl/render/grid.h"
#include "client/ctl/render/yaml.h"

namespace aeromq::ctl {
namespace {

View cluster() {
  using enum ColumnKind;
  View view;
  view.command = "inspect_cluster_state";
  view.cluster = "batman";
  view.history.octets = {0xAB, 0, 0, 1};
  view.snapshot = 4417;
  view.fencing_epoch = 5;
  view.kernel_ms = 99;
  view.wall_ms = 1'771'510'592'207;
  view.facts = {{"holder", "node1", text}, {"acknowledged", "", number}};
  view.tables = {{"nodes",
                  {{"node", text},
                   {"reported", text},
                   {"assigned", text},
                   {"state", text},
                   {"lag", number},
                   {"stale", flag}},
                  {{{"node1", "primary", "primary", "running", "0", "false"}},
                   {{"node2", "primary", "replica", "running", "12", "false"}},
                   {{"node3", "", "replica", "", "", "true"}}}}};
  view.findings = {{"NODE_SILENT", Severity::warning, "node3 last heard 14:15:51Z"}};
  return view;
}

TEST(RenderView, Table) {
  EXPECT_EQ(view_text(cluster()),
            "+ Cluster: batman  snapshot 4417  fencing epoch 5  2026-02-19T14:16:32.207Z +\n"
            "| Node  | Reported | Assigned | State     | Lag | Stale |\n"
            "+-------+----------+----------+-----------+-----+-------+\n"
            "| node1 | primary  | primary  | * running |   0 | false |\n"
            "| node2 | primary  | replica  | ! running |  12 | false |\n"
            "| node3 | -        | replica  | ? -       |   - | true  |\n"
            "+-------+----------+----------+-----------+-----+-------+\n"
            "Holder        node1\n"
            "Acknowledged  -\n"
            "WARNING: node3 last heard 14:15:51Z (NODE_SILENT)\n");
}

TEST(RenderView, Json) {
  EXPECT_EQ(
      json_line(to_json(cluster())),
      R"({"command":"inspect_cluster_state","cluster":"batman","history":"ab000001",)"
      R"("snapshot":4417,"fencing_epoch":5,"kernel_ms":99,"wall_ms":1771510592207,)"
      R"("facts":{"holder":"node1","acknowledged":null},)"
      R"("nodes":[{"node":"node1","reported":"primary","assigned":"primary","state":"running",)"
      R"("lag":0,"stale":false},{"node":"node2","reported":"primary","assigned":"replica",)"
      R"("state":"running","lag":12,"stale":false},{"node":"node3","reported":null,)"
      R"("assigned":"replica","state":null,"lag":null,"stale":true}],)"
      R"("findings":[{"code":"NODE_SILENT","severity":"warning",)"
      R"("text":"node3 last heard 14:15:51Z"}]})");
}

TEST(RenderView, Yaml) {
  EXPECT_EQ(yaml_text(to_json(cluster())),
            "command: inspect_cluster_state\n"
            "cluster: batman\n"
            "history: ab000001\n"
            "snapshot: 4417\n"
            "fencing_epoch: 5\n"
            "kernel_ms: 99\n"
            "wall_ms: 1771510592207\n"
            "facts:\n"
            "  holder: node1\n"
            "  acknowledged: null\n"
            "nodes:\n"
            "  - node: node1\n"
            "    reported: primary\n"
            "    assigned: primary\n"
            "    state: running\n"
            "    lag: 0\n"
            "    stale: false\n"
            "  - node: node2\n"
            "    reported: primary\n"
            "    assigned: replica\n"
            "    state: running\n"
            "    lag: 12\n"
            "    stale: false\n"
            "  - node: node3\n"
            "    reported: null\n"
            "    assigned: replica\n"
            "    state: null\n"
            "    lag: null\n"
            "    stale: true\n"
            "findings:\n"
            "  - code: NODE_SILENT\n"
            "    severity: warning\n"
            "    text: \"node3 last heard 14:15:51Z\"\n");
}

TEST(RenderView, ATableNeverHidesAFieldOfTheView) {
  auto view = cluster();
  view.tables[0].name = "snapshot";
  EXPECT_EQ(to_json(view)["snapshot"], 4417);
  EXPECT_EQ(to_json(view)["snapshot_table"].size(), 3U);
}

TEST(RenderYaml, WhatAReaderCouldMistakeIsQuoted) {
  const Json value{{"a", "yes"},    {"b", "12"},   {"c", ""},         {"d", "x: y"},
                   {"e", "- item"}, {"f", "No"},   {"g", "plain it"}, {"h", Json::array()},
                   {"i", {1, 2}},   {"j", "a #b"}, {"k", "z "}};
  EXPECT_EQ(yaml_text(value),
            "a: \"yes\"\nb: \"12\"\nc: \"\"\nd: \"x: y\"\ne: \"- item\"\nf: \"No\"\n"
            "g: plain it\nh: []\ni:\n  - 1\n  - 2\nj: \"a #b\"\nk: \"z \"\n");
}

TEST(Escape, NothingFromTheWireMovesTheCursor) {
  EXPECT_EQ(escape("a\x1b[2J\r\n\x7f"), "a\\u001b[2J\\u000d\\u000a\\u007f");
  EXPECT_EQ(escape("\xC2\x9B"
                   "31m"),
            "\\u009b31m");  // C1: CSI in one character
  EXPECT_EQ(escape("\xE2\x80\xAE"
                   "evil"),
            "\\u202eevil");                     // right-to-left override
  EXPECT_EQ(escape("\xFF\xC3"), "\\xff\\xc3");  // no UTF-8 at all
  EXPECT_EQ(escape("Gr\xC3\xBC\xC3\x9F"
                   "e"),
            "Gr\xC3\xBC\xC3\x9F"
            "e");
}

TEST(Grid, WideCharactersKeepTheColumnsAndLongCellsFold) {
  const std::string sixty(60, 'y');
  const auto text = grid_text("", {{"A"}, {"B"}},
                              {{"\xE6\x97\xA5\xE6\x9C\xAC", "1"},
                               {std::string(59, 'x') + " tail of it", "2"},
                               {sixty + sixty + "z", "3"}});
  std::istringstream lines(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(width(line), 68U) << line;
    all.push_back(line);
  }
  ASSERT_EQ(all.size(), 10U);
  EXPECT_EQ(all[3].substr(0, 8), "| \xE6\x97\xA5\xE6\x9C\xAC");
  EXPECT_EQ(all[4], "| " + std::string(59, 'x') + "  | 2 |");
  EXPECT_EQ(all[5].substr(0, 12), "| tail of it");
  EXPECT_EQ(all[8].substr(0, 4), "| z ");
}

TEST(Escape, FoldingLosesNothingButBlanksAtTheCuts) {
  EXPECT_EQ(folded("", 5), (std::vector<std::string>{""}));
  EXPECT_EQ(folded("abcde", 5), (std::vector<std::string>{"abcde"}));
  EXPECT_EQ(folded("ab cdefg", 5), (std::vector<std::string>{"ab", "cdefg"}));
  EXPECT_EQ(folded("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 5),
            (std::vector<std::string>{"\xE6\x97\xA5\xE6\x9C\xAC", "\xE8\xAA\x9E"}));
  EXPECT_EQ(folded("\xE6\x97\xA5", 1), (std::vector<std::string>{"\xE6\x97\xA5"}));
}

TEST(ExplanationText, WarningsStandBetweenTheChecksAndWhatWasNotChecked) {
  Explanation explanation;
  explanation.checks = {{"NOT_PRIMARY", "P6-A1", "n1 is a primary", true, false}};
  explanation.warnings = {{"ARCHIVER_BEHIND", Severity::warning, "on n1 3 segments wait"}};
  explanation.not_checked = {"the weather"};
  EXPECT_NE(explanation_text(explanation)
                .find("Checks of the kernel, as they stood:\n"
                      "  - NOT_PRIMARY [P6-A1] passes: n1 is a primary\n"
                      "Before you confirm:\n"
                      "  - ARCHIVER_BEHIND (warning): on n1 3 segments wait\n"
                      "Not checked:\n"),
            std::string::npos);
  const auto value = wire_json(explanation);
  EXPECT_EQ(value["warnings"][0]["code"], "ARCHIVER_BEHIND");
  EXPECT_NE(yaml_text(value).find("ARCHIVER_BEHIND"), std::string::npos);
}

/// Every format, with a hostile text in every place that a node or a kernel may fill.
TEST(Escape, NoFormatLetsAControlCharacterThrough) {
  const std::string evil = "x\x1b[31m\x07\xC2\x9By";
  auto view = cluster();
  view.cluster = evil;
  view.facts[0] = {evil, evil, ColumnKind::text};
  view.tables[0].name = evil;
  view.tables[0].columns[0].name = evil;
  view.tables[0].rows[0].cells[3] = evil;
  view.findings[0] = {evil, Severity::alarm, evil};
  Error error = kernel_rejection(evil, evil, {evil});
  error.field = evil;
  Explanation explanation;
  explanation.action = explanation.cost = evil;
  explanation.components = explanation.irreversible = explanation.invariants = {evil};
  explanation.not_checked = {evil};
  explanation.warnings = {{evil, Severity::warning, evil}};
  explanation.facts = {{evil, evil, evil, 0}};
  explanation.checks = {{evil, evil, evil, false, true}};
  explanation.risks = {{evil, evil, evil}};
  ActAnswer answer;
  answer.text = evil;
  answer.effects = {{evil, evil, evil}};
  OutcomeAnswer outcome;
  outcome.why = outcome.code = outcome.text = outcome.action = outcome.node = outcome.principal =
      evil;
  AuditPage page;
  page.records.resize(1);
  auto& record = page.records[0].record;
  record.principal = record.command = record.node = record.request = record.error_code =
      record.failure = evil;
  page.gaps = page.findings = {evil};
  page.summary = evil;
  const std::vector<std::string> shown{view_text(view),
                                       json_text(to_json(view)),
                                       yaml_text(to_json(view)),
                                       error_text(error),
                                       json_line(wire_json(error)),
                                       yaml_text(wire_json(error)),
                                       explanation_text(explanation),
                                       json_text(wire_json(explanation)),
                                       executed_text(answer),
                                       outcome_text(outcome),
                                       audit_text(page),
                                       json_text(to_json(page)),
                                       yaml_text(to_json(page))};
  for (const auto& text : shown) {
    EXPECT_THAT(text, ::testing::HasSubstr("x\\u001b"));
    for (const char c : text)
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << text;
    EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos);
  }
}

TEST(RenderError, AllThatIsKnownOfIt) {
  const auto error = make_error(ErrorCode::invalid_input, "empty", std::string("reason"));
  EXPECT_EQ(error_text(error),
            "OperatorInput  INVALID_INPUT: invalid input: empty\n"
            "  field: reason\n"
            "  invariants: P7-F1\n"
            "  outcome: not executed\n");
  EXPECT_EQ(json_line(wire_json(error)),
            R"({"domain":"OperatorInput","code":"INVALID_INPUT","message":"invalid input: empty",)"
            R"("field":"reason","invariants":["P7-F1"],"outcome":"not executed"})");
}

TEST(RenderError, AnUnknownOutcomeSaysHowToAsk) {
  RequestId request;
  request.counter = 3;
  const Common common{"/etc/my client.toml", Format::json};
  const auto value = error_json(common, make_error(ErrorCode::answer_lost), request);
  EXPECT_EQ(value["ask"], "aeromq-ctl -c '/etc/my client.toml' outcome " + request.text());
  EXPECT_FALSE(error_json(common, make_error(ErrorCode::not_reached), request).contains("ask"));
}

TEST(ExitCodes, OutcomeEndsAsTheRequestWouldHave) {
  OutcomeAnswer answer;
  const auto code = [&](Verdict verdict, bool final) {
    answer.verdict = verdict;
    answer.final_ = final;
    return exit_code_of(answer);
  };
  EXPECT_EQ(code(Verdict::executed, true), 0);
  EXPECT_EQ(code(Verdict::rejected, true), 20);
  EXPECT_EQ(code(Verdict::not_executed, true), 10);
  EXPECT_EQ(code(Verdict::not_executed, false), 30) << "only a final one can be relied upon";
  EXPECT_EQ(code(Verdict::not_yet_decided, false), 30);
  EXPECT_EQ(code(Verdict::unknown, false), 30);
  EXPECT_EQ(code(Verdict::no_kernel_change, true), 0);
}

TEST(ExitCodes, TwoPrimariesAreAnAlarm) {
  auto view = cluster();
  EXPECT_EQ(exit_code_of(view), 0);
  view.findings.push_back({"TWO_PRIMARIES", Severity::alarm, "node1, node2"});
  EXPECT_EQ(exit_code_of(view), 49);
}

TEST(RenderAudit, RecordsGapsAndFindings) {
  AuditPage page;
  page.records.resize(1);
  auto& record = page.records[0].record;
  record.seq = 7;
  record.stage = Stage::executed;
  record.wall_ns = 1'771'510'592'207'000'000;
  record.principal = "anna";
  record.command = "request_promotion";
  record.node = "node2";
  record.outcome = RecordOutcome::executed;
  page.gaps = {"no dispatched record"};
  const auto text = audit_text(page);
  EXPECT_THAT(text, ::testing::HasSubstr("|   7 | 2026-02-19T14:16:32.207Z | executed | anna |"));
  EXPECT_THAT(text, ::testing::HasSubstr("GAP: no dispatched record\n"));
  EXPECT_EQ(to_json(page)["records"][0]["seq"], 7);
  EXPECT_FALSE(to_json(page)["records"][0].contains("raw"));
  EXPECT_EQ(audit_text({}), "no records\n");
}

}  // namespace
}  // namespace aeromq::ctl
