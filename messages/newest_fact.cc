#include "messages/newest_fact.h"

#include <algorithm>
#include <charconv>

namespace aeromq {
namespace {

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data(), end, number).ptr == end ? number : 0;
}

}  // namespace

bool NewestFact::take(const Record& next) {
  seen = next.seq;
  const bool executed = next.stage == Stage::executed;
  if (!executed && next.stage != Stage::dispatched) return false;
  const auto id = RequestId::parse(next.request);
  if (!id) return false;
  const auto before = *this;
  const auto& session = id->session;
  if (session.history != history) *this = {next.seq, session.history, 0, 0, 0, {}, 0, 0};
  if (session.dispatcher != dispatcher || session.epoch > epoch) {
    dispatcher = session.dispatcher;
    epoch = session.epoch;
  }
  if (executed) {
    record = next.seq;
    request = next.request;
    for (const auto& effect : next.effects) {
      if (effect.name != "fencing_epoch" && effect.name != "timeline") continue;
      auto& value = effect.name == "timeline" ? timeline : fencing_epoch;
      value = std::max(value, number_in(effect.after));
    }
  }
  return before != *this;
}

}  // namespace aeromq
