// The error table is complete, unique and says nothing that a repeat could make untrue.
#include "messages/error.h"

#include <gtest/gtest.h>

#include <set>

#include "messages/invariants.h"

namespace aeromq {
namespace {

TEST(ErrorTable, NumbersAndCodesAreUniqueAndInOrder) {
  std::set<std::string_view> codes;
  int last = 0;
  for (const auto& row : error_table()) {
    EXPECT_GT(static_cast<int>(row.number), last) << row.code;
    last = static_cast<int>(row.number);
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_EQ(find_error_row(row.code), &row);
    EXPECT_EQ(&error_row(row.number), &row);
    EXPECT_FALSE(row.sentence.empty());
  }
}

TEST(ErrorTable, EveryInvariantIsKnown) {
  for (const auto& row : error_table()) {
    const auto error = make_error(row.number);
    EXPECT_FALSE(error.invariants.empty()) << row.code;
    for (const auto& id : error.invariants)
      EXPECT_NE(find_invariant(id), nullptr) << row.code << " " << id;
  }
}

TEST(ErrorTable, ExitCodesFollowTheDomainAndTheOutcome) {
  for (const auto& row : error_table()) {
    SCOPED_TRACE(row.code);
    EXPECT_EQ(exit_code(make_error(row.number)), row.exit_code);
    switch (row.domain) {
      case Domain::operator_input:
        EXPECT_EQ(row.exit_code, 2);
        EXPECT_EQ(row.outcome, Outcome::not_executed);
        break;
      case Domain::validation:
        EXPECT_TRUE(row.exit_code == 10 || row.exit_code == 11 || row.exit_code == 12);
        break;
      case Domain::kernel_rejection:
        EXPECT_EQ(row.exit_code, 20);
        break;
      case Domain::transport:
        EXPECT_EQ(row.exit_code, row.outcome == Outcome::unknown ? 30 : 31);
        break;
    }
    EXPECT_NE(row.outcome, Outcome::executed);
  }
}

// outcome.md row 4: what is said about a repeat never says "not executed" (E1).
TEST(ErrorTable, RepeatsClaimNothingAboutTheFirst) {
  for (const auto code : {ErrorCode::duplicate_request, ErrorCode::token_spent,
                          ErrorCode::not_pending, ErrorCode::unknown_session})
    EXPECT_EQ(error_row(code).outcome, Outcome::unknown) << error_row(code).code;
}

TEST(Errors, SameArgumentsSameError) {
  EXPECT_EQ(make_error(ErrorCode::busy, "x"), make_error(ErrorCode::busy, "x"));
  EXPECT_EQ(make_error(ErrorCode::invalid_input, "why", "node").field, "node");
  EXPECT_EQ(make_error(ErrorCode::malformed, "x", Outcome::not_executed).outcome,
            Outcome::not_executed);
}

TEST(Errors, AKernelRejectionIsVerbatim) {
  const auto error = kernel_rejection("PRIMARY_EXISTS", "node1 holds it", {"P6-A1"});
  EXPECT_EQ(error.code, "PRIMARY_EXISTS");
  EXPECT_EQ(error.message, "node1 holds it");
  EXPECT_EQ(exit_code(error), 20);
}

TEST(Invariants, IdsAreUniqueAndStated) {
  std::set<std::string_view> ids;
  for (const auto& row : invariant_table()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_FALSE(row.statement.empty());
  }
  EXPECT_EQ(ids.size(), 25U);
  EXPECT_EQ(invariant_line("P6-A1"), "P6-A1: at most one node holds write authority");
  EXPECT_EQ(invariant_line("P9-X1"), "P9-X1");
}

}  // namespace
// A script acts on the exit code: the outcome told decides where it is not the row's own (D2).
TEST(ErrorTable, TheOutcomeToldDecidesTheExitCode) {
  EXPECT_EQ(exit_code(make_error(ErrorCode::audit_unavailable, "", Outcome::unknown)), 30);
  EXPECT_EQ(exit_code(make_error(ErrorCode::audit_unavailable, "", Outcome::executed)), 30);
  EXPECT_EQ(exit_code(make_error(ErrorCode::busy, "", Outcome::unknown)), 30);
  EXPECT_EQ(exit_code(make_error(ErrorCode::answer_lost, "", Outcome::not_executed)), 31);
}

}  // namespace aeromq
