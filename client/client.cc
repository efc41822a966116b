#include "client/client.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "client/open_request.h"
#include "messages/envelope.h"
#include "transport/peer.h"

namespace aeromq::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kSteps{"submit.before_send", "submit.after_send",   "confirm.before_send",
                            "confirm.after_send", "abandon.before_send", "abandon.after_send",
                            "answer.received"};

int left_ms(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

Clock::time_point in_ms(int ms) { return Clock::now() + std::chrono::milliseconds(ms); }

Incarnation random_incarnation() {
  Incarnation made;
  // 16 octets never come short; were they to, zeros only make a log line less telling.
  if (::getrandom(made.octets.data(), Incarnation::kSize, 0) !=
      static_cast<ssize_t>(Incarnation::kSize))
    made = {};
  return made;
}

Error ended() { return make_error(ErrorCode::not_reached, "the connection has ended"); }

/// The ids given out under one session: an answer about any other id is not ours.
struct Given {
  SessionId session;
  std::uint32_t last = 0;
  bool covers(const RequestId& request) const {
    return request.session == session && request.counter <= last;
  }
};

}  // namespace

std::span<const char* const> observed_steps() { return kSteps; }

struct Client::Impl {
  Impl(transport::Peer connected, const Timeouts& limits, Observer watcher)
      : peer(std::move(connected)), timeouts(limits), observer(std::move(watcher)) {}

  transport::Peer peer;
  Timeouts timeouts;
  Observer observer;
  bool welcomed = false;
  Welcome welcome;
  std::vector<Given> sessions;  // the last one is current
  Clock::time_point lease_end;
  std::uint64_t lease_ms = 0;
  bool renew_due = false;      // the broker said that the session's epoch or lease has ended
  std::set<RequestId> unused;  // by next_request, not yet submitted
  std::map<RequestId, OpenRequest> open;
  std::deque<Answered> ready;
  std::optional<Result<AuditReading>> audit_ready;
  std::optional<Result<Renewed>> renewed;
  std::optional<Result<Status>> status;
  std::optional<Error> link_refused;  // RENEW or STATUS_QUERY
  std::optional<Error> fault;         // why the connection is of no more use

  // ---- time and state ----

  bool alive() { return !fault && peer.alive(); }

  void observe(const char* step) const {
    if (observer) observer(step);
  }

  std::size_t in_flight() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        open, [](const auto& one) { return one.second.progress != Progress::pending; }));
  }

  void use(const SessionId& session, std::uint64_t lease) {
    sessions.push_back({session, 0});
    lease_ms = lease;
    lease_end = Clock::now() + std::chrono::milliseconds(lease);
    renew_due = false;
  }

  /// A confirmation needs time, so a session is renewed when a quarter of its lease is used up.
  bool lease_low(const CommandRow& row) const {
    if (renew_due || sessions.back().session.epoch == 0) return true;
    if (sessions.back().last >= RequestId::kMaxCounter) return true;
    const auto left = std::chrono::milliseconds(left_ms(lease_end));
    const auto granted = std::chrono::milliseconds(lease_ms);
    return row.kernel_action() ? left <= granted * 3 / 4 : left <= granted / 4;
  }

  RequestId next_id(bool kernel_action) {
    auto& given = sessions.back();
    return {given.session, ++given.last, kernel_action};
  }

  // ---- receiving ----

  void finish(const RequestId& request, Result<Answer> answer) {
    ready.push_back({request, std::move(answer)});
  }

  /// Every open request is answered by what is known of it; the connection is of no more use.
  void close_all(const Error& why, bool as_it_is) {
    if (!fault) fault = why;
    for (const auto& [request, one] : open) {
      const auto error = as_it_is ? why : lost(one.progress, detail_of(why));
      if (one.progress == Progress::queried)
        audit_ready = fail(error);
      else
        finish(request, fail(error));
    }
    open.clear();
  }

  void take(const transport::Received& message) {
    const auto type = message.header.type;
    const auto& request = message.header.request;
    if (type == MessageType::probe) return;
    if (request.empty()) return take_link(type, message.body);
    if (!welcomed) return close_all(malformed("an answer came before WELCOME"), true);
    const auto at = open.find(request);
    if (at == open.end()) {
      // One that was given up may still be answered, too late; anything else is not ours.
      const bool ours =
          std::ranges::any_of(sessions, [&](const Given& given) { return given.covers(request); });
      if (!ours) close_all(malformed("an answer to a request that was never sent"), true);
      return;
    }
    observe("answer.received");
    if (at->second.progress == Progress::queried)
      take_audit(at, type, message.body);
    else
      take_answer(at, type, message.body);
  }

  void take_audit(std::map<RequestId, OpenRequest>::iterator at, MessageType type,
                  const Bytes& body) {
    const auto request = at->first;
    open.erase(at);
    audit_ready = read_audit_answer(request, type, body);
  }

  void take_answer(std::map<RequestId, OpenRequest>::iterator at, MessageType type,
                   const Bytes& body) {
    auto answer = read_answer(at->second, at->first, type, body, Clock::now());
    if (!answer) return close_all(answer.error(), true);  // this one too: MALFORMED, unknown
    const auto request = at->first;
    if (std::holds_alternative<Pending>(*answer)) {
      at->second.progress = Progress::pending;
    } else {
      const auto* failure = std::get_if<Failure>(&*answer);
      if (failure != nullptr &&
          (failure->error.code == "SESSION_ENDED" || failure->error.code == "LEASE_TOO_SHORT"))
        renew_due = true;
      open.erase(at);
    }
    finish(request, std::move(answer));
  }

  void take_link(MessageType type, const Bytes& body) {
    switch (type) {
      case MessageType::welcome: {
        auto read = decode<Welcome>(body);
        if (!read || welcomed) return close_all(malformed("welcome"), true);
        welcome = std::move(*read);
        welcomed = true;
        return use(welcome.session, welcome.lease_ms);
      }
      case MessageType::hello_refused: {
        auto read = decode<HelloRefused>(body);
        return close_all(read ? read->error : malformed("hello_refused"), true);
      }
      case MessageType::renewed: {
        auto read = decode<Renewed>(body);
        if (!read) return close_all(malformed("renewed"), true);
        use(read->session, read->lease_ms);
        renewed = std::move(*read);
        return;
      }
      case MessageType::status: {
        auto read = decode<Status>(body);
        if (!read) return close_all(malformed("status"), true);
        status = std::move(*read);
        return;
      }
      case MessageType::broker_error: {
        // About no request: what was asked of the broker itself is more than it takes.
        auto read = decode<ErrorAnswer>(body);
        if (!read) return close_all(malformed("broker_error"), false);
        link_refused = std::move(read->error);
        return;
      }
      default:
        return close_all(malformed("not for a client: " + std::string(name_of(type))), true);
    }
  }

  /// Reads all that waits, notices the end of the connection and what took too long.
  void read_waiting() {
    if (fault) return;
    while (auto message = peer.receive()) {
      take(*message);
      if (fault) return;
    }
    if (!peer.alive()) {
      // What came before the end can still be read; the end may have come after the last look.
      while (auto message = peer.receive()) {
        take(*message);
        if (fault) return;
      }
      return close_all(ended(), false);
    }
    expire();
  }

  void expire() {
    const auto now = Clock::now();
    for (auto at = open.begin(); at != open.end();) {
      const auto& [request, one] = *at;
      if (one.progress == Progress::pending || now < one.deadline) {
        ++at;
        continue;
      }
      const auto error = lost(one.progress, "no answer came in time");
      if (one.progress == Progress::queried)
        audit_ready = fail(error);
      else
        finish(request, fail(error));
      at = open.erase(at);
    }
  }

  int next_deadline_ms(int timeout_ms) const {
    for (const auto& [request, one] : open) {
      if (one.progress == Progress::pending) continue;
      const int left = left_ms(one.deadline);
      if (timeout_ms < 0 || left < timeout_ms) timeout_ms = left;
    }
    return timeout_ms;
  }

  /// Reads until `done` says so, the connection ends, or the time is over.
  template <class Done>
  bool read_until(Done done, int timeout_ms) {
    const auto deadline = in_ms(timeout_ms);
    for (;;) {
      read_waiting();
      if (done()) return true;
      if (fault || left_ms(deadline) == 0) return false;
      peer.wait(next_deadline_ms(left_ms(deadline)));
    }
  }

  // ---- sending ----

  template <class T>
  Result<void> send(const RequestId& request, const T& body) {
    if (!alive() || !peer.send(request, body))
      return fail(make_error(ErrorCode::not_reached, "the message was not sent"));
    return {};
  }

  Result<void> follow(const Pending& pending, Progress next, const char* before, const char* after,
                      const auto& body) {
    const auto at = open.find(pending.request);
    if (at == open.end() || at->second.progress != Progress::pending)
      return fail(make_error(ErrorCode::not_pending));
    observe(before);
    if (auto sent = send(pending.request, body); !sent) return sent;
    at->second.progress = next;
    at->second.deadline = in_ms(next == Progress::confirmed ? timeouts.act_ms : timeouts.answer_ms);
    observe(after);
    return {};
  }

  Result<Answer> await(const RequestId& request) {
    const auto mine = [&] { return std::ranges::find(ready, request, &Answered::request); };
    // Its own deadline is in `open`; the limit here only bounds the loop.
    read_until([&] { return mine() != ready.end(); }, timeouts.act_ms + timeouts.answer_ms);
    const auto at = mine();
    if (at == ready.end()) return fail(ended());
    auto answer = std::move(at->answer);
    ready.erase(at);
    return answer;
  }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(const ClientSettings& settings, const Timeouts& timeouts,
                               Observer observer) {
  transport::PeerOptions options;
  options.endpoint = settings.endpoint;
  options.curve =
      transport::CurveClient{settings.server_key, {settings.public_key, settings.secret_key}};
  options.connect_timeout_ms = timeouts.connect_ms;
  auto peer = transport::Peer::connect(options);
  if (!peer) return fail(peer.error());
  auto impl = std::make_unique<Impl>(std::move(*peer), timeouts, std::move(observer));
  Hello hello;
  hello.name = settings.name;
  hello.incarnation = random_incarnation();
  hello.minor = kMinor;
  hello.pid = static_cast<std::uint64_t>(::getpid());
  hello.build = "aeromq-client";
  if (auto sent = impl->send({}, hello); !sent) return fail(sent.error());
  if (!impl->read_until([&] { return impl->welcomed; }, timeouts.link_ms))
    return fail(impl->fault ? *impl->fault
                            : make_error(ErrorCode::not_reached, "the broker did not greet back"));
  return Client(std::move(impl));
}

bool Client::alive() { return impl_->alive(); }
const Welcome& Client::welcome() const { return impl_->welcome; }
std::size_t Client::in_flight() const { return impl_->in_flight(); }

Result<RequestId> Client::next_request(CommandName command) {
  impl_->read_waiting();
  if (!impl_->alive()) return fail(impl_->fault.value_or(ended()));
  const auto& row = command_row(command);
  if (impl_->lease_low(row)) {
    impl_->renewed.reset();
    impl_->link_refused.reset();
    if (auto sent = impl_->send({}, Renew{}); !sent) return fail(sent.error());
    const auto done = [this] { return impl_->renewed || impl_->link_refused; };
    if (!impl_->read_until(done, impl_->timeouts.link_ms)) {
      // A late RENEWED would take away the session under which ids were given: this link is done.
      if (!impl_->fault)
        impl_->close_all(make_error(ErrorCode::not_reached, "the session was not renewed"), false);
      return fail(*impl_->fault);
    }
    // Refused, the old session stands: what it is still good for, its next request is told.
    if (impl_->link_refused && impl_->sessions.back().last >= RequestId::kMaxCounter)
      return fail(*impl_->link_refused);
  }
  const auto request = impl_->next_id(row.kernel_action());
  impl_->unused.insert(request);
  return request;
}

Result<void> Client::send_submit(const RequestId& request, const Submit& command) {
  if (auto good = check_structure(command, request); !good) return fail(good.error());
  // A broker that gives no sentence would take any yes.
  if (impl_->welcome.minor < kGivenMinor && needs_confirmation(command))
    return fail(make_error(ErrorCode::version_not_supported,
                           "the broker speaks minor " + std::to_string(impl_->welcome.minor) +
                               ", which gives no sentence to confirm with; minor " +
                               std::to_string(kGivenMinor) + " does"));
  // What is known of a request whose connection ends holds only if it was sent here, once (E1).
  if (impl_->unused.erase(request) == 0)
    return fail(make_error(ErrorCode::invalid_input, "this id was not given here, or was used",
                           std::string("request_id")));
  impl_->observe("submit.before_send");
  if (auto sent = impl_->send(request, command); !sent) return sent;
  impl_->open.emplace(request,
                      OpenRequest{Progress::submitted, command, in_ms(impl_->timeouts.answer_ms)});
  impl_->observe("submit.after_send");
  return {};
}

Result<void> Client::send_confirm(const Pending& pending, const std::string& sentence,
                                  std::vector<std::string> acknowledge,
                                  std::string responsibility) {
  const Confirm confirm{pending.asked.token, pending.explanation_digest, std::move(acknowledge),
                        std::move(responsibility), sentence};
  return impl_->follow(pending, Progress::confirmed, "confirm.before_send", "confirm.after_send",
                       confirm);
}

Result<void> Client::send_abandon(const Pending& pending) {
  return impl_->follow(pending, Progress::abandoned, "abandon.before_send", "abandon.after_send",
                       Abandon{pending.asked.token});
}

Result<Answer> Client::submit(const RequestId& request, const Submit& command) {
  if (auto sent = send_submit(request, command); !sent) return fail(sent.error());
  return impl_->await(request);
}

Result<Answer> Client::confirm(const Pending& pending, const std::string& sentence,
                               std::vector<std::string> acknowledge, std::string responsibility) {
  auto sent = send_confirm(pending, sentence, std::move(acknowledge), std::move(responsibility));
  if (!sent) return fail(sent.error());
  return impl_->await(pending.request);
}

Result<Answer> Client::abandon(const Pending& pending) {
  if (auto sent = send_abandon(pending); !sent) return fail(sent.error());
  return impl_->await(pending.request);
}

std::optional<Answered> Client::next_answer(int timeout_ms) {
  // Those that one look brought are handed out without another: a look that finds nothing costs
  // system calls.
  if (impl_->ready.empty()) impl_->read_until([this] { return !impl_->ready.empty(); }, timeout_ms);
  if (impl_->ready.empty()) return std::nullopt;
  auto answered = std::move(impl_->ready.front());
  impl_->ready.pop_front();
  return answered;
}

void Client::poll(int timeout_ms, int extra_fd) {
  if (!impl_->ready.empty() || impl_->fault) timeout_ms = 0;
  impl_->peer.wait(impl_->next_deadline_ms(timeout_ms), extra_fd);
}

Result<AuditReading> Client::audit(const AuditQuery& query) {
  auto first = next_request(CommandName::inspect_cluster_state);  // an id that names no action
  if (!first) return fail(first.error());
  impl_->audit_ready.reset();
  impl_->unused.erase(*first);
  if (auto sent = impl_->send(*first, query); !sent) return fail(sent.error());
  impl_->open.emplace(*first, OpenRequest{Progress::queried, {}, in_ms(impl_->timeouts.audit_ms)});
  const auto done = [this] { return impl_->audit_ready.has_value(); };
  impl_->read_until(done, impl_->timeouts.audit_ms * 2);
  if (!impl_->audit_ready) return fail(ended());
  return std::move(*impl_->audit_ready);
}

Result<Status> Client::status() {
  impl_->status.reset();
  impl_->link_refused.reset();
  if (auto sent = impl_->send({}, StatusQuery{}); !sent) return fail(sent.error());
  const auto done = [this] { return impl_->status || impl_->link_refused; };
  if (!impl_->read_until(done, impl_->timeouts.link_ms))
    return fail(impl_->fault.value_or(make_error(ErrorCode::not_reached, "no status came")));
  if (!impl_->status) return fail(*impl_->link_refused);
  return std::move(*impl_->status);
}

}  // namespace aeromq::client
