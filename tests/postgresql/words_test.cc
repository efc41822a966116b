// What docs/postgresql.md says of the checks, against the checks.
#include <gmock/gmock.h>

#include <map>

#include "kernel/postgresql/sight/checks.h"
#include "tests/docs/document.h"
#include "tests/postgresql/sight_samples.h"

namespace aeromq::postgresql {
namespace {

struct Word {
  std::string invariant;
  std::string actions;      ///< "P D F"
  std::string overridable;  ///< the actions that may override it
  friend bool operator==(const Word&, const Word&) = default;
  friend void PrintTo(const Word& word, std::ostream* out) {
    *out << word.invariant << " for " << word.actions << ", overridable for " << word.overridable;
  }
};

void add(std::string& letters, char letter) {
  if (letters.find(letter) != std::string::npos) return;
  if (!letters.empty()) letters += ' ';
  letters += letter;
}

/// "P, F **may be overridden**": all letters, and the one that stands before these words.
Word word_of(const docs::Cells& cells) {
  Word word{cells.at(1), {}, {}};
  const auto bold = cells.at(2).find("**");
  const auto letters = cells.at(2).substr(0, bold);
  for (const char c : letters)
    if (c == 'P' || c == 'D' || c == 'F') add(word.actions, c);
  if (bold != std::string::npos) word.overridable = word.actions.substr(word.actions.size() - 1);
  return word;
}

std::map<std::string, Word> written() {
  const auto document = docs::Document::read(AEROMQ_SOURCE_DIR "/docs/postgresql.md");
  std::map<std::string, Word> words;
  for (const auto& cells : document.table_headed({"code", "invariant", "for", "passes if"}))
    words[docs::plain(cells.at(0))] = word_of(cells);
  return words;
}

/// Every check of every action, asynchronous and not, with and without a demotion before.
std::map<std::string, Word> spoken() {
  std::map<std::string, Word> words;
  const std::vector<std::pair<Action, char>> kActions{
      {Action::promote, 'P'}, {Action::demote, 'D'}, {Action::force_promote, 'F'}};
  for (const auto& [action, letter] : kActions)
    for (const std::string synchronous : {"", "ANY 1 (n1,n2,n3)"})
      for (const Lsn checkpoint : {Lsn{0}, kCheckpoint}) {
        auto intent = wish(action, "n2");
        intent.shutdown_checkpoint = checkpoint;
        if (action == Action::demote) intent.successor = "n1";
        for (const auto& check : checks(healthy(), intent, {kSystem, synchronous})) {
          auto& word = words[check.code];
          word.invariant = check.invariant;
          add(word.actions, letter);
          if (check.overridable) add(word.overridable, letter);
        }
      }
  return words;
}

TEST(PostgresqlWords, TheTableOfChecksIsWhatIsChecked) {
  EXPECT_THAT(written(), testing::ContainerEq(spoken()));
}

}  // namespace
}  // namespace aeromq::postgresql
