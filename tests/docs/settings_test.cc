// docs/settings.md against the code: each setting, its default and its bounds.
#include "process/settings.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <regex>

#include "document.h"
#include "supervisor/folder.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::docs {
namespace {

/// Key and value, as TOML has it, of every setting in a file that `aeromq up` made.
std::map<std::string, std::string> made_by_up() {
  const test::ScratchFolder scratch;
  std::map<std::string, std::string> all;
  for (const bool postgresql : {false, true}) {
    supervisor::FolderOptions options{scratch / (postgresql ? "p" : "e"), {}, ""};
    if (postgresql) options.postgresql.nodes = {"n1=db1:5432"};
    EXPECT_TRUE(supervisor::prepare_folder(options));
    std::ifstream file(options.dir + "/aeromq.toml");
    std::string table;
    for (std::string line; std::getline(file, line);) {
      std::smatch found;
      if (std::regex_match(line, found, std::regex(R"(\[(\w+)\])"))) table = found.str(1) + ".";
      if (std::regex_match(line, found, std::regex(R"((\w+) = (.*))")))
        all.emplace(table + found.str(1), found.str(2));
    }
  }
  return all;
}

std::vector<Cells> rows() {
  return Document::read(AEROMQ_SOURCE_DIR "/docs/settings.md")
      .table_headed({"setting", "default", "bounds", "meaning"});
}

/// Is `value` taken for the setting `name`?
bool taken(const std::string& name, const std::string& value) {
  const auto dot = name.find('.');
  const auto text = dot == std::string::npos ? name + " = " + value + "\n"
                                             : "[" + name.substr(0, dot) + "]\n" +
                                                   name.substr(dot + 1) + " = " + value + "\n";
  return process::parse_settings("/x/aeromq.toml", text).has_value();
}

TEST(SettingsPage, HasEverySettingWithItsDefault) {
  auto made = made_by_up();
  // These depend on the directory and its nodes.
  for (const auto* own : {"cluster.nodes", "broker.clients", "broker.feed"}) made.erase(own);
  std::map<std::string, std::string> written;
  for (const auto& cells : rows()) {
    const auto name = plain(cells.at(0));
    const auto value = cells.at(1);
    written[name] = plain(value);
    EXPECT_FALSE(cells.at(3).empty()) << name;
  }
  ASSERT_GT(made.size(), 15U);
  for (const auto& [name, value] : made) {
    ASSERT_TRUE(written.contains(name)) << name << " is not on the page";
    EXPECT_EQ(written[name], value) << name;
  }
}

TEST(SettingsPage, EverySettingIsKnownAndEveryBoundHolds) {
  std::size_t bounds = 0;
  for (const auto& cells : rows()) {
    const auto name = plain(cells.at(0));
    const auto value = cells.at(1);
    if (value != "none") {
      EXPECT_TRUE(taken(name, plain(value))) << name;
    }
    EXPECT_FALSE(taken(name, "true")) << name << " is of some other kind";
    std::smatch found;
    if (!std::regex_match(cells.at(2), found, std::regex(R"((\d+) to (\d+))"))) continue;
    ++bounds;
    const auto least = std::stoull(found.str(1));
    const auto most = std::stoull(found.str(2));
    EXPECT_TRUE(taken(name, std::to_string(least)) && taken(name, std::to_string(most))) << name;
    EXPECT_FALSE(taken(name, std::to_string(least - 1))) << name;
    EXPECT_FALSE(taken(name, std::to_string(most + 1))) << name;
  }
  EXPECT_GT(bounds, 5U);
}

}  // namespace
}  // namespace aeromq::docs
