#include "kernel/postgresql/agent_link.h"

#include "process/clock.h"

namespace aeromq::postgresql {

Result<AgentLink> AgentLink::connect(const NodeSettings& node, const transport::KeyPair& own,
                                     int timeout_ms) {
  transport::PeerOptions options;
  options.endpoint = node.agent;
  options.curve = transport::CurveClient{node.agent_key, own};
  options.connect_timeout_ms = timeout_ms;
  auto peer = transport::Peer::connect(options);
  if (!peer) return fail(peer.error());
  (void)peer->send({}, AgentHello{kAgentProtocol});
  return AgentLink(std::move(*peer));
}

template <class Answer, class Question>
Result<Answer> AgentLink::call(const Question& question, int timeout_ms) {
  const auto lost = [](const char* why) {
    return fail(make_error(ErrorCode::answer_lost, std::string("the agent ") + why));
  };
  if (!peer_.send({}, question)) return lost("is gone");
  const auto deadline = after_ms(process::now(), static_cast<std::uint64_t>(timeout_ms));
  for (;;) {
    // A message of another kind would be the answer to another question: this link has only one.
    if (const auto received = peer_.receive()) {
      if (received->header.type != Answer::kType) return lost("answered something else");
      auto answer = decode<Answer>(received->body);
      if (!answer) return lost("answered what cannot be read");
      return answer;
    }
    const auto now = process::now();
    if (!peer_.alive()) return lost("is gone");
    if (now.boot_ns >= deadline.boot_ns) return lost("did not answer in time");
    peer_.wait(static_cast<int>((deadline.boot_ns - now.boot_ns) / kNanosPerMs) + 1);
  }
}

Result<AgentStatus> AgentLink::look(int timeout_ms) {
  return call<AgentStatus>(AgentLook{}, timeout_ms);
}

Result<AgentClaim> AgentLink::ask(const RequestId& request, int timeout_ms) {
  return call<AgentClaim>(AgentAsk{request}, timeout_ms);
}

Result<AgentOpened> AgentLink::open(HistoryId history, std::uint64_t term, int timeout_ms,
                                    const std::string& journal) {
  auto opened = call<AgentOpened>(AgentOpen{history, term, journal}, timeout_ms);
  if (opened && !opened->refused.empty()) return fail(opened->refused.front());
  return opened;
}

Result<AgentClaim> AgentLink::act(const AgentAct& act, int timeout_ms) {
  return call<AgentClaim>(act, timeout_ms);
}

bool AgentLink::alive() { return peer_.alive(); }

}  // namespace aeromq::postgresql
