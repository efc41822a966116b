#include "chaos/timeline/timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "chaos/timeline/draw.h"
#include "chaos/timeline/style.h"

namespace aeromq::chaos {
namespace {

constexpr double kNameCharacter = 7.4;

std::string violations_html(const Judgement& judgement) {
  std::uint64_t judged = 0;
  for (const auto& [id, count] : judgement.evaluated) judged += count;
  if (judgement.violations.empty())
    return fmt::format(
        "<p><span class=\"verdict good\">No promise is broken.</span> {} things "
        "were judged.</p>\n",
        judged);
  auto out = fmt::format(
      "<p><span class=\"verdict bad\">{} broken.</span> {} things were "
      "judged; a number leads to its event.</p>\n<ol class=\"violations\">\n",
      judgement.violations.size(), judged);
  std::size_t number = 0;
  for (const auto& violation : judgement.violations) {
    ++number;
    out += fmt::format("<li{}><a href=\"#e{}\">{}. event {}</a> <b>{}</b>{}</li>\n",
                       number == 1 ? " class=\"first\"" : "", violation.seq, number, violation.seq,
                       escaped(violation.predicate), escaped(violation.what));
  }
  return out + "</ol>\n";
}

/// One card a request: who, what, how it ended.
std::string requests_html(const History& history, const Layout& layout) {
  std::string out;
  for (std::size_t i = 0; i < layout.requests.size(); ++i) {
    const auto request = layout.requests[i];
    const Event* submit = nullptr;
    std::string end = "no end told";
    for (const auto& event : history) {
      if (event.request != request) continue;
      if (submit == nullptr && event.kind == EventKind::asked && event.what == "submit")
        submit = &event;
      if (event.kind == EventKind::told && event.final_) end = event.verdict;
    }
    const auto tail = request.size() > 9 ? request.substr(request.size() - 9) : request;
    out += fmt::format(
        "<button class=\"card r{}\" data-q=\"q{}\" title=\"{}\"><i></i>…{} {} {} {} · "
        "{}</button>\n",
        i % 8, i, escaped(request), escaped(tail),
        submit == nullptr ? "" : escaped(submit->principal),
        submit == nullptr ? "" : escaped(submit->command),
        submit == nullptr ? "" : escaped(submit->node), escaped(end));
  }
  return out;
}

}  // namespace

std::string timeline_html(const History& history, const Judgement& judgement) {
  const auto layout = make_layout(history);
  std::size_t longest = std::string_view("write authority").size();
  for (const auto& lane : layout.lanes) longest = std::max(longest, lane.size());
  const auto names_width = 28 + kNameCharacter * static_cast<double>(longest);
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width\"><title>aeromq: a history</title>\n";
  out += fmt::format("<style>{}</style></head><body>\n", kStyle);
  out += fmt::format("<h1>A history of {} events</h1>\n", history.size());
  out += violations_html(judgement);
  out += "<h2>Requests</h2><div class=\"cards\">\n" + requests_html(history, layout) + "</div>\n";
  out +=
      "<h2>What happened</h2><p>Columns stand in the order of the events; above: number and time "
      "since the first.</p>\n";
  out += fmt::format(
      "<div class=\"picture\"><div class=\"names\"><svg width=\"{:.0f}\" "
      "height=\"{:.0f}\">\n{}</svg></div>\n",
      names_width, layout.height, draw_names(layout));
  out += fmt::format(
      "<div class=\"scroll\"><svg width=\"{:.0f}\" height=\"{:.0f}\" role=\"img\">"
      "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
      "markerUnits=\"userSpaceOnUse\" markerWidth=\"8\" "
      "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 Z\"/></marker></defs>\n",
      layout.width, layout.height);
  out += draw_axis(history, layout);
  out += draw_runs(history, layout);
  out += draw_authority(history, layout);
  out += draw_violations(history, layout, judgement);
  out += draw_messages(history, layout);
  out += draw_marks(history, layout);
  out += fmt::format(
      "</svg></div></div>\n<pre id=\"fields\"></pre>\n<script>{}</script>\n"
      "</body></html>\n",
      kScript);
  return out;
}

}  // namespace aeromq::chaos
