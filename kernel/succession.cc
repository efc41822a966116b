#include "kernel/succession.h"

#include <algorithm>

#include "messages/text.h"

namespace aeromq::kernel {
namespace {

constexpr std::size_t kMaxText = 1024;  // Check::text

const Check* find(const std::vector<Check>& checks, const std::string& code) {
  const auto at = std::ranges::find(checks, code, &Check::code);
  return at == checks.end() ? nullptr : &*at;
}

}  // namespace

Succession succession(const std::string& primary, const std::string& successor,
                      const std::vector<Check>& now, const std::vector<Check>& later,
                      std::span<const std::string_view> by_the_stop) {
  Succession made;
  const Check* against = nullptr;
  for (const auto& check : now) {
    made.preview.push_back(check);
    auto& shown = made.preview.back();
    shown.overridable = false;
    const auto* after = find(later, check.code);
    const bool stop_helps = std::ranges::find(by_the_stop, check.code) != by_the_stop.end();
    if (after != nullptr && !after->passes && against == nullptr) against = after;
    if (check.passes || (after != nullptr && !after->passes)) continue;
    if (after != nullptr && stop_helps) {
      const auto mark = "; nothing but " + primary + " stands against it, and its stop ends that";
      shown.text = cut(shown.text, kMaxText - mark.size()) + mark;
    } else if (against == nullptr) {
      against = &check;
    }
  }
  for (const auto& check : later)
    if (!check.passes && against == nullptr && find(now, check.code) == nullptr) against = &check;
  const bool passes = against == nullptr;
  auto text = passes
                  ? successor + " could be promoted as soon as " + primary + " has stopped"
                  : successor + " could not be promoted: " + against->code + ": " + against->text;
  made.ready = {"SUCCESSOR_NOT_READY", "P6-A2", cut(text, kMaxText), passes, false};
  return made;
}

}  // namespace aeromq::kernel
