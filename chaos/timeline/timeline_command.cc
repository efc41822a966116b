#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>

#include "chaos/command.h"
#include "chaos/history/history.h"
#include "chaos/timeline/timeline.h"

namespace aeromq::chaos {
namespace {

constexpr int kWrongUse = 2;

int draw(const std::string& from, const std::string& to) {
  const auto history = read_history(from);
  if (!history) {
    fmt::print(stderr, "{}\n", history.error().message);
    return kWrongUse;
  }
  std::ofstream page(to, std::ios::trunc);
  page << timeline_html(*history, judge(*history));
  page.close();
  if (page) return 0;
  fmt::print(stderr, "cannot write {}\n", to);
  return kWrongUse;
}

}  // namespace

void add_timeline_command(CLI::App& app, Place& place) {
  struct Options {
    std::string from;
    std::string to = "timeline.html";
  };
  auto options = std::make_shared<Options>();
  auto* timeline = app.add_subcommand("timeline", "draws a history file as one HTML page");
  timeline->add_option("history", options->from, "a history, one JSON object a line")->required();
  timeline->add_option("-o,--output", options->to, "the page to write")->capture_default_str();
  timeline->callback([options, &place] { place.exit_code = draw(options->from, options->to); });
}

}  // namespace aeromq::chaos
