#include "client/ctl/output.h"

#include <algorithm>
#include <array>

#include "client/ctl/render/escape.h"
#include "client/ctl/render/yaml.h"
#include "process/output.h"

namespace aeromq::ctl {
namespace {

std::string rendered(Format format, const std::string& text, const Json& value) {
  switch (format) {
    case Format::json:
      return json_text(value) + '\n';
    case Format::yaml:
      return yaml_text(value);
    case Format::table:
      break;
  }
  return text;
}

std::string quoted(const std::string& word) {
  const bool simple = !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '_' || c == '-';
  });
  if (simple) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + '\'';
}

}  // namespace

bool show(Format format, const std::string& text, const Json& value) {
  return process::put(rendered(format, text, value));
}

std::string ctl_command(const Common& common, const std::vector<std::string>& words) {
  auto text = std::string("aeromq-ctl");
  if (!common.config.empty()) text += " -c " + quoted(common.config);
  for (const auto& word : words) text += ' ' + quoted(word);
  return text;
}

std::string outcome_command(const Common& common, const RequestId& request) {
  return ctl_command(common, {"outcome", request.text()});
}

Json error_json(const Common& common, const Error& error, const RequestId& request) {
  auto value = wire_json(error);
  if (request.empty()) return value;
  value["request"] = request.text();
  if (error.outcome == Outcome::unknown) value["ask"] = outcome_command(common, request);
  return value;
}

int show_error(const Common& common, const Error& error, const RequestId& request) {
  auto text = error_text(error);
  if (!request.empty() && error.outcome == Outcome::unknown)
    text += "Do not send it again. What became of it:\n  " +
            escape(outcome_command(common, request)) + '\n';
  if (common.format == Format::json)
    text = json_line(error_json(common, error, request)) + '\n';
  else if (common.format == Format::yaml)
    text = yaml_text(error_json(common, error, request));
  process::put_error(text);
  return exit_code(error);
}

int exit_code_of(const View& view) {
  // What must never be: two that take writes, and what an act did that it must not have done.
  constexpr std::array<std::string_view, 3> kWorst{"TWO_PRIMARIES", "SWITCHED_BEFORE_CHECKPOINT",
                                                   "SWITCHED_BEYOND_CHECKPOINT"};
  const bool worst = std::ranges::any_of(view.findings, [&](const Finding& finding) {
    return std::ranges::find(kWorst, finding.code) != kWorst.end();
  });
  return worst ? kExitTwoPrimaries : kExitDone;
}

int exit_code_of(const OutcomeAnswer& outcome) {
  switch (outcome.verdict) {
    case Verdict::executed:
    case Verdict::no_kernel_change:
      return kExitDone;
    case Verdict::rejected:
      return kExitRejected;
    case Verdict::not_executed:
      // Only a final "not executed" can be relied upon.
      return outcome.final_ ? kExitRefused : kExitUnknown;
    case Verdict::not_yet_decided:
    case Verdict::unknown:
      break;
  }
  return kExitUnknown;
}

}  // namespace aeromq::ctl
