// Messages as arrows: from where it was sent to where it arrived; twice if it arrived twice; a
// short red one with a cross if it never did.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "chaos/timeline/draw.h"

namespace aeromq::chaos {
namespace {

constexpr double kStub = 18;  ///< how far a lost message gets, across
constexpr double kGap = 3;    ///< of the two lines of a doubled one

using Key = std::tuple<std::uint64_t, std::string_view, std::string_view>;

Key key_of(const Event& event) { return {event.number, event.what, event.request}; }

struct Sent {
  std::size_t place = 0;
  std::size_t arrived = 0;
};

std::string colour(const Layout& layout, const Event& event) {
  const auto at = layout.request_number.find(event.request);
  return at == layout.request_number.end() ? "r-none"
                                           : fmt::format("r{} q{}", at->second % 8, at->second);
}

std::string arrow(const Layout& layout, const History& history, std::size_t from, std::size_t to,
                  bool again) {
  const auto& event = history[to];
  const double y1 = layout.y_of(history[from]);
  const double y2 = layout.y_of(event);
  const double x1 = layout.x[from];
  const double x2 = layout.x[to] - (again ? kGap : 0);
  const double middle = (x1 + x2) / 2;
  return fmt::format(
      "<path class=\"arrow {}{}\" marker-end=\"url(#head)\" "
      "d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"><title>{}{}\n{} → {}</title>"
      "</path>\n",
      colour(layout, event), again ? " again" : "", x1, y1, middle, y1, middle, y2, x2,
      y2 + (y2 > y1 ? -7 : 7), escaped(fields_text(history[from])),
      again ? "\n(arrived once more)" : "", escaped(history[from].lane), escaped(event.lane));
}

std::string lost(const Layout& layout, const History& history, std::size_t place) {
  const auto& event = history[place];
  const auto peer = layout.y.find(event.peer);
  const double y1 = layout.y_of(event);
  const double towards = peer == layout.y.end() ? y1 - kLaneHeight : peer->second;
  const double x2 = layout.x[place] + kStub;
  const double y2 = y1 + (towards > y1 ? 1 : -1) * kLaneHeight * 0.55;
  return fmt::format(
      "<g class=\"lost\"><title>{0}\nnever arrived</title><path d=\"M{1:.1f} {2:.1f} L{3:.1f} "
      "{4:.1f}\"/><path class=\"cross\" d=\"M{5:.1f} {6:.1f} l10 10 m0 -10 l-10 10\"/></g>\n",
      escaped(fields_text(event)), layout.x[place], y1, x2, y2, x2 - 5, y2 - 5);
}

}  // namespace

std::string draw_messages(const History& history, const Layout& layout) {
  std::string out;
  std::map<Key, Sent> sent;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& event = history[i];
    if (event.kind == EventKind::sent) {
      sent.try_emplace(key_of(event), Sent{i, 0});
    } else if (event.kind == EventKind::received) {
      const auto from = sent.find(key_of(event));
      if (from == sent.end()) continue;  // its mark stands alone
      out += arrow(layout, history, from->second.place, i, from->second.arrived++ > 0);
    }
  }
  for (const auto& [key, message] : sent)
    if (message.arrived == 0) out += lost(layout, history, message.place);
  return out;
}

}  // namespace aeromq::chaos
