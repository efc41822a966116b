// Every path that a document names is there: links, and back-ticked words that begin with one of
// the repository's folders.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "document.h"

namespace aeromq::docs {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = AEROMQ_SOURCE_DIR;

std::set<std::string> folders() {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(kRoot))
    if (entry.is_directory()) found.insert(entry.path().filename().string());
  found.erase("build");
  return found;
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const auto& folder : {kRoot, kRoot / "docs"})
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".md") found.push_back(entry.path());
  if (fs::exists(kRoot / "docs" / "decisions"))
    for (const auto& entry : fs::directory_iterator(kRoot / "docs" / "decisions"))
      if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

/// `folder/...` of this repository, and nothing that only looks like one.
bool is_path(const std::string& word, const std::set<std::string>& known) {
  const auto slash = word.find('/');
  return slash != std::string::npos && word.find_first_of(" <>*{}()$=|,:") == std::string::npos &&
         known.contains(word.substr(0, slash));
}

/// The target of each Markdown link that is not a web address or a place in the same file.
std::vector<std::string> links(const std::string& line) {
  std::vector<std::string> found;
  for (auto at = line.find("]("); at != std::string::npos; at = line.find("](", at + 1)) {
    auto target = line.substr(at + 2, line.find(')', at) - at - 2);
    target = target.substr(0, target.find('#'));
    if (!target.empty() && target.find("://") == std::string::npos) found.push_back(target);
  }
  return found;
}

TEST(Documents, NameOnlyPathsThatExist) {
  const auto known = folders();
  const auto all = documents();
  ASSERT_FALSE(all.empty());
  std::size_t checked = 0;
  for (const auto& path : all) {
    const auto document = Document::read(path.string());
    for (std::size_t i = 0; i < document.lines().size(); ++i) {
      const auto& line = document.lines()[i];
      const auto where = path.filename().string() + ":" + std::to_string(i + 1) + ": ";
      for (const auto& word : quoted_words(line)) {
        if (!is_path(word, known)) continue;
        ++checked;
        EXPECT_TRUE(fs::exists(kRoot / word)) << where << word;
      }
      for (const auto& link : links(line)) {
        ++checked;
        EXPECT_TRUE(fs::exists(path.parent_path() / link)) << where << link;
      }
    }
  }
  EXPECT_GT(checked, 20U);
}

}  // namespace
}  // namespace aeromq::docs
