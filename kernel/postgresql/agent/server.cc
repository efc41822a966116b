#include "kernel/postgresql/agent/server.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "process/clock.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

constexpr int kTurnMs = 200;
constexpr std::uint64_t kTickMs = 1000;
constexpr std::uint64_t kLookOnMs = 5000;  // of a server that only a person starts
constexpr std::size_t kMostClients = 16;
constexpr int kMostPerTurn = 64;

constexpr std::uint64_t kLeastRoom = std::uint64_t{4}
                                     << 20;  // for an act's entries, many times over

std::uint64_t boot_ms() { return process::now().boot_ns / kNanosPerMs; }

}  // namespace

AgentServer::AgentServer(const AgentSettings& settings, const Instance& instance, Journal& journal,
                         Hand& hand, CurveSide curve, kernel::PacketSocket local,
                         process::StopSignal& stop)
    : settings_(settings),
      instance_(instance),
      journal_(journal),
      hand_(hand),
      curve_(std::move(curve)),
      local_(std::move(local)),
      stop_(stop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  watch(local_.fd());
  watch(stop_.fd());
  watch(worker_.fd());
}
AgentServer::~AgentServer() {
  if (epoll_ >= 0) ::close(epoll_);
}

void AgentServer::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

int AgentServer::run() {
  begin();
  while (!stopping_ || !worker_.idle()) {
    transport::Listener* const listeners[] = {&curve_.listener()};
    transport::wait_any(listeners, kTurnMs, epoll_);
    if (const auto signal = stop_.next()) {
      process::log_info("stopping", {{"signal", *signal}});
      stopping_ = true;
    }
    worker_.finish();
    accept_all();
    for (auto& client : clients_) serve(client);
    std::erase_if(clients_, [](const Client& client) { return client.ended; });
    curve_.listener().saw_disconnect();
    for (int i = 0; i < kMostPerTurn; ++i) {
      const auto heard = curve_.receive();
      if (!heard) break;
      hear(*heard);
    }
    tick();
  }
  return process::kExitOk;
}

// A claim first: it may decide as what the server comes back.
void AgentServer::begin() {
  worker_.post([this]() -> Worker::After {
    if (hand_.settle_open()) hand_.start_if_safe();
    return {};
  });
}

void AgentServer::tick() {
  if (stopping_ || boot_ms() < next_tick_ms_ || !worker_.idle()) return;
  next_tick_ms_ = boot_ms() + kTickMs;
  hand_.watch();
  // Hosts that come up together see each other only after a while.
  if (journal_.open_claim() || hand_.may_try_again()) return begin();
  if (!hand_.looks_on() || boot_ms() < next_look_ms_) return;
  next_look_ms_ = boot_ms() + kLookOnMs;
  worker_.post([this]() -> Worker::After {
    hand_.look_on();
    return {};
  });
}

void AgentServer::hear(const Heard& heard) {
  if (heard.type == AgentHello::kType) {
    if (const auto hello = decode<AgentHello>(heard.body))
      return curve_.understands(heard.connection, hello->protocol);
  }
  if (heard.type == AgentLook::kType && decode<AgentLook>(heard.body))
    return curve_.send(heard.connection, status_of(settings_, instance_, journal_, &hand_));
  if (heard.type == AgentAsk::kType) {
    if (const auto ask = decode<AgentAsk>(heard.body))
      return curve_.send(heard.connection, word_on(ask->request));
  }
  if (heard.from_kernel && heard.type == AgentOpen::kType) return open(heard);
  if (heard.from_kernel && heard.type == AgentAct::kType) return act(heard);
  process::log_peer(heard.from, "message_dropped",
                    {{"from", heard.from}, {"type", static_cast<int>(heard.type)}});
}

void AgentServer::open(const Heard& heard) {
  process::kill_point("pgagent.open.received");
  AgentOpened opened;
  const auto open = decode<AgentOpen>(heard.body);
  // A journal that cannot be written ends the agent: not in the middle of an act, if that can be
  // known before.
  if (const auto room = free_octets(settings_.journal); room && *room < kLeastRoom) {
    opened.refused.push_back(kernel_rejection(
        "AGENT_DISK_FULL",
        "the disk of the journal " + settings_.journal + " has " + std::to_string(*room) +
            " octets left, " + std::to_string(kLeastRoom) + " are needed",
        {"P6-F1"}));
    opened.promised = journal_.promised();
    return curve_.send(heard.connection, opened);
  }
  const auto promised =
      open ? journal_.promise(open->history, open->term, open->journal) : fail(open.error());
  process::kill_point("pgagent.open.promised");
  if (promised) {
    // No other connection's term can be the highest any more.
    terms_.clear();
    terms_[heard.connection] = open->term;
  } else {
    opened.refused.push_back(promised.error());
    process::log_peer(heard.from, "open_refused", {{"why", promised.error().message}});
  }
  opened.promised = journal_.promised();
  curve_.send(heard.connection, opened);
  process::kill_point("pgagent.open.answered");
}

AgentClaim AgentServer::word_on(const RequestId& request) const {
  auto word = journal_.word_on(request, boot_ms());
  if (word.state == ClaimState::open) word.phase = hand_.phase();
  return word;
}

void AgentServer::refuse(const Heard& heard, AgentClaim word, const std::string& code,
                         const std::string& text) {
  word.code = code;
  word.text = text;
  process::log_peer(heard.from, "act_refused", {{"request", word.request.text()}, {"why", code}});
  curve_.send(heard.connection, word);
}

void AgentServer::act(const Heard& heard) {
  process::kill_point("pgagent.act.received");
  const auto act = decode<AgentAct>(heard.body);
  if (!act) return refuse(heard, {}, act.error().code, act.error().message);
  auto word = word_on(act->act.request);
  if (word.state != ClaimState::none) {
    word.repeat = true;
    return curve_.send(heard.connection, word);
  }
  word.request = act->act.request;
  const auto opened = terms_.find(heard.connection);
  const auto term = opened == terms_.end() ? 0 : opened->second;
  if (opened != terms_.end()) terms_.erase(opened);
  if (term == 0 || term != act->term)
    return refuse(heard, word, "STALE_TERM", "this connection did not open that term");
  if (act->act.node != settings_.node)
    return refuse(heard, word, "OTHER_NODE", "this is the agent of " + settings_.node);
  if (stopping_) return refuse(heard, word, "AGENT_STOPS", "the agent was asked to end");
  ClaimEntry claim{act->act.request,
                   act->term,
                   act->act.action,
                   act->act.node,
                   act->act.principal,
                   act->act.command_digest,
                   act->act.reason,
                   0,
                   instance_.newest_history().timeline,
                   boot_ms()};
  // The act is judged by what it did to this server, and to no other.
  const auto found = instance_.process();
  claim.postmaster = static_cast<std::uint64_t>(found.postmaster);
  claim.started_ms = found.started_ms;
  claim.histories = instance_.histories();
  if (act->act.action != Action::demote) {
    claim.shutdown_end = act->shutdown_end;
    claim.shutdown_timeline = act->timeline;
  }
  if (const auto control = instance_.control()) claim.timeline = control->timeline();
  const auto claimed = journal_.claim(claim);
  if (claimed == Journal::Claiming::other_open)
    return refuse(heard, word, "UNSETTLED_REQUEST", "another claim is open here");
  if (claimed != Journal::Claiming::claimed)
    return refuse(heard, word, "STALE_TERM", "a higher term was promised");
  process::kill_point("pgagent.act.claimed");
  worker_.post([this, act = *act, connection = heard.connection]() -> Worker::After {
    hand_.run(act);
    return [this, request = act.act.request, connection] {
      curve_.send(connection, word_on(request));
      process::kill_point("pgagent.act.answered");
    };
  });
}

void AgentServer::accept_all() {
  while (auto accepted = local_.accept()) {
    const auto uid = accepted->peer_uid();
    if (!uid || (*uid != ::geteuid() && *uid != 0) || clients_.size() >= kMostClients) {
      const auto who = uid ? std::to_string(*uid) : std::string("?");
      process::log_peer(who, "connection_refused", {{"uid", who}});
      continue;  // closed at once
    }
    watch(accepted->fd());
    clients_.push_back({++last_client_, std::move(*accepted), *uid, false});
  }
}

void AgentServer::serve(Client& client) {
  while (const auto packet = client.socket.receive()) {
    const auto order = decode<Order>(*packet);
    if (!order) {
      client.ended = true;
      return;
    }
    obey(client, *order);
  }
  if (client.socket.broken()) client.ended = true;
}

void AgentServer::obey(const Client& client, const Order& order) {
  OrderAnswer told;
  if (order.kind == OrderKind::status)
    told.status.push_back(status_of(settings_, instance_, journal_, &hand_));
  if (order.kind == OrderKind::outcome) told.claim.push_back(word_on(order.request));
  if (order.kind == OrderKind::bind) {
    journal_.bind(order.history, client.uid, order.reason);
    terms_.clear();
    told.done = "bound to the history " + to_hex(order.history.octets);
  }
  if (order.kind != OrderKind::start && order.kind != OrderKind::stop)
    return answer(client.number, told);
  worker_.post([this, order, uid = client.uid, number = client.number]() -> Worker::After {
    auto done = order.kind == OrderKind::start
                    ? hand_.order_start(uid, order.reason, order.accepted)
                    : hand_.order_stop(uid, order.reason);
    return [this, number, done] {
      OrderAnswer ended;
      if (done)
        ended.done = *done;
      else {
        ended.refused.push_back(done.error());
        if (done.error().code == "START_REFUSED") ended.sentence = hand_.sentence();
      }
      answer(number, ended);
    };
  });
}

void AgentServer::answer(std::uint64_t number, const OrderAnswer& told) {
  for (auto& client : clients_)
    if (client.number == number)
      client.ended = client.socket.send(encode(told)) != kernel::PacketSocket::Sending::sent;
}

}  // namespace aeromq::postgresql
