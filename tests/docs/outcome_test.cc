// docs/outcome.md tells of every hole, and docs/requirements.md has every row.
#include <gmock/gmock.h>

#include <set>

#include "document.h"
#include "messages/invariants.h"

namespace aeromq::docs {
namespace {

TEST(OutcomeDocument, HasAllNineteenHolesWithRuleAndPlace) {
  const auto outcome = Document::read(AEROMQ_SOURCE_DIR "/docs/outcome.md");
  ASSERT_FALSE(outcome.empty());
  const auto rows =
      outcome.table_headed({"#", "what could happen", "the rule that closes it", "where"});
  ASSERT_EQ(rows.size(), 19U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 4U) << "row " << i + 1;
    EXPECT_EQ(rows[i][0], std::to_string(i + 1));
    EXPECT_FALSE(rows[i][1].empty()) << "row " << i + 1;
    EXPECT_FALSE(rows[i][2].empty()) << "row " << i + 1;
    EXPECT_FALSE(quoted_words(rows[i][3]).empty())
        << "row " << i + 1 << " names no place in the code";
  }
}

TEST(RequirementsDocument, HasEveryRowOnce) {
  const auto requirements = Document::read(AEROMQ_SOURCE_DIR "/docs/requirements.md");
  ASSERT_FALSE(requirements.empty());
  std::multiset<std::string> written;
  for (const auto& line : requirements.lines())
    if (const auto cells = cells_of(line); !cells.empty()) written.insert(cells.front());
  std::set<std::string> wanted{"F4.1", "F4.2", "F4.3", "F5.1", "F5.2", "F5.3", "F6.1", "F6.2",
                               "F7.1", "F7.2", "F8.1", "F8.2", "F9",   "F10",  "F11",  "F12"};
  const std::pair<char, int> groups[] = {{'A', 14}, {'B', 5}, {'C', 8}, {'D', 6},
                                         {'E', 3},  {'G', 9}, {'H', 4}};
  for (const auto& [letter, last] : groups)
    for (int i = 1; i <= last; ++i) wanted.insert(letter + std::to_string(i));
  for (const auto& row : wanted) EXPECT_EQ(written.count(row), 1U) << row;
}

TEST(RequirementsDocument, InvariantsAreTheCodes) {
  const auto requirements = Document::read(AEROMQ_SOURCE_DIR "/docs/requirements.md");
  std::vector<Cells> wanted;
  for (const auto& row : invariant_table())
    wanted.push_back({std::string(row.id), std::string(row.statement)});
  EXPECT_THAT(requirements.table_headed({"id", "statement"}), testing::ElementsAreArray(wanted));
}

}  // namespace
}  // namespace aeromq::docs
