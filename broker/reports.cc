#include "broker/reports.h"

namespace aeromq::broker {

const PendingReport& Reports::sent(PendingReport pending) {
  pending.report.nonce = ++last_nonce_;
  return sent_.emplace(last_nonce_, std::move(pending)).first->second;
}

std::optional<PendingReport> Reports::take(std::uint64_t nonce) {
  const auto at = sent_.find(nonce);
  if (at == sent_.end()) return std::nullopt;
  auto found = std::move(at->second);
  sent_.erase(at);
  return found;
}

std::vector<PendingReport> Reports::take_all() {
  std::vector<PendingReport> all;
  for (auto& [nonce, pending] : sent_) all.push_back(std::move(pending));
  sent_.clear();
  return all;
}

void Reports::keep(PendingReport pending) {
  if (kept_.size() >= kMaxUnrecorded) {
    ++dropped_;
    return;
  }
  pending.client.clear();
  kept_.push_back(std::move(pending));
}

std::vector<PendingReport> Reports::take_kept() {
  std::vector<PendingReport> all(std::make_move_iterator(kept_.begin()),
                                 std::make_move_iterator(kept_.end()));
  kept_.clear();
  return all;
}

}  // namespace aeromq::broker
