// Every event as a mark on its lane, with a tooltip of all its fields, and a word where there is
// room for one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "chaos/timeline/draw.h"

namespace aeromq::chaos {
namespace {

constexpr double kCharacter = 5.6;  ///< width of one, in the labels' size

/// Which words still have room: where the last one ended, above and below each lane.
class Labels {
 public:
  /// The y of a place for `text` around `x`, or 0 if there is none.
  double place(std::string_view lane, double x, double y, const std::string& text) {
    const double half = kCharacter * static_cast<double>(text.size()) / 2;
    auto& ends = ends_[lane];
    for (std::size_t row = 0; row < ends.size(); ++row) {
      if (x - half < ends[row] + 3) continue;
      ends[row] = x + half;
      return row == 0 ? y - kBarHeight / 2 - 5 : y + kBarHeight / 2 + 11;
    }
    return 0;
  }

 private:
  std::map<std::string_view, std::array<double, 2>> ends_;
};

std::string label_of(const Event& event) {
  switch (event.kind) {
    case EventKind::asked:
    case EventKind::ended:
    case EventKind::fault:
    case EventKind::point:
      return event.what;
    case EventKind::told:
    case EventKind::verified:
      return event.verdict;
    case EventKind::row:
      return event.verdict == "rejected" ? event.code : "";
    case EventKind::effect:
      return fmt::format("{} → {}", event.before.empty() ? "none" : event.before,
                         event.after.empty() ? "none" : event.after);
    case EventKind::opened:
      return fmt::format("epoch {}", event.epoch);
    case EventKind::durable:
      return fmt::format("≤ {}", event.number);
    case EventKind::policy:
      return fmt::format("{}: {}", event.principal, event.what);
    case EventKind::issued:
    case EventKind::spent:
    case EventKind::called:
    case EventKind::granted:
    case EventKind::healed:
      return std::string(text_of(event.kind));
    default:
      return {};
  }
}

std::string tone(const Event& event) {
  if (event.kind == EventKind::fault) return "bad";
  if (event.kind == EventKind::ended) return event.what == "0" ? "soft" : "bad";
  if (event.kind == EventKind::healed || event.kind == EventKind::serves) return "good";
  if (event.verdict == "executed" || event.verdict == "whole") return "good";
  if (event.verdict == "rejected" || event.verdict == "broken") return "warn";
  if (event.verdict == "unknown" || event.verdict == "not_yet_decided") return "odd";
  return event.verdict == "not_executed" ? "soft" : "plain";
}

// Every shape is drawn around 0 0.
std::string_view shape_of(EventKind kind) {
  switch (kind) {
    case EventKind::asked:
      return "<path d=\"M-5 -6 L7 0 L-5 6 Z\"/>";
    case EventKind::told:
      return "<circle r=\"6\"/>";
    case EventKind::issued:
      return "<path class=\"open\" d=\"M0 -7 L6 0 L0 7 L-6 0 Z\"/>";
    case EventKind::spent:
      return "<path d=\"M0 -7 L6 0 L0 7 L-6 0 Z\"/>";
    case EventKind::called:
    case EventKind::granted:
      return "<path d=\"M-6 -5 L0 6 L6 -5 Z\"/>";
    case EventKind::row:
      return "<rect x=\"-6\" y=\"-6\" width=\"12\" height=\"12\" rx=\"2\"/>";
    case EventKind::effect:
      return "<path d=\"M0 -9 L2.6 -3 L9 -2.6 L4 1.6 L5.6 8 L0 4.4 L-5.6 8 L-4 1.6 L-9 -2.6 "
             "L-2.6 -3 Z\"/>";
    case EventKind::opened:
      return "<path d=\"M-4 8 V-8 L7 -4 L-3 0\"/>";
    case EventKind::durable:
      return "<path class=\"line\" d=\"M0 -10 V10 M-4 10 H4\"/>";
    case EventKind::kept:
    case EventKind::stands:
      return "<rect x=\"-3\" y=\"-7\" width=\"6\" height=\"14\" rx=\"1\"/>";
    case EventKind::verified:
    case EventKind::serves:
      return "<path class=\"line\" d=\"M-5 0 L-1 5 L6 -6\"/>";
    case EventKind::ended:
      return "<path class=\"line\" d=\"M-6 -6 L6 6 M6 -6 L-6 6\"/>";
    case EventKind::fault:
      return "<path d=\"M2 -9 L-5 2 H0 L-2 9 L6 -3 H1 Z\"/>";
    case EventKind::state:
    case EventKind::reported:
      return "<circle class=\"open\" r=\"4\"/>";
    case EventKind::policy:
    case EventKind::healed:
      return "<path d=\"M0 -7 L7 5 H-7 Z\"/>";
    case EventKind::stopped:
    case EventKind::continued:
      return "<path class=\"line\" d=\"M-3 -6 V6 M3 -6 V6\"/>";
    case EventKind::began:
      return "<path class=\"line\" d=\"M0 -8 V8\"/>";
    case EventKind::point:
    case EventKind::sent:
    case EventKind::received:
      return "<circle r=\"2.5\"/>";
  }
  return {};
}

}  // namespace

std::string draw_marks(const History& history, const Layout& layout) {
  std::string out;
  Labels labels;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& event = history[i];
    const auto x = layout.x[i];
    const auto y = layout.y_of(event);
    const auto request = layout.request_number.find(event.request);
    const bool known = request != layout.request_number.end();
    if (event.kind == EventKind::healed)
      out += fmt::format(
          "<line class=\"heal-line\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"22\" "
          "y2=\"{1:.1f}\"/>\n",
          x, layout.height);
    out += fmt::format(
        "<g id=\"e{}\" class=\"mark {} {} {}\"><title>{}</title>"
        "<g transform=\"translate({:.1f} {:.1f})\">{}</g>",
        event.seq, text_of(event.kind), tone(event),
        known ? fmt::format("r{} q{}", request->second % 8, request->second) : "r-none",
        escaped(fields_text(event)), x, y, shape_of(event.kind));
    const auto label = label_of(event);
    const double at = label.empty() ? 0 : labels.place(event.lane, x, y, label);
    if (at != 0)
      out += fmt::format("<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x, at,
                         escaped(label));
    out += "</g>\n";
  }
  return out;
}

}  // namespace aeromq::chaos
