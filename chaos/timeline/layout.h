// Where everything of a timeline stands: a row for each process, a column for each event. Columns
// go by order, not by time, since the order is what is judged; the axis tells the time.
#pragma once
#include <map>
#include <string_view>
#include <unordered_map>

#include "chaos/history/event.h"

namespace aeromq::chaos {

constexpr double kLaneHeight = 50;
constexpr double kBarHeight = 16;
constexpr double kTop = 34;  ///< the axis
constexpr double kLeft = 30;

struct Layout {
  std::vector<std::string> lanes;  ///< clients, then each control plane, kernel, disks, harness
  std::map<std::string_view, double> y;  ///< the middle of each lane
  std::vector<double> x;                 ///< of each event
  double authority_y = 0;                ///< the band of who holds write authority; 0 = no kernel
  double width = 0;
  double height = 0;
  std::unordered_map<std::string_view, std::size_t> request_number;  // only looked up
  std::vector<std::string_view> requests;                            ///< in order of appearance

  double y_of(const Event& event) const { return y.at(event.lane); }
};

/// Keeps views into the history, which must outlive it.
Layout make_layout(const History& history);

/// What a lane is coloured as: "client", "keeper", "kernel" ..., "other" if it is none of ours.
std::string_view role_of(std::string_view lane);

/// Safe inside an XML attribute or text.
std::string escaped(std::string_view text);

/// All fields that are not empty, one a line: what a tooltip says.
std::string fields_text(const Event& event);

}  // namespace aeromq::chaos
