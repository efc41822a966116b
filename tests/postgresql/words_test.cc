// What docs/postgresql.md says of the checks, against the checks.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

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

const docs::Document& document() {
  static const auto read = docs::Document::read(AEROMQ_SOURCE_DIR "/docs/postgresql.md");
  return read;
}

std::map<std::string, Word> written() {
  std::map<std::string, Word> words;
  for (const auto& cells : document().table_headed({"code", "invariant", "for", "passes if"}))
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

std::set<std::string> first_words(const docs::Cells& heading) {
  std::set<std::string> words;
  for (const auto& cells : document().table_headed(heading))
    for (const auto& word : docs::quoted_words(cells.at(0))) words.insert(word);
  return words;
}

/// What `pattern` finds first in every source file of `folder` whose name begins with `start`.
std::set<std::string> found_in_source(const std::string& folder, const std::string& start,
                                      const std::string& pattern) {
  const std::regex wanted(pattern);
  std::set<std::string> found;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(AEROMQ_SOURCE_DIR "/" + folder)) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    if (entry.path().filename().string().rfind(start, 0) != 0) continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at)
      found.insert((*at)[1]);
  }
  return found;
}

TEST(PostgresqlWords, TheTableOfWarningsIsWhatExplanationsWarnOf) {
  const auto spoken =
      found_in_source("kernel/postgresql/sight", "warnings", "add(?:_of)?\\(\\s*\"([A-Z_]+)\"");
  EXPECT_GT(spoken.size(), 10U);
  EXPECT_EQ(first_words({"warning", "for", "it says"}), spoken);
}

TEST(PostgresqlWords, TheTableOfFindingsIsWhatLooksShow) {
  auto spoken = found_in_source("kernel/postgresql/sight", "findings", "add\\(\\s*\"([A-Z_]+)\"");
  spoken.merge(found_in_source("kernel/postgresql/sight", "members", "add\\(\\s*\"([A-Z_]+)\""));
  EXPECT_GT(spoken.size(), 20U);
  for (const auto& word : first_words({"finding", "it says", "what to do"})) spoken.erase(word);
  // What has the same name as a check says the same.
  for (const auto& check : written()) spoken.erase(check.first);
  EXPECT_THAT(spoken, testing::IsEmpty());
}

TEST(PostgresqlWords, EveryCodeStandsInTheDocument) {
  std::set<std::string> written;
  for (const auto& line : document().lines())
    for (const auto& word : docs::quoted_words(line)) written.insert(word);
  auto spoken = found_in_source("kernel/postgresql", "", "\"([A-Z]+(?:_[A-Z]+)+)\"");
  EXPECT_GT(spoken.size(), 50U);
  spoken.erase("CHECKPOINT_SHUTDOWN");  // pg_waldump's word, not ours
  for (const auto& word : written) spoken.erase(word);
  EXPECT_THAT(spoken, testing::IsEmpty());
}

TEST(PostgresqlWords, TheTableOfChecksIsWhatIsChecked) {
  EXPECT_THAT(written(), testing::ContainerEq(spoken()));
}

}  // namespace
}  // namespace aeromq::postgresql
