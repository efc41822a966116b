#include "chaos/simulation/broker_process.h"

#include "process/entropy.h"
#include "transport/frames.h"

namespace aeromq::chaos {
namespace {

broker::Side side_of(const std::string& user) {
  return user == BrokerProcess::kActorUser ? broker::Side::control : broker::Side::client;
}

}  // namespace

BrokerProcess::BrokerProcess(World& world, unsigned plane, const broker::BrokerOptions& options)
    : Process(world, lane_of(plane, "broker"), plane), options_(options) {}

void BrokerProcess::start() {
  auto options = options_;
  options.boot = process::fresh<BootId>();
  core_.emplace(std::move(options), world_.now());
}

void BrokerProcess::forget() {
  core_.reset();
  users_.clear();
}

void BrokerProcess::accepted(int wire, const std::string& user) { users_[wire] = user; }

void BrokerProcess::take(int wire, Parcel parcel) {
  const auto at = users_.find(wire);
  if (at == users_.end()) return;
  const bool counts = parcel.number != 0;
  if (counts) world_.point("broker.received");
  auto effects = core_->on_message({side_of(at->second), std::to_string(wire)}, at->second,
                                   std::move(parcel.frames), world_.now());
  if (counts) world_.point("broker.decided");
  carry_out(std::move(effects));
}

void BrokerProcess::carry_out(broker::Effects effects) {
  std::deque<broker::Effects> todo;
  todo.push_back(std::move(effects));
  while (!todo.empty()) {
    const auto doing = std::move(todo.front());
    todo.pop_front();
    for (const auto& message : doing.send) {
      const int wire = std::stoi(message.to.connection);
      Parcel parcel{0, message.header.type, message.header.request,
                    transport::to_frames(message.header, message.body)};
      if (!users_.contains(wire) || !world_.send(wire, *this, std::move(parcel)))
        todo.push_back(core_->on_undelivered(message, world_.now()));
    }
  }
}

void BrokerProcess::lost(int wire) {
  users_.erase(wire);
  hint();
}

void BrokerProcess::hint() { carry_out(core_->on_disconnect_hint(world_.now())); }

void BrokerProcess::tick() { carry_out(core_->on_tick(world_.now())); }

bool BrokerProcess::serves(ActorRole role) const {
  return core_ && core_->registry().find(role) != nullptr &&
         (role != ActorRole::dispatcher || core_->registry().kernel.has_value());
}

}  // namespace aeromq::chaos
