#include "door/caps.h"

#include <algorithm>

namespace aeromq::door {

using enum Standing;

Caps::Verdict Caps::arrives(Id id, const std::string& address) {
  auto& own = by_address_[address][index(silent)];
  Verdict verdict;
  if (count(silent) >= numbers_.silent) verdict.leaves = oldest_of_most(silent);
  own.insert(id);
  known_[id] = {address, silent};
  ++counts_[index(silent)];
  return verdict;
}

Caps::Verdict Caps::waits(Id id) {
  Verdict verdict;
  const auto at = known_.find(id);
  if (at == known_.end()) return verdict;
  if (count(waiting) >= numbers_.waiting) verdict.leaves = oldest_of_most(waiting);
  move(id, at->second, waiting);
  return verdict;
}

bool Caps::is_full(const std::string& address) const {
  const auto& own = by_address_.at(address);
  const auto new_ones = own[index(unproven)].size();
  return new_ones >= numbers_.unproven_per_address ||
         new_ones + own[index(proven)].size() >= numbers_.per_address;
}

bool Caps::is_full() const {
  return count(unproven) >= numbers_.unproven || count(unproven) + count(proven) >= numbers_.all;
}

Caps::Verdict Caps::who_goes_for(Id id) const {
  const auto at = known_.find(id);
  if (at == known_.end() || at->second.standing != Standing::waiting) return {false, std::nullopt};
  if (is_full(at->second.address)) {
    const auto& own = by_address_.at(at->second.address)[index(unproven)];
    if (own.empty()) return {false, std::nullopt};
    return {true, *own.begin()};
  }
  if (!is_full()) return {};
  const auto oldest = oldest_of_most(unproven);
  return {oldest.has_value(), oldest};
}

void Caps::goes_inside(Id id) {
  if (const auto at = known_.find(id); at != known_.end()) move(id, at->second, unproven);
}

void Caps::proves(Id id) {
  if (const auto at = known_.find(id); at != known_.end()) move(id, at->second, proven);
}

void Caps::left(Id id) {
  const auto at = known_.find(id);
  if (at == known_.end()) return;
  const auto own = by_address_.find(at->second.address);
  own->second[index(at->second.standing)].erase(id);
  --counts_[index(at->second.standing)];
  if (std::ranges::all_of(own->second, &std::set<Id>::empty)) by_address_.erase(own);
  known_.erase(at);
}

void Caps::move(Id id, Known& known, Standing to) {
  auto& own = by_address_[known.address];
  own[index(known.standing)].erase(id);
  --counts_[index(known.standing)];
  known.standing = to;
  own[index(to)].insert(id);
  ++counts_[index(to)];
}

std::optional<Caps::Id> Caps::oldest_of_most(Standing standing) const {
  const std::set<Id>* most = nullptr;
  for (const auto& [address, ids] : by_address_) {
    const auto& of = ids[index(standing)];
    if (!of.empty() && (most == nullptr || of.size() > most->size())) most = &of;
  }
  return most == nullptr ? std::nullopt : std::optional(*most->begin());
}

}  // namespace aeromq::door
