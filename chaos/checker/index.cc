#include "chaos/checker/index.h"

#include <algorithm>

namespace aeromq::chaos {

std::string_view plane_of(std::string_view lane) {
  const auto slash = lane.find('/');
  return slash == std::string_view::npos ? std::string_view() : lane.substr(0, slash + 1);
}

std::string_view part_of(std::string_view lane) { return lane.substr(plane_of(lane).size()); }

const Event* Log::covering(std::uint64_t number) const {
  const auto at = std::ranges::lower_bound(highest, number);
  return at == highest.end() ? nullptr : durable[static_cast<std::size_t>(at - highest.begin())];
}

const Event* Log::record(std::uint64_t number) const {
  if (number == 0) return nullptr;
  if (number <= kept.size() && kept[number - 1]->number == number) return kept[number - 1];
  const auto at = std::ranges::find(kept, number, [](const Event* e) { return e->number; });
  return at == kept.end() ? nullptr : *at;
}

Index::Index(const History& history) : history_(history) {
  for (const auto& event : history) {
    by_kind_[static_cast<std::size_t>(event.kind)].push_back(&event);
    if (!event.request.empty())
      request(event.request).by_kind[static_cast<std::size_t>(event.kind)].push_back(&event);
    if (event.kind == EventKind::durable) {
      auto& its = log(event.lane);
      its.highest.push_back(std::max(its.promised(), event.number));
      its.durable.push_back(&event);
    } else if (event.kind == EventKind::kept) {
      log(event.lane).kept.push_back(&event);
    } else if (event.kind == EventKind::asked) {
      command_digests_ |= event.what == "submit" && !event.digest.empty();
      explanation_digests_ |= event.what == "confirm" && !event.digest.empty();
      tokens_ |= event.what == "confirm" && !event.token.empty();
    } else if (event.kind == EventKind::told) {
      questions_ |= event.verdict == "pending";
    }
  }
}

RequestEvents& Index::request(std::string_view text) {
  const auto [at, fresh] = places_.try_emplace(text, requests_.size());
  if (fresh) {
    auto& made = requests_.emplace_back();
    made.text = text;
    if (const auto id = RequestId::parse(text)) made.id = *id;
  }
  return requests_[at->second];
}

Log& Index::log(std::string_view lane) {
  const auto plane = plane_of(lane);
  const auto at = std::ranges::find(logs_, plane, &Log::plane);
  if (at != logs_.end()) return *at;
  auto& made = logs_.emplace_back();
  made.plane = plane;
  return made;
}

const Log& Index::log_of(std::string_view lane) const {
  static const Log kNothing{};
  const auto at = std::ranges::find(logs_, plane_of(lane), &Log::plane);
  return at == logs_.end() ? kNothing : *at;
}

std::vector<Execution> executions(const Index& index, const RequestEvents& request) {
  std::vector<Execution> found;
  const auto& rows = request.of(EventKind::row);
  for (const auto* effect : request.of(EventKind::effect)) {
    const auto row =
        std::ranges::find(rows, effect->number, [](const Event* e) { return e->number; });
    found.push_back({effect, row == rows.end() ? nullptr : *row});
  }
  if (index.sees_kernel()) return found;
  for (const auto* stands : request.of(EventKind::stands))
    if (stands->verdict == "executed") found.push_back({stands, stands});
  return found;
}

bool is_end(std::string_view verdict) {
  return verdict == "executed" || verdict == "rejected" || verdict == "not_executed";
}

bool is_word_of(const Event& event, std::string_view what, std::string_view principal,
                const Event& limit) {
  return event.what == what && event.principal == principal && before(&event, &limit);
}

}  // namespace aeromq::chaos
