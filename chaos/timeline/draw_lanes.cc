// What lies behind the events: axis, lanes, runs, authority, violations.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chaos/timeline/draw.h"

namespace aeromq::chaos {
namespace {

constexpr double kTickEvery = 90;  ///< at least so far apart
constexpr std::uint64_t kNsPerUs = 1000;

/// One run of one process while it is being followed.
struct Run {
  double from = kLeft;
  std::uint64_t number = 1;
  bool lives = true;
  double stopped = -1;
};

std::string bar(const Layout& layout, std::string_view lane, const Run& run, double to) {
  return fmt::format(
      "<rect class=\"run {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"4\">"
      "<title>{} run {}</title></rect>\n",
      role_of(lane), run.from, layout.y.at(lane) - kBarHeight / 2, std::max(to - run.from, 6.0),
      kBarHeight, escaped(lane), run.number);
}

std::string pause_bar(const Layout& layout, std::string_view lane, double from, double to) {
  return fmt::format(
      "<rect class=\"paused\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"4\">"
      "<title>{} is stopped</title></rect>\n",
      from, layout.y.at(lane) - kBarHeight / 2, to - from, kBarHeight, escaped(lane));
}

std::string time_text(std::uint64_t ns) {
  const auto us = ns / kNsPerUs;
  return us < 10000 ? fmt::format("{} µs", us) : fmt::format("{:.1f} ms", double(us) / 1000);
}

}  // namespace

std::string draw_axis(const History& history, const Layout& layout) {
  std::string out;
  for (const auto& lane : layout.lanes)
    out +=
        fmt::format("<line class=\"lane\" x1=\"0\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                    layout.width, layout.y.at(lane), layout.y.at(lane));
  double last = -kTickEvery;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (layout.x[i] < last + kTickEvery) continue;
    last = layout.x[i];
    out += fmt::format(
        "<line class=\"tick\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"20\" y2=\"{1:.1f}\"/>"
        "<text class=\"axis\" x=\"{0:.1f}\" y=\"14\">{2} · {3}</text>\n",
        last, layout.height, history[i].seq,
        time_text(history[i].at_ns - std::min(history[i].at_ns, history.front().at_ns)));
  }
  return out;
}

std::string draw_runs(const History& history, const Layout& layout) {
  std::string out;
  std::map<std::string_view, Run> runs;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& event = history[i];
    const auto x = layout.x[i];
    const auto [at, fresh] = runs.try_emplace(event.lane);
    auto& run = at->second;
    if (event.kind == EventKind::began) {
      if (!fresh && run.lives && run.from < x) out += bar(layout, event.lane, run, x - 6);
      run = {x - 4, std::max<std::uint64_t>(event.run, 1), true, -1};
    } else if (event.kind == EventKind::ended) {
      if (run.lives) out += bar(layout, event.lane, run, x);
      if (run.stopped >= 0) out += pause_bar(layout, event.lane, run.stopped, x);
      run.lives = false;
      run.stopped = -1;
    } else if (event.kind == EventKind::stopped) {
      run.stopped = x;
    } else if (event.kind == EventKind::continued && run.stopped >= 0) {
      out += pause_bar(layout, event.lane, run.stopped, x);
      run.stopped = -1;
    }
  }
  for (const auto& [lane, run] : runs) {
    if (run.lives) out += bar(layout, lane, run, layout.width - kLeft);
    if (run.stopped >= 0) out += pause_bar(layout, lane, run.stopped, layout.width - kLeft);
  }
  return out;
}

std::string draw_authority(const History& history, const Layout& layout) {
  if (layout.authority_y == 0) return {};
  std::string out;
  std::vector<std::string> nodes;
  double from = kLeft;
  std::string holder;
  std::uint64_t epoch = 0;
  bool known = false;
  const auto segment = [&](double to) {
    if (!known) return;
    const bool none = holder.empty() || holder == "none";
    if (!none && std::ranges::find(nodes, holder) == nodes.end()) nodes.push_back(holder);
    const auto place = std::ranges::find(nodes, holder) - nodes.begin();
    const auto words =
        fmt::format("{}{}", none ? "nobody holds authority" : holder + " holds authority",
                    epoch == 0 ? "" : fmt::format(", fencing epoch {}", epoch));
    out += fmt::format(
        "<rect class=\"holder {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\">"
        "<title>{}</title></rect>\n",
        none ? std::string("none") : fmt::format("n{}", place % 6), from,
        layout.authority_y - kBarHeight / 2, to - from, kBarHeight, escaped(words));
    if (to - from > 6.2 * static_cast<double>(words.size()))
      out += fmt::format("<text class=\"in-bar\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", from + 6,
                         layout.authority_y + 4, escaped(words));
  };
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].kind != EventKind::effect) continue;
    if (!known) holder = history[i].before;
    known = true;
    segment(layout.x[i]);
    from = layout.x[i];
    holder = history[i].after;
    epoch = history[i].epoch;
  }
  segment(layout.width - kLeft);
  return out;
}

std::string draw_violations(const History& history, const Layout& layout,
                            const Judgement& judgement) {
  std::string out;
  std::size_t number = 0;
  std::size_t last = history.size();
  for (const auto& violation : judgement.violations) {
    ++number;
    const auto at = std::ranges::lower_bound(history, violation.seq, {}, &Event::seq);
    if (at == history.end() || at->seq != violation.seq) continue;
    const auto place = static_cast<std::size_t>(at - history.begin());
    if (place == last) continue;  // one line an event; the list names them all
    last = place;
    out += fmt::format(
        "<g class=\"violation{4}\"><title>{3}</title>"
        "<rect x=\"{0:.1f}\" y=\"22\" width=\"16\" height=\"{1:.1f}\" rx=\"3\"/>"
        "<circle cx=\"{5:.1f}\" cy=\"27\" r=\"9\"/><text x=\"{5:.1f}\" y=\"31\">{2}</text></g>\n",
        layout.x[place] - 8, layout.height - 26, number,
        escaped(violation.predicate + ": " + violation.what), number == 1 ? " first" : "",
        layout.x[place]);
  }
  return out;
}

std::string draw_names(const Layout& layout) {
  std::string out;
  for (const auto& lane : layout.lanes)
    out += fmt::format(
        "<circle class=\"dot {}\" cx=\"10\" cy=\"{:.1f}\" r=\"4\"/>"
        "<text class=\"name\" x=\"20\" y=\"{:.1f}\">{}</text>\n",
        role_of(lane), layout.y.at(lane), layout.y.at(lane) + 4, escaped(lane));
  if (layout.authority_y != 0)
    out += fmt::format("<text class=\"name soft\" x=\"20\" y=\"{:.1f}\">write authority</text>\n",
                       layout.authority_y + 4);
  return out;
}

}  // namespace aeromq::chaos
