#include "chaos/timeline/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chaos/checker/index.h"
#include "chaos/history/fields.h"

namespace aeromq::chaos {
namespace {

constexpr std::array<std::string_view, 10> kRoles{"client", "broker", "gate",   "explainer",
                                                  "keeper", "writer", "reader", "dispatcher",
                                                  "kernel", "disk"};

std::size_t rank_of_role(std::string_view role) {
  return static_cast<std::size_t>(std::ranges::find(kRoles, role) - kRoles.begin());
}

/// Clients on top, what all planes share at the bottom.
int rank_of_group(std::string_view role) {
  if (role == "client") return 0;
  if (role == "kernel") return 2;
  if (role == "disk") return 3;
  return role == "harness" ? 4 : 1;
}

double width_of(const Event& event) {
  switch (event.kind) {
    case EventKind::sent:
    case EventKind::received:
      return 13;
    case EventKind::kept:
    case EventKind::stands:
    case EventKind::serves:
    case EventKind::began:
      return 10;
    case EventKind::asked:
    case EventKind::told:
    case EventKind::effect:
      return 26;
    default:
      return 18;
  }
}

}  // namespace

std::string_view role_of(std::string_view lane) {
  const auto part = part_of(lane);
  const auto role = part.substr(0, part.find('.'));
  if (role == "harness") return role;
  const auto* known = std::ranges::find(kRoles, role);
  return known == kRoles.end() ? "other" : *known;
}

Layout make_layout(const History& history) {
  Layout layout;
  double x = kLeft;
  for (const auto& event : history) {
    if (std::ranges::find(layout.lanes, event.lane) == layout.lanes.end())
      layout.lanes.push_back(event.lane);
    x += width_of(event) / 2;
    layout.x.push_back(x);
    x += width_of(event) / 2;
    if (!event.request.empty() &&
        layout.request_number.try_emplace(event.request, layout.requests.size()).second)
      layout.requests.push_back(event.request);
  }
  std::ranges::stable_sort(layout.lanes, {}, [](const std::string& lane) {
    const auto role = role_of(lane);
    return std::tuple{rank_of_group(role), std::string(plane_of(lane)), rank_of_role(role), lane};
  });
  double y = kTop;
  for (const auto& lane : layout.lanes) {
    layout.y[lane] = y + kLaneHeight / 2;
    y += kLaneHeight;
    if (role_of(lane) != "kernel") continue;
    layout.authority_y = y + kBarHeight / 2;
    y += kBarHeight + 14;
  }
  layout.width = x + kLeft + 60;
  layout.height = y + 8;
  return layout;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string fields_text(const Event& event) {
  auto text = fmt::format("{} {}", event.seq, text_of(event.kind));
  for_each_field(
      event,
      [&](std::string_view name, const std::string& value) {
        if (!value.empty()) text += fmt::format("\n{}: {}", name, value);
      },
      [&](std::string_view name, std::uint64_t value) {
        if (value != 0) text += fmt::format("\n{}: {}", name, value);
      });
  if (event.final_) text += "\nfinal";
  return text;
}

}  // namespace aeromq::chaos
