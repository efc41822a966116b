// The layers of the picture, each as SVG elements, from back to front.
#pragma once
#include "chaos/checker/checker.h"
#include "chaos/timeline/layout.h"

namespace aeromq::chaos {

std::string draw_axis(const History& history, const Layout& layout);
std::string draw_runs(const History& history, const Layout& layout);
std::string draw_authority(const History& history, const Layout& layout);
std::string draw_violations(const History& history, const Layout& layout,
                            const Judgement& judgement);
std::string draw_messages(const History& history, const Layout& layout);
std::string draw_marks(const History& history, const Layout& layout);

/// The names of the lanes, which stay in view.
std::string draw_names(const Layout& layout);

}  // namespace aeromq::chaos
