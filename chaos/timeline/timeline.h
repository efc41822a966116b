// One history as one picture that needs nothing but a browser: who lived when, what went where,
// what was on disk, who held authority, and which event breaks a promise.
#pragma once
#include <string>

#include "chaos/checker/checker.h"

namespace aeromq::chaos {

/// A whole HTML page: no other file, no network, readable in light and dark. Same history and
/// judgement, same bytes.
std::string timeline_html(const History& history, const Judgement& judgement);

}  // namespace aeromq::chaos
