// Plays scenarios/*.txt: lines that somebody does, "----", then everything that happens, to the
// letter, up to an empty line. AEROMQ_REWRITE_SCENARIOS=1 writes what happens into the files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/actors/road.h"

namespace aeromq {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The scenario with what really happens in the place of what it expects.
std::string replay(const std::string& scenario) {
  Road road;
  std::string played;
  std::istringstream in(scenario);
  bool expected = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "----") {
      expected = true;
      played += line + "\n" + road.take();
    } else if (line.empty()) {
      expected = false;
      played += "\n";
    } else if (!expected) {
      played += line + "\n";
      if (!line.starts_with('#')) road.play(line);
    }
  }
  EXPECT_EQ(road.take(), "") << "the scenario ends without \"----\"";
  return played;
}

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(AEROMQ_SCENARIOS))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, HappensToTheLetter) {
  const auto path = std::filesystem::path(AEROMQ_SCENARIOS) / (GetParam() + ".txt");
  const auto wanted = read_file(path);
  const auto happened = replay(wanted);
  if (std::getenv("AEROMQ_REWRITE_SCENARIOS") != nullptr) std::ofstream(path) << happened;
  EXPECT_EQ(happened, wanted);
}

INSTANTIATE_TEST_SUITE_P(All, Scenario, testing::ValuesIn(scenarios()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace aeromq
