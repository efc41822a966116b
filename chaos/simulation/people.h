// The people of a run: who connects when, what they answer, who asks afterwards.
#pragma once
#include "chaos/simulation/client_process.h"
#include "chaos/simulation/control_plane.h"

namespace aeromq::chaos {

class People {
 public:
  People(World& world, std::vector<std::unique_ptr<ControlPlane>>& planes);

  /// Everything that the plan's people will do is on its way.
  void begin(const Plan& plan);
  /// After the heal: somebody asks what became of every request, and everybody's work is tried.
  void ask_for_everything();

 private:
  ClientProcess& arrive(unsigned plane, const std::string& principal, unsigned number,
                        std::function<void(ClientProcess&)> then);
  void begin_talk(const Talk& talk);
  void submitted(const Talk& talk, ClientProcess& client, const RequestId& request,
                 const Submit& command);
  void react(const Talk& talk, ClientProcess& client, const client::Pending& pending);
  void judge_anew(unsigned plane, const std::string& principal, Authority authority);
  void ask(unsigned plane, const std::string& principal, const RequestId& about);
  void try_everybody(unsigned plane);

  World& world_;
  std::vector<std::unique_ptr<ControlPlane>>& planes_;
  std::deque<std::unique_ptr<ClientProcess>> clients_;
  unsigned visitors_ = 100;  ///< numbers of clients that no talk stands behind
  std::vector<RequestId> asked_;
};

}  // namespace aeromq::chaos
