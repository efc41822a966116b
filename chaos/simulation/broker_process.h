// The broker in the simulation: the real core, and a shell that carries its effects out as
// broker/shell.cc does.
#pragma once
#include "broker/broker.h"
#include "chaos/simulation/world.h"

namespace aeromq::chaos {

class BrokerProcess final : public Process {
 public:
  BrokerProcess(World& world, unsigned plane, const broker::BrokerOptions& options);
  /// Who listens on the clients' endpoint is known by its key: `user` of accepted().
  static constexpr const char* kActorUser = "actor";

  void start() override;
  void forget() override;
  void accepted(int wire, const std::string& user) override;
  void take(int wire, Parcel parcel) override;
  void lost(int wire) override;
  void tick() override;
  bool serves(ActorRole role) const;

 private:
  void carry_out(broker::Effects effects);
  void hint();

  broker::BrokerOptions options_;
  std::optional<broker::Broker> core_;
  std::map<int, std::string> users_;  ///< of open connections
};

}  // namespace aeromq::chaos
