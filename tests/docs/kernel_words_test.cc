// What docs/protocol.md says of the embedded kernel's own words, against the kernel: its rejection
// codes, and the views that are its own.
#include <gmock/gmock.h>

#include "actors/dispatcher/view.h"
#include "document.h"
#include "kernel/embedded.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::docs {
namespace {

using testing::ElementsAreArray;

const Document& protocol() {
  static const auto read = Document::read(AEROMQ_SOURCE_DIR "/docs/protocol.md");
  return read;
}

std::map<std::string, std::string> written_codes() {
  std::map<std::string, std::string> written;
  for (const auto& cells : protocol().table_headed({"kernel code", "invariants", "sentence"}))
    written[plain(cells.at(0))] = cells.at(1);
  return written;
}

TEST(KernelWords, EveryCheckIsInTheTableWithItsInvariants) {
  const auto written = written_codes();
  auto state = kernel::create_register({}, "demo", {"n1", "n2"});
  for (const auto action : {Action::promote, Action::demote, Action::force_promote})
    for (const auto& check : kernel::checks(state, action, "n2", 0, "n1")) {
      ASSERT_TRUE(written.contains(check.code)) << check.code;
      EXPECT_THAT(written.at(check.code), testing::StartsWith(check.invariant)) << check.code;
    }
  Act act;
  act.fencing_epoch = state.fencing_epoch + 1;
  const auto rejection = kernel::judge(state, act, 0);
  ASSERT_TRUE(rejection);
  ASSERT_TRUE(written.contains(rejection->code)) << rejection->code;
  EXPECT_EQ(written.at(rejection->code), rejection->invariants.at(0));
}

/// An embedded kernel with a register of its own.
class KernelViews : public testing::Test {
 protected:
  View view(CommandName name, CallKind kind) {
    KernelCall call;
    call.kind = kind;
    const auto made = make_view(Command{name, "", "", {}, {}}, kernel_->answer(call, {}, {}));
    return made.value();
  }
  test::ScratchFolder folder_;
  Result<kernel::Embedded> kernel_ =
      kernel::Embedded::start({folder_ / "register.sqlite", "demo", {"n1", "n2"}, {}}, {});
};

TEST_F(KernelViews, AreInTheTable) {
  ASSERT_TRUE(kernel_);
  const std::map<CommandName, CallKind> kinds{
      {CommandName::inspect_wal, CallKind::wal},
      {CommandName::inspect_snapshots, CallKind::snapshots},
      {CommandName::run_diagnostics, CallKind::diagnostics}};
  std::map<std::string, Cells> written;
  for (const auto& cells :
       protocol().table_headed({"command", "facts", "tables and their columns"}))
    written[plain(cells.at(0))] = cells;
  std::string findings;
  for (const auto& cells : protocol().table_headed({"finding", "severity", "says"}))
    findings += plain(cells.at(0)) + " " + cells.at(1) + "\n";
  for (const auto& [name, kind] : kinds) {
    const auto shown = view(name, kind);
    Cells facts, tables;
    for (const auto& fact : shown.facts) facts.push_back(fact.name);
    for (const auto& table : shown.tables) {
      tables.push_back(table.name);
      for (const auto& column : table.columns) tables.push_back(column.name);
    }
    const auto& cells = written[std::string(text_of(name))];
    ASSERT_EQ(cells.size(), 3U) << text_of(name);
    EXPECT_THAT(quoted_words(cells[1]), ElementsAreArray(facts)) << text_of(name);
    EXPECT_THAT(quoted_words(cells[2]), ElementsAreArray(tables)) << text_of(name);
    for (const auto& finding : shown.findings)
      EXPECT_THAT(findings, testing::HasSubstr(finding.code + " " +
                                               std::string(text_of(finding.severity)) + "\n"));
  }
}

}  // namespace
}  // namespace aeromq::docs
