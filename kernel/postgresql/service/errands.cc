#include "kernel/postgresql/service/errands.h"

#include "kernel/postgresql/agent_link.h"
#include "process/kill_point.h"

namespace aeromq::postgresql {
namespace {

constexpr int kOpenMs = 5000;  // a promise is one sync of the agent's journal

class LinkedDoor final : public AgentDoor {
 public:
  LinkedDoor(AgentLink link, const ClusterSettings& cluster)
      : link_(std::move(link)),
        act_ms_(static_cast<int>(cluster.act_deadline_ms)),
        ask_ms_(static_cast<int>(cluster.connection.query_deadline_ms)) {}
  Result<AgentOpened> open(HistoryId history, std::uint64_t term,
                           const std::string& journal) override {
    return link_.open(history, term, kOpenMs, journal);
  }
  Result<AgentClaim> act(const AgentAct& act) override { return link_.act(act, act_ms_); }
  Result<AgentClaim> ask(const RequestId& request) override { return link_.ask(request, ask_ms_); }

 private:
  AgentLink link_;
  int act_ms_;
  int ask_ms_;
};

// What an agent has promised to another register says nothing of the terms of this one.
bool is_bound_elsewhere(const Error& error) { return error.code == "OTHER_HISTORY"; }

bool is_lost(const Error& error) { return error.code == error_row(ErrorCode::answer_lost).code; }

Word without_sending(Error error, std::uint64_t promised = 0) {
  Word word;
  word.kind = Word::Kind::not_sent;
  word.error = std::move(error);
  word.claim.promised = promised;
  return word;
}
Word lost(Error error) {
  Word word;
  word.error = std::move(error);
  return word;
}
Word said(AgentClaim claim, bool promised_term = false) {
  Word word;
  word.kind = Word::Kind::said;
  word.claim = std::move(claim);
  word.promised_term = promised_term;
  return word;
}

}  // namespace

Connect connect_with(ClusterSettings cluster, transport::KeyPair own) {
  return [cluster = std::move(cluster),
          own = std::move(own)](const std::string& node) -> Result<std::unique_ptr<AgentDoor>> {
    const auto* settings = find_node(cluster, node);
    if (settings == nullptr)
      return fail(make_error(ErrorCode::not_reached, "no agent of " + node + " is known"));
    auto link = AgentLink::connect(*settings, own,
                                   static_cast<int>(cluster.connection.connect_deadline_ms));
    if (!link) return fail(link.error());
    return std::make_unique<LinkedDoor>(std::move(*link), cluster);
  };
}

Word carry_out(const Connect& connect, HistoryId history, const AgentAct& act,
               const std::string& journal) {
  process::kill_point("kernel.act.connecting");
  auto door = connect(act.act.node);
  if (!door) return without_sending(door.error());
  const auto opened = (*door)->open(history, act.term, journal);
  if (!opened) {
    // Whatever became of the promise: the act was not sent, and nobody else sends it.
    const auto known = is_lost(opened.error()) || is_bound_elsewhere(opened.error())
                           ? fail(opened.error())
                           : (*door)->ask(act.act.request);
    return without_sending(opened.error(), known ? known->promised : 0);
  }
  process::kill_point("kernel.act.opened");
  auto claim = (*door)->act(act);
  process::kill_point("kernel.act.heard");
  return claim ? said(std::move(*claim)) : lost(claim.error());
}

Word find_out(const Connect& connect, HistoryId history, const Inquiry& inquiry) {
  auto door = connect(inquiry.node);
  if (!door) return without_sending(door.error());
  bool promised = false;
  bool elsewhere = false;
  if (inquiry.term != 0) {
    const auto opened = (*door)->open(history, inquiry.term, inquiry.journal);
    if (!opened && is_lost(opened.error())) return lost(opened.error());
    // A refusal is no end: the agent may have promised more, and the claim's answer says what.
    promised = opened.has_value();
    elsewhere = !opened && is_bound_elsewhere(opened.error());
  }
  auto claim = (*door)->ask(inquiry.request);
  if (!claim) return lost(claim.error());
  if (!inquiry.journal.empty() && claim->journal != inquiry.journal)
    return without_sending(
        make_error(ErrorCode::answer_lost, "the agent has another journal than before"));
  if (elsewhere) claim->promised = 0;
  return said(std::move(*claim), promised);
}

}  // namespace aeromq::postgresql
