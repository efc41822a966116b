// An actor in the simulation: the real core in the real Turn, with the real log or a kernel
// connection as its boundary; this file is only what actors/runtime/host.cc and the mains do
// around them.
#pragma once
#include "actors/runtime/silence.h"
#include "actors/runtime/turn.h"
#include "chaos/simulation/world.h"
#include "kernel/adapter.h"
#include "transport/numbering.h"

namespace aeromq::chaos {

/// The other processes that an actor connects to.
struct Neighbours {
  Process* broker = nullptr;
  Process* kernel = nullptr;
};

/// Who may do what: the principals file of a host.
struct Policy {
  std::map<std::string, Authority> authorities;
};

/// How far a log got, as its disk shows it.
struct LogWitness {
  std::uint64_t appended = 0;  ///< the last record handed to the log
  std::uint64_t durable = 0;
};

class ActorProcess final : public Process {
 public:
  ActorProcess(World& world, unsigned plane, ActorRole role, Neighbours neighbours,
               const Policy& policy, LogWitness& witness);
  ~ActorProcess() override;

  void start() override;
  void forget() override;
  void take(int wire, Parcel parcel) override;
  void lost(int wire) override;
  void done() override;
  void tick() override;
  bool comes_back() const override { return comes_back_; }

  /// The disk's word about the log: every record up to this one is durable.
  void note_durable();

 private:
  struct Running;  ///< core, boundary and turn of this run
  class Link;      ///< the dispatcher's kernel connection
  void from_broker(Parcel parcel);
  void joined();
  void opened(ByteView packet);
  bool say(MessageType type, const RequestId& request, const Bytes& body);
  void witness(MessageType type, const RequestId& request, const Bytes& body);
  void give_up_unless(std::function<bool()> good, std::uint64_t ms);
  void exit(int code);

  ActorRole role_;
  Neighbours neighbours_;
  const Policy& policy_;
  bool comes_back_ = true;
  std::optional<int> broker_;
  std::optional<int> kernel_;
  transport::Numbering numbers_;
  bool welcomed_ = false;
  std::optional<runtime::Silence> silence_;
  std::unique_ptr<Running> running_;
  std::map<RequestId, std::string> asked_by_;  ///< keeper: who a message was stamped with
  LogWitness& log_;
};

}  // namespace aeromq::chaos
