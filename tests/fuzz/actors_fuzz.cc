// Every actor's core on one road in memory: arbitrary bodies of every type that it accepts, honest
// ones, and honest ones with a few octets changed. The road carries messages as the broker would;
// the kernel is a model whose answers may be changed too.
#include <deque>
#include <map>
#include <set>

#include "actors/dispatcher/dispatcher.h"
#include "actors/explainer/explainer.h"
#include "actors/gate/authority_gate.h"
#include "actors/keeper/confirmation_keeper.h"
#include "actors/reader/audit_reader.h"
#include "actors/writer/audit_writer.h"
#include "messages/digest.h"
#include "tests/actors/model_kernel.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

constexpr std::size_t kRequests = 6;
constexpr std::size_t kMaxActs = 64;
constexpr std::array<const char*, 3> kPrincipals{"alice", "otto", "ada"};

const std::vector<MessageType>& injectable() {
  static const auto types = [] {
    std::vector<MessageType> made;
    for (const auto accepts :
         {AuthorityGate::accepts(), Explainer::accepts(), ConfirmationKeeper::accepts(),
          AuditWriter::accepts(), Dispatcher::accepts(), AuditReader::accepts()})
      made.insert(made.end(), accepts.begin(), accepts.end());
    return made;
  }();
  return types;
}

RequestId request_of(std::size_t index) {
  RequestId request;
  request.session.history.octets = {1, 2, 3, 4};
  request.session.dispatcher = 1;
  request.session.epoch = 1;
  request.session.lease_end_s = 1000;
  request.counter = static_cast<std::uint32_t>(index + 1);
  request.kernel_action = index % 2 == 0;
  return request;
}

class World {
 public:
  explicit World(Input& input) : input_(input) {}

  void act() {
    switch (input_.choice(10)) {
      case 0:
      case 1:
        return inject();
      case 2:
        return submit();
      case 3:
        return answer_call();
      case 4:
        return confirm();
      case 5:
        return abandon();
      case 6:
        return tick();
      case 7:
        return carry_out(ActorRole::dispatcher, lose_kernel());
      case 8:
        return large();
      default:
        return query();
    }
  }

 private:
  std::string principal() { return kPrincipals[input_.choice(kPrincipals.size())]; }
  RequestId request() { return request_of(input_.choice(kRequests)); }

  void inject() {
    const auto& types = injectable();
    const auto type = types[input_.choice(types.size())];
    auto about = request();
    if (type == MessageType::report && input_.flag()) about = {};
    const auto from = principal();
    deliver({type, about, from, input_.block()});
  }

  void submit() {
    const auto& row = command_table()[input_.choice(command_table().size())];
    const auto about = request();
    Submit body;
    body.command = text_of(row.name);
    if (row.takes_node) body.node = "n" + std::to_string(input_.choice(5));
    if (row.takes_reason) body.reason = "because";
    if (row.takes_about && input_.flag()) body.about = request().text();
    auto fitting = about;
    fitting.kernel_action = row.kernel_action();
    auto octets = encode(body);
    if (input_.flag()) octets = input_.patched(std::move(octets));
    const auto from = principal();
    owner_[fitting] = from;
    deliver({MessageType::submit, fitting, from, std::move(octets)});
  }

  void answer_call() {
    if (calls_.empty()) return;
    const auto call = calls_.front();
    calls_.pop_front();
    auto answer = kernel_.answer(call);
    if (input_.flag()) {
      auto octets = encode(answer);
      const auto changed = input_.flag() ? input_.block() : input_.patched(std::move(octets));
      if (auto read = round_trip<KernelAnswer>(changed)) answer = std::move(*read);
      if (input_.flag()) answer.id = call.id;
      if (input_.flag()) answer.kind = call.kind;
    }
    carry_out(ActorRole::dispatcher, dispatcher_.on_answer(answer, now_));
  }

  void confirm() {
    if (asked_.empty()) return;
    const auto& [about, asked] =
        *std::next(asked_.begin(), static_cast<std::ptrdiff_t>(input_.choice(asked_.size())));
    Confirm body{asked.token, sha256(asked.explanation), {}, {}, asked.sentence};
    if (const auto explanation = decode<Explanation>(asked.explanation);
        explanation && explanation->confirmation == ConfirmationKind::enhanced) {
      for (const auto& risk : explanation->risks) body.acknowledge.push_back(risk.id);
      body.accept_responsibility = asked.responsibility_sentence;
    }
    auto octets = encode(body);
    if (input_.flag()) octets = input_.patched(std::move(octets));
    const auto from = input_.flag() ? principal() : owner_[about];
    deliver({MessageType::confirm, about, from, std::move(octets)});
  }

  void abandon() {
    if (asked_.empty()) return;
    const auto& [about, asked] = *asked_.begin();
    auto octets = encode(Abandon{asked.token});
    if (input_.flag()) octets = input_.patched(std::move(octets));
    deliver({MessageType::abandon, about, owner_[about], std::move(octets)});
  }

  void tick() {
    now_ = after_ms(now_, input_.octet() * 1000U);
    carry_out(ActorRole::gate, gate_.on_tick(now_));
    carry_out(ActorRole::keeper, keeper_.on_tick(now_));
    carry_out(ActorRole::writer, writer_.on_tick(now_));
    carry_out(ActorRole::dispatcher, dispatcher_.on_tick(now_));
  }

  Step lose_kernel() {
    calls_.clear();
    return dispatcher_.on_kernel_lost(now_);
  }

  void query() {
    auto octets = encode(AuditQuery{});
    octets = input_.flag() ? input_.block() : input_.patched(std::move(octets));
    deliver({MessageType::audit_query, request(), "ada", std::move(octets)});
  }

  /// Bodies near the limit: what grows around them on the way must still fit into a message.
  void large() {
    const Bytes filler(input_.two() % kMaxBody, 7);
    const auto kind = input_.choice(5);
    const auto about = request();
    auto type = MessageType::observed;
    Bytes body;
    if (kind == 0) {
      body = encode(Observed{Authority::operator_, {}, 1, 1, {}, filler});
    } else if (kind == 1) {
      type = MessageType::audit_answer;
      body = encode(AuditAnswer{Authority::auditor, {}, filler});
    } else if (kind == 2) {
      type = MessageType::refused_by_keeper;
      body = encode(Refused{make_error(ErrorCode::busy), Authority::operator_, filler, {}, {}});
    } else {
      // Valid, and as long as wanted: a list of lines.
      Explanation explanation;
      for (std::size_t left = filler.size(); left > 200 && explanation.facts.size() < 256;)
        explanation.facts.push_back({"a", std::string(200, 'x'), "kernel", 0}), left -= 200;
      const auto octets = encode(explanation);
      type = kind == 3 ? MessageType::explained : MessageType::asked;
      body = kind == 3 ? encode(Explained{Authority::operator_, {}, octets, {}})
                       : encode(Asked{Authority::operator_, {}, octets, {}, {}, 1, "yes", {}});
    }
    if (body.size() <= kMaxBody) deliver({type, about, principal(), std::move(body)});
  }

  void deliver(Envelope first) {
    std::deque<Envelope> queue{std::move(first)};
    queue_.swap(queue);
    while (!queue_.empty()) {
      const auto envelope = std::move(queue_.front());
      queue_.pop_front();
      step(envelope);
    }
  }

  void step(const Envelope& envelope) {
    round_trip_as(envelope.type, envelope.body);
    const auto receiver = find_route(envelope.type)->receiver;
    switch (receiver) {
      case ActorRole::gate:
        return carry_out(receiver, gate_.on(envelope, now_), &envelope);
      case ActorRole::explainer:
        return carry_out(receiver, explainer_.on(envelope, now_), &envelope);
      case ActorRole::keeper:
        return carry_out(receiver, keeper_.on(envelope, now_), &envelope);
      case ActorRole::writer:
        return carry_out(receiver, writer_.on(envelope, now_), &envelope);
      case ActorRole::dispatcher:
        return carry_out(receiver, dispatcher_.on(envelope, now_), &envelope);
      case ActorRole::reader:
        return carry_out(receiver, reader_.on(envelope, now_), &envelope);
      default:
        return arrive(envelope);
    }
  }

  /// What reached the client or the broker.
  void arrive(const Envelope& envelope) {
    if (envelope.type == MessageType::confirmation_asked)
      asked_[envelope.request] = *decode<ConfirmationAsked>(envelope.body);
  }

  void carry_out(ActorRole role, Step step, const Envelope* cause = nullptr) {
    expect_step(role, step);
    for (const auto& record : step.records)
      expect(record.seq == ++last_seq_, "record numbers are dense");
    for (auto& call : step.calls) note_call(std::move(call));
    for (auto& sent : step.send) {
      if (role == ActorRole::keeper && sent.type == MessageType::confirmed) {
        const auto confirmed = decode<Confirmed>(sent.body);
        expect(spent_.insert(confirmed->token_digest).second, "a token confirms once");
        expect(cause != nullptr && cause->type == MessageType::authorised_confirm,
               "only a person's yes confirms");
      }
      if (role == ActorRole::writer)
        expect(!step.records.empty(), "the writer sends nothing that no record stands for");
      const auto owner = owner_.find(sent.request);
      sent.principal = owner == owner_.end() ? "alice" : owner->second;
      queue_.push_back(std::move(sent));
    }
    if (cause == nullptr) deliver_rest();
  }

  void deliver_rest() {
    while (!queue_.empty()) {
      const auto envelope = std::move(queue_.front());
      queue_.pop_front();
      step(envelope);
    }
  }

  void note_call(KernelCall call) {
    expect(call.id > last_call_, "call ids grow");
    last_call_ = call.id;
    if (call.kind == CallKind::act) {
      expect(acted_.insert(call.act.request).second, "the kernel is asked to act once a request");
      expect(!call.act.principal.empty(), "every act has a principal");
    }
    calls_.push_back(std::move(call));
  }

  Input& input_;
  Moment now_{1'000 * kNanosPerMs, 1'700'000'000'000 * kNanosPerMs};
  ModelKernel kernel_;
  AuthorityGate gate_{std::vector<Grant>{
      {"alice", Authority::operator_}, {"otto", Authority::observer}, {"ada", Authority::auditor}}};
  Explainer explainer_;
  ConfirmationKeeper keeper_{[n = std::uint64_t{0}]() mutable {
                               Token token;
                               ++n;
                               token.octets.fill(static_cast<std::uint8_t>(n));
                               token.octets[0] = static_cast<std::uint8_t>(n >> 8);
                               return token;
                             },
                             120'000};
  AuditWriter writer_{1, "b007"};
  Dispatcher dispatcher_;
  AuditReader reader_{[](const AuditQuery&) { return Result<AuditPage>(AuditPage{}); }};
  std::deque<Envelope> queue_;
  std::deque<KernelCall> calls_;
  std::map<RequestId, std::string> owner_;
  std::map<RequestId, ConfirmationAsked> asked_;
  std::set<Digest> spent_;
  std::set<RequestId> acted_;
  std::uint64_t last_seq_ = 0;
  std::uint64_t last_call_ = 0;
};

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq::fuzz;
  Input input(data, size);
  World world(input);
  for (std::size_t i = 0; i < kMaxActs && !input.empty(); ++i) world.act();
  return 0;
}
