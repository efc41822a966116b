// The whole road in memory: every core, the route table between them, a model kernel. It carries
// messages as the broker would and writes down everything that happens, one line each.
#pragma once
#include <deque>
#include <map>
#include <memory>

#include "actors/dispatcher/dispatcher.h"
#include "actors/explainer/explainer.h"
#include "actors/gate/authority_gate.h"
#include "actors/keeper/confirmation_keeper.h"
#include "actors/writer/audit_writer.h"
#include "tests/actors/model_kernel.h"

namespace aeromq {

class Road {
 public:
  Road();

  /// Carries out one line of a scenario; scenarios/README says which lines there are.
  void play(const std::string& line);

  /// What happened since the last take, one line each.
  std::string take();

 private:
  struct Known {
    RequestId id;
    std::string principal;
    MessageType last = MessageType::none;
    Envelope dispatch;
    ConfirmationAsked asked;
  };

  void submit(const std::string& principal, const std::string& name, const std::string& rest);
  void answer(const std::string& principal, const std::string& verb, const std::string& name,
              const std::string& rest);
  void enter(const std::string& name, Envelope envelope);
  void run();
  void deliver(const Envelope& envelope);
  void carry_out(ActorRole role, Step step);
  void tick();
  Step call(const KernelCall& call);
  std::string name_of_request(const RequestId& id) const;
  void write(std::string line) { log_ += line + "\n"; }
  void write_record(const Record& record);
  std::string told(const Envelope& envelope) const;

  Moment now_{1'000 * kNanosPerMs, 1'700'000'000'000 * kNanosPerMs};
  ModelKernel kernel_;
  AuthorityGate gate_;
  Explainer explainer_;
  ConfirmationKeeper keeper_;
  AuditWriter writer_{1, "b007"};
  std::unique_ptr<Dispatcher> dispatcher_ = std::make_unique<Dispatcher>();
  std::map<std::string, Known> requests_;
  std::deque<Envelope> queue_;
  bool lose_next_act_ = false;
  bool lose_next_read_ = false;
  std::string log_;
};

}  // namespace aeromq
