#include "tests/chaos/histories/mutate.h"

#include "chaos/history/fields.h"
#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

void changes(const History& history, std::size_t at,
             const std::function<void(const Mutation&)>& take) {
  const auto& original = history[at];
  const auto emit = [&](const std::string& field, const std::function<void(Event&)>& change) {
    if (field == "at_ns") return;  // for pictures only
    Mutation made{"change " + sort_of(original) + "." + field, at, history};
    change(made.history[at]);
    take(made);
  };
  std::size_t place = 0;
  for_each_field(
      original,
      [&](const char* name, const std::string& value) {
        const auto mine = place++;
        if (value.empty()) return;
        emit(name, [&](Event& event) {
          std::size_t i = 0;
          for_each_field(
              event,
              [&](const char*, std::string& text) {
                if (i++ == mine) text += "-changed";
              },
              [&](const char*, std::uint64_t&) { ++i; });
        });
      },
      [&](const char* name, std::uint64_t value) {
        const auto mine = place++;
        if (value == 0) return;
        emit(name, [&](Event& event) {
          std::size_t i = 0;
          for_each_field(
              event, [&](const char*, std::string&) { ++i; },
              [&](const char*, std::uint64_t& number) {
                if (i++ == mine) number += 1'000'000'000'000;
              });
        });
      });
  if (original.final_) emit("final", [](Event& event) { event.final_ = false; });
}

bool is_message(const Event& event) {
  return event.kind == EventKind::sent || event.kind == EventKind::received;
}

void swaps(const History& history, std::size_t at,
           const std::function<void(const Mutation&)>& take) {
  if (is_message(history[at])) return;
  for (auto later = at + 1; later < history.size(); ++later) {
    const bool related = history[later].request.empty() || history[at].request.empty() ||
                         history[later].request == history[at].request;
    if (!related || is_message(history[later])) continue;
    Mutation made{"swap " + sort_of(history[at]) + ", " + sort_of(history[later]), at, history};
    std::swap(made.history[at], made.history[later]);
    renumber(made.history);
    take(made);
    return;
  }
}

}  // namespace

std::string sort_of(const Event& event) {
  auto sort = std::string(text_of(event.kind));
  switch (event.kind) {
    case EventKind::asked:
    case EventKind::kept:
    case EventKind::policy:
      return sort + " " + event.what;
    case EventKind::told:
      return sort + " " + (event.what == "outcome" ? "outcome " : "") + event.verdict;
    case EventKind::row:
    case EventKind::stands:
      return sort + " " + event.verdict;
    case EventKind::sent:
      return sort + (event.what == "dispatch" ? " dispatch" : "");
    case EventKind::began:
    case EventKind::ended:
    case EventKind::serves:
      return sort + (event.lane.find("client") != std::string::npos   ? " client"
                     : event.lane.find("kernel") != std::string::npos ? " kernel"
                                                                      : "");
    default:
      return sort;
  }
}

void for_each_mutation(const History& history, const std::function<void(const Mutation&)>& take) {
  for (std::size_t at = 0; at < history.size(); ++at) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    Mutation without{"delete " + sort_of(history[at]), at, history};
    without.history.erase(without.history.begin() + place);
    renumber(without.history);
    take(without);
    Mutation twice{"double " + sort_of(history[at]), at, history};
    twice.history.insert(twice.history.begin() + place, history[at]);
    renumber(twice.history);
    take(twice);
    changes(history, at, take);
    swaps(history, at, take);
  }
}

}  // namespace aeromq::chaos
