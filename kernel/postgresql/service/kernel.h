// The kernel of a PostgreSQL cluster without its sockets and threads: register, ledger, term and
// grant, and what is under way. It grants and asks; agents act. One thread owns it, nothing in it
// blocks: what takes time goes out as an errand and comes back as a call.
//
//   take(act) --look--> looked(): rejected, or granted (durable) --act--> acted(): settled, or lost
//   lost, or a grant that an earlier run left --find out--> found_out(): settled, or again later
#pragma once
#include <set>

#include "kernel/postgresql/service/alarms.h"
#include "kernel/postgresql/service/errands.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/postgresql/service/rules.h"
#include "kernel/postgresql/service/sight.h"
#include "kernel/succession.h"

namespace aeromq::postgresql {

/// Where errands and answers go. Each errand comes back once, through the function it names.
class Outside {
 public:
  virtual ~Outside() = default;
  virtual void look(Depth depth) = 0;                                     ///< looked()
  virtual void act(const AgentAct& act, const std::string& journal) = 0;  ///< acted()
  virtual void find_out(const Inquiry& inquiry) = 0;                      ///< found_out()
  virtual void ask(std::uint64_t question, const Inquiry& inquiry) = 0;   ///< asked()
  /// To a connection that may be gone by now.
  virtual void answer(std::uint64_t connection, const KernelAnswer& answer, const Act& act) = 0;
};

struct KernelOptions {
  std::string register_file;
  std::string cluster;
  std::vector<std::string> nodes;
  std::uint64_t watch_every_ms = 1000;  ///< 0: it looks only when somebody asks
  std::string members{};                ///< members_digest(): every act carries it
};

class PostgresqlKernel final : public kernel::RegisterKernel {
 public:
  /// Opens or creates the register. The caller holds the lifetime lock; `outside` and `sight`
  /// outlive the kernel. Error INVALID_INPUT.
  static Result<std::unique_ptr<PostgresqlKernel>> start(const KernelOptions& options,
                                                         Outside& outside, const Sight& sight,
                                                         const Moment& now);

  std::optional<KernelAnswer> take(const KernelCall& call, const kernel::Caller& caller,
                                   const Moment& now) override;
  void looked(ClusterSample sample, const Moment& now);
  void acted(const RequestId& request, const Word& word, const Moment& now);
  void found_out(const RequestId& request, const Word& word, const Moment& now);
  void asked(std::uint64_t question, const Word& word, const Moment& now);
  /// To be called at least every few hundred milliseconds: the watch, and what is tried again.
  void tick(const Moment& now);

  const Grant* open_grant() const { return open_of(unsettled_); }

 private:
  /// A call that waits for a look, or for the end of a grant.
  struct Waiting {
    KernelCall call;
    kernel::Caller caller;
    bool first = false;  ///< the act that the grant was made for
  };
  /// How far the finding out of one grant is.
  struct Settling {
    std::uint64_t term = 0;  ///< durable, and not known to be promised
    bool promised = false;   ///< nothing of the grant's term can begin any more
    std::uint64_t at_ms = 0;
  };
  /// A question whose agent is being asked.
  struct Question {
    KernelAnswer made;
    kernel::Caller caller;
    Grant grant;
  };
  PostgresqlKernel(kernel::Store store, kernel::Register state, const KernelOptions& options,
                   Outside& outside, const Sight& sight);

  void start_look();
  void note(const ClusterSample& sample, const Moment& now);
  void serve(Waiting waiting, const ClusterSample& sample, const Moment& now);
  KernelAnswer reading(const KernelCall& call, const ClusterSample& sample,
                       const Moment& now) const;
  void tell_outcome(Waiting waiting, KernelAnswer made, const Moment& now);
  void judge_act(Waiting waiting, const ClusterSample& sample, const Moment& now);
  ActDecision decision(const Act& act, const kernel::Standing& standing, const Moment& now) const;
  std::optional<ActAnswer> act_without_look(const Waiting& waiting, const Moment& now);
  ActAnswer reject(const Act& act, ActAnswer answer, const Moment& now);
  std::vector<Check> checks(Action action, const Intent& intent, const ClusterSample& sample) const;
  kernel::Succession succession(const Intent& demotion, const ClusterSample& sample) const;
  void grant(Waiting waiting, const Moment& now);
  void settle(const Grant& grant, End end, const AgentClaim& claim, const Moment& now);
  void answer_joined(const RequestId& request, const ActAnswer& answer);
  void learn_journals(const ClusterSample& sample, const Moment& now);
  const Grant* unsettled(const RequestId& request) const;
  static KernelAnswer answer_to(const KernelCall& call, ActAnswer act);

  KernelOptions options_;
  Outside& outside_;
  const Sight& sight_;
  std::unique_ptr<TermAuthority> terms_;  ///< the register's; the one place to put another
  Grants grants_;
  Journals journals_;
  Alarms alarms_;
  std::vector<Alarm> standing_;   ///< as the register has them
  std::vector<Grant> unsettled_;  ///< as the register has them

  std::vector<Waiting> riding_;   ///< served by the look that is under way
  std::vector<Waiting> waiting_;  ///< came after it began: for the next one
  bool looking_ = false;
  bool look_is_old_ = false;  ///< authority moved since it began: it shows what was
  std::uint64_t look_at_ms_ = 0;

  std::vector<Waiting> joined_;  ///< who is told the end of an unsettled grant
  std::set<RequestId> acting_;   ///< whose one act is under way
  RequestId finding_;            ///< it is being found out; empty: none
  std::map<RequestId, Settling> settling_;

  std::map<std::uint64_t, Question> questions_;
  std::uint64_t last_question_ = 0;
};

/// The kill points of this kernel beside kernel::kill_points().
const std::vector<std::string>& kill_points();

}  // namespace aeromq::postgresql
