#include "kernel/postgresql/sight/agent_probe.h"

#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

std::uint64_t now_ms() { return process::now().boot_ns / kNanosPerMs; }

int left_ms(std::uint64_t deadline_ms) {
  const auto now = now_ms();
  return now >= deadline_ms ? 0 : static_cast<int>(deadline_ms - now);
}

/// In these words alone: they stand in a sample.
Error silence(std::string what) {
  auto error = make_error(ErrorCode::answer_lost);
  error.message = std::move(what);
  return error;
}

}  // namespace

AgentProbe::AgentProbe(NodeSettings node, transport::KeyPair own)
    : node_(std::move(node)), own_(std::move(own)), thread_([this] { serve(); }) {}

AgentProbe::~AgentProbe() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void AgentProbe::begin(std::uint64_t now, std::uint64_t allowed) {
  {
    const std::scoped_lock lock(mutex_);
    ++question_;
    allowed_ms_ = allowed;
    deadline_ms_ = now + allowed;
  }
  changed_.notify_all();
}

Result<AgentStatus> AgentProbe::finish() {
  std::unique_lock lock(mutex_);
  const bool in_time = changed_.wait_for(lock, std::chrono::milliseconds(left_ms(deadline_ms_)),
                                         [this] { return answered_ == question_; });
  if (in_time) return answer_;
  return fail(silence("no answer within " + std::to_string(allowed_ms_) + " ms"));
}

void AgentProbe::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || answered_ != question_; });
    if (ending_) break;
    const auto number = question_;
    const auto deadline = deadline_ms_;
    lock.unlock();
    auto answer = ask(deadline);
    lock.lock();
    answer_ = std::move(answer);
    answered_ = number;
    changed_.notify_all();
  }
  // A peer belongs to the thread that made it.
  peer_.reset();
}

Result<AgentStatus> AgentProbe::ask(std::uint64_t deadline_ms) {
  const bool kept = peer_ && peer_->alive();
  if (kept) {
    if (auto told = answer(deadline_ms); told || peer_) return told;
    // The connection broke: the agent may have been restarted. A reading may be asked twice.
  }
  transport::PeerOptions options;
  options.endpoint = node_.agent;
  options.curve = transport::CurveClient{node_.agent_key, own_};
  options.connect_timeout_ms = left_ms(deadline_ms);
  options.await_listener = false;
  auto peer = transport::Peer::connect(options);
  if (!peer) {
    peer_.reset();
    return fail(silence(detail_of(peer.error())));
  }
  peer_ = std::move(*peer);
  (void)peer_->send({}, AgentHello{kAgentProtocol});
  return answer(deadline_ms);
}

// Without an answer the connection goes too: a late one must never be taken for a later question's.
Result<AgentStatus> AgentProbe::answer(std::uint64_t deadline_ms) {
  const auto give_up = [this](Error error) {
    peer_.reset();
    return fail(std::move(error));
  };
  if (!peer_->send({}, AgentLook{})) return give_up(silence("the connection broke"));
  for (;;) {
    if (const auto received = peer_->receive()) {
      if (received->header.type != AgentStatus::kType)
        return give_up(silence("the agent answered something else"));
      auto status = decode<AgentStatus>(received->body);
      if (!status) return give_up(status.error());
      if (status->node != node_.name)
        return fail(silence("the agent says that it is " + status->node + "'s"));
      return status;
    }
    if (!peer_->alive()) return give_up(silence("the connection broke"));
    const int left = left_ms(deadline_ms);
    if (left == 0) return give_up(silence("no answer in time"));
    peer_->wait(left);
  }
}

}  // namespace aeromq::postgresql
