// The processes of one simulated control plane, on one host.
#pragma once
#include "chaos/simulation/actor_process.h"
#include "chaos/simulation/broker_process.h"
#include "chaos/simulation/kernel_process.h"

namespace aeromq::chaos {

class ControlPlane {
 public:
  ControlPlane(World& world, unsigned number, KernelProcess& kernel);

  /// Broker first, then the actors.
  void begin();
  BrokerProcess& broker() { return *broker_; }
  ActorProcess& actor(ActorRole role) { return *actors_.at(role); }
  /// A second process of the role, started by somebody's mistake.
  void begin_second(ActorRole role);
  void change_authority(const std::string& principal, Authority authority);
  /// Everybody of this host, the second ones too; the kernel belongs to no plane.
  std::vector<Process*> processes();
  void end_second_ones();
  /// The log's records as an independent reader finds them on the platters, and the product's own
  /// verification of it.
  void note_what_is_kept();

 private:
  void note_policy(const std::string& principal, Authority authority);

  World& world_;
  unsigned number_;
  KernelProcess& kernel_;
  Policy policy_;
  LogWitness log_;
  std::unique_ptr<BrokerProcess> broker_;
  std::map<ActorRole, std::unique_ptr<ActorProcess>> actors_;
  std::vector<std::unique_ptr<ActorProcess>> second_;
  std::vector<std::unique_ptr<ActorProcess>> retired_;  ///< dead, but still named by events
};

}  // namespace aeromq::chaos
