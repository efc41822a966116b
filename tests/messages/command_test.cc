// The closed set of ten commands: structure, arguments, class bit, authority (A1-A11, B1).
#include "messages/command.h"

#include <gtest/gtest.h>

#include "messages/text.h"

namespace aeromq {
namespace {

RequestId id_for(bool kernel_action) {
  RequestId id;
  id.counter = 1;
  id.kernel_action = kernel_action;
  return id;
}

Submit good(const CommandRow& row) {
  return {std::string(text_of(row.name)), row.takes_node ? "n1" : "", row.takes_reason ? "why" : "",
          "", ""};
}

void expect_bad(const Submit& submit, const RequestId& request, std::string_view field) {
  const auto read = check_structure(submit, request);
  ASSERT_FALSE(read) << submit.command << " " << field;
  EXPECT_EQ(read.error().field, field);
  EXPECT_EQ(read.error().domain, Domain::operator_input);
}

TEST(Commands, AreTenInOrder) {
  ASSERT_EQ(command_table().size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto& row = command_table()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.name), i);
    EXPECT_EQ(find_command(text_of(row.name)), row.name);
    EXPECT_TRUE(check_structure(good(row), id_for(row.kernel_action()))) << text_of(row.name);
  }
  EXPECT_FALSE(find_command("drop_everything"));
}

TEST(Commands, AnUnknownOneIsRefused) {
  const auto read = check_structure({"failover", "", "", "", {}}, id_for(false));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "UNKNOWN_COMMAND");
  const auto hostile = check_structure({"\x1B[2J", "", "", "", {}}, id_for(false));
  EXPECT_EQ(hostile.error().message.find('\x1B'), std::string::npos);
}

TEST(Commands, TakeExactlyTheirArguments) {
  for (const auto& row : command_table()) {
    SCOPED_TRACE(text_of(row.name));
    const auto request = id_for(row.kernel_action());
    auto node = good(row), reason = good(row), about = good(row);
    node.node = row.takes_node ? "" : "n1";
    reason.reason = row.takes_reason ? "" : "why";
    about.about = "x";
    auto successor = good(row);
    successor.successor = row.takes_successor ? successor.node : "n2";
    expect_bad(successor, request, "successor");
    expect_bad(node, request, "node");
    expect_bad(reason, request, "reason");
    expect_bad(about, request, "about");
    expect_bad(good(row), id_for(!row.kernel_action()), "request_id");
  }
}

TEST(Commands, RefuseHostileText) {
  const auto request = id_for(true);
  for (const std::string bad : {"a\nb", "\x1B[1m", "\x7F", "\xC2\x9B", "   "})
    expect_bad({"request_promotion", "n1", bad, "", {}}, request, "reason");
  for (const std::string bad : {"n 1", "n/1", "n\n", "../x"})
    expect_bad({"request_promotion", bad, "why", "", {}}, request, "node");
}

TEST(Commands, AuthorityIsTheTable) {
  for (const auto& row : command_table()) {
    EXPECT_FALSE(may_submit(Authority::none, row));
    EXPECT_TRUE(may_submit(Authority::operator_, row));
    const bool looks = row.confirmation == ConfirmationKind::never;
    EXPECT_EQ(may_submit(Authority::observer, row), looks) << text_of(row.name);
    EXPECT_EQ(may_submit(Authority::auditor, row), looks) << text_of(row.name);
  }
}

TEST(Text, PositionsAreTwoHalvesInHexadecimal) {
  EXPECT_EQ(position_text(0), "0/0");
  EXPECT_EQ(position_text(0x40004E8), "0/40004E8");
  EXPECT_EQ(position_text(0x1'0000'00FF), "1/FF");
}

}  // namespace
}  // namespace aeromq
