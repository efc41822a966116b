#include "chaos/simulation/actor_process.h"

#include "actors/dispatcher/dispatcher.h"
#include "actors/dispatcher/kernel_boundary.h"
#include "actors/explainer/explainer.h"
#include "actors/gate/authority_gate.h"
#include "actors/keeper/confirmation_keeper.h"
#include "actors/reader/audit_reader.h"
#include "actors/writer/audit_writer.h"
#include "actors/writer/log_boundary.h"
#include "audit/query.h"
#include "chaos/simulation/host_options.h"
#include "kernel/protocol.h"
#include "messages/digest.h"
#include "process/entropy.h"
#include "process/exit_codes.h"
#include "transport/frames.h"

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kHelloTimeoutMs = 3000;
constexpr std::uint64_t kOpenTimeoutMs = 5000;
constexpr std::uint64_t kLookAgainMs = 100;

std::string_view part_name(ActorRole role) {
  switch (role) {
    case ActorRole::gate:
      return "gate";
    case ActorRole::keeper:
      return "keeper";
    case ActorRole::writer:
      return "writer";
    case ActorRole::reader:
      return "reader";
    default:
      return text_of(role);
  }
}

// A log handed to the real boundary, with the record numbers noted on the way.
class WatchedLog final : public runtime::Boundary {
 public:
  WatchedLog(audit::LogWriter& writer, std::uint64_t& appended)
      : inner_(writer), appended_(appended) {}
  Result<void> persist(const std::vector<Record>& records) override {
    appended_ = records.back().seq;
    return inner_.persist(records);
  }
  Result<void> idle(const Moment& now) override { return inner_.idle(now); }

 private:
  LogBoundary inner_;
  std::uint64_t& appended_;
};

}  // namespace

// As EmbeddedLink, over a simulated connection.
class ActorProcess::Link {
 public:
  Link(ActorProcess& owner, Opened opened) : owner_(&owner), opened_(std::move(opened)) {}
  const Opened& opened() const { return opened_; }
  int fd() const { return -1; }
  bool send(const KernelCall& call) {
    if (call.kind == CallKind::act)
      owner_->world_.note(EventKind::called, *owner_).request = call.act.request.text();
    Parcel parcel{0,
                  call.kind == CallKind::act ? MessageType::dispatch : MessageType::observe,
                  call.kind == CallKind::act ? call.act.request : call.about,
                  {kernel::packet(kernel::Tag::call, call)}};
    if (owner_->kernel_ && !owner_->world_.send(*owner_->kernel_, *owner_, std::move(parcel)))
      owner_->kernel_.reset();
    return owner_->kernel_.has_value();
  }
  std::optional<KernelAnswer> receive() {
    if (waiting_->empty()) return std::nullopt;
    const auto packet = std::move(waiting_->front());
    waiting_->pop_front();
    if (!packet.empty() && packet.front() == static_cast<std::uint8_t>(kernel::Tag::answer))
      if (auto answer = decode<KernelAnswer>(ByteView(packet).subspan(1))) return *answer;
    owner_->kernel_.reset();
    waiting_->clear();
    return std::nullopt;
  }
  bool alive() { return owner_->kernel_.has_value(); }
  /// Where packets that arrive are put.
  std::deque<Bytes>* waiting() { return waiting_.get(); }

 private:
  ActorProcess* owner_;
  Opened opened_;
  std::unique_ptr<std::deque<Bytes>> waiting_ = std::make_unique<std::deque<Bytes>>();
};

struct ActorProcess::Running {
  std::unique_ptr<audit::LogWriter> log;
  std::optional<audit::LogReader> reader;
  std::optional<AuthorityGate> gate;
  std::optional<Explainer> explainer;
  std::optional<ConfirmationKeeper> keeper;
  std::optional<AuditWriter> writer;
  std::optional<Dispatcher> dispatcher;
  std::optional<AuditReader> audit_reader;
  KernelBoundary<Link>* kernel = nullptr;
  std::deque<Bytes>* packets = nullptr;
  std::unique_ptr<runtime::Boundary> boundary = std::make_unique<runtime::Boundary>();
  runtime::CoreCalls calls;
  std::optional<runtime::Turn> turn;
  template <class Core>
  void run(Core& core) {
    calls = runtime::calls_of(core);
    turn.emplace(calls);
  }
};

ActorProcess::ActorProcess(World& world, unsigned plane, ActorRole role, Neighbours neighbours,
                           const Policy& policy, LogWitness& witness)
    : Process(world, lane_of(plane, part_name(role)), plane),
      role_(role),
      neighbours_(neighbours),
      policy_(policy),
      log_(witness) {}
ActorProcess::~ActorProcess() = default;

void ActorProcess::forget() {
  running_.reset();
  broker_.reset();
  kernel_.reset();
  numbers_ = {};
  welcomed_ = false;
  silence_.reset();
  asked_by_.clear();
}

void ActorProcess::exit(int code) {
  comes_back_ = (code != process::kExitPoisoned && code != process::kExitFenced) || world_.healed();
  world_.end(*this, "exit " + std::to_string(code), Restart::at_once);
  comes_back_ = true;
}

void ActorProcess::start() {
  running_ = std::make_unique<Running>();
  if (role_ == ActorRole::writer) {
    audit::LogWriterOptions options;
    options.segment_bytes = kSegmentBytes;
    options.first_segment_bytes = kSegmentBytes;
    options.version = "simulation";
    options.watermark = kWatermark;
    options.at_step = [this](const char* step) { world_.point(step); };
    log_.appended = log_.durable;
    auto log = audit::LogWriter::open(kAuditDir, std::move(options), world_.now());
    if (!log) return exit(process::kExitPoisoned);
    running_->log = std::move(*log);
    log_.appended = running_->log->next_seq() - 1;
    if (running_->log->report().adopted > 0) note_durable();
  }
  broker_ = world_.connect(*this, *neighbours_.broker, "actor");
  if (!broker_) return exit(process::kExitFault);
  Hello hello;
  hello.role = role_;
  hello.name = std::string(text_of(role_));
  hello.incarnation = process::fresh<Incarnation>();
  hello.minor = kMinor;
  say(MessageType::hello, {}, encode(hello));
  give_up_unless([this] { return welcomed_; }, kHelloTimeoutMs);
}

void ActorProcess::give_up_unless(std::function<bool()> good, std::uint64_t ms) {
  world_.after(ms * kNanosPerMs, [this, good = std::move(good), run = life.run] {
    if (!life.alive || life.run != run || good()) return;
    // Who is stopped does not look at a clock.
    if (life.held_until_ns != 0) return give_up_unless(good, kLookAgainMs);
    world_.step(*this, [this] { exit(process::kExitFault); });
  });
}

bool ActorProcess::say(MessageType type, const RequestId& request, const Bytes& body) {
  if (!broker_) return false;
  auto frames = transport::to_frames(numbers_.next(type, request), body);
  if (!world_.send(*broker_, *this, {0, type, request, std::move(frames)})) return false;
  numbers_.sent();
  if (role_ == ActorRole::keeper) witness(type, request, body);
  return true;
}

// What leaves the keeper: tokens given out, tokens spent.
void ActorProcess::witness(MessageType type, const RequestId& request, const Bytes& body) {
  if (type == MessageType::asked) {
    const auto asked = decode<Asked>(body);
    if (!asked) return;
    auto& event = world_.note(EventKind::issued, *this);
    event.request = request.text();
    event.principal = asked_by_[request];
    event.token = to_hex(sha256(asked->token.view()).view());
    event.digest = to_hex(sha256(asked->explanation).view());
    if (const auto explained = decode<Explanation>(asked->explanation))
      event.epoch = explained->fencing_epoch;
    event.number = world_.now().boot_ns + asked->expires_in_ms * kNanosPerMs;
  } else if (type == MessageType::confirmed) {
    const auto confirmed = decode<Confirmed>(body);
    if (!confirmed) return;
    auto& event = world_.note(EventKind::spent, *this);
    event.request = request.text();
    event.principal = asked_by_[request];
    event.token = to_hex(confirmed->token_digest.view());
    event.digest = to_hex(confirmed->explanation_digest.view());
    event.number = world_.now().boot_ns;
  }
}

void ActorProcess::note_durable() {
  if (log_.appended <= log_.durable) return;
  log_.durable = log_.appended;
  world_.note(EventKind::durable, lane_of(plane(), "disk")).number = log_.durable;
}

void ActorProcess::take(int wire, Parcel parcel) {
  if (broker_ && wire == *broker_) return from_broker(std::move(parcel));
  if (!kernel_ || wire != *kernel_ || parcel.frames.empty()) return;
  if (running_->packets != nullptr) return running_->packets->push_back(parcel.frames[0]);
  opened(parcel.frames[0]);
}

void ActorProcess::from_broker(Parcel parcel) {
  auto received = transport::from_frames(std::move(parcel.frames));
  if (!received) numbers_.end();
  if (!received || !numbers_.accept(received->header)) return exit(process::kExitFault);
  auto& header = received->header;
  if (silence_) silence_->heard(world_.now());
  switch (header.type) {
    case MessageType::ping: {
      const auto ping = decode<Ping>(received->body);
      if (ping) say(MessageType::pong, {}, encode(Pong{ping->nonce}));
      return;
    }
    case MessageType::goodbye:
    case MessageType::hello_refused:
      return exit(process::kExitFault);
    case MessageType::welcome:
      // A short limit, so that its end falls within the time after the heal.
      silence_.emplace(kHeartbeatMs / 8, world_.now());
      return joined();
    default:
      if (!running_->turn) return;
      if (role_ == ActorRole::keeper) asked_by_[header.request] = header.principal;
      running_->turn->take(header.type, header.request, std::move(header.principal),
                           std::move(received->body), world_.now());
  }
}

void ActorProcess::joined() {
  if (std::exchange(welcomed_, true)) return;
  auto& now = *running_;
  switch (role_) {
    case ActorRole::gate: {
      std::vector<Grant> grants;
      for (const auto& [principal, authority] : policy_.authorities)
        grants.push_back({principal, authority});
      return now.run(now.gate.emplace(grants));
    }
    case ActorRole::explainer:
      return now.run(now.explainer.emplace());
    case ActorRole::keeper:
      return now.run(now.keeper.emplace([] { return process::fresh<Token>(); }, kTokenTtlMs));
    case ActorRole::writer: {
      now.writer.emplace(now.log->next_seq(), to_hex(numbers_.boot().octets));
      now.boundary = std::make_unique<WatchedLog>(*now.log, log_.appended);
      if (!now.boundary->persist(now.writer->begin(world_.now()).records))
        return exit(process::kExitPoisoned);
      return now.run(*now.writer);
    }
    case ActorRole::reader:
      now.audit_reader.emplace([this](const AuditQuery& query) -> Result<AuditPage> {
        if (!running_->reader) {
          auto opened = audit::LogReader::open(kAuditDir, {kWatermark});
          if (!opened) return fail(opened.error());
          running_->reader = std::move(*opened);
        }
        return audit::answer_query(*running_->reader, query);
      });
      return now.run(*now.audit_reader);
    default: {
      kernel_ = world_.connect(*this, *neighbours_.kernel, "dispatcher");
      const kernel::OpenDispatcher open{plane() + 1, kernel::kKernelProtocol};
      if (!kernel_ ||
          !world_.send(*kernel_, *this,
                       {0, MessageType::hello, {}, {kernel::packet(kernel::Tag::open, open)}}))
        return exit(process::kExitFault);
      give_up_unless([this] { return running_ && running_->turn; }, kOpenTimeoutMs);
    }
  }
}

void ActorProcess::opened(ByteView packet) {
  const bool good = !packet.empty() && packet[0] == static_cast<std::uint8_t>(kernel::Tag::opened);
  auto message = good ? decode<Opened>(packet.subspan(1))
                      : Result<Opened>(fail(make_error(ErrorCode::malformed, "opened")));
  if (!message) return exit(process::kExitFault);
  auto& now = *running_;
  Link link(*this, *message);
  now.packets = link.waiting();
  auto boundary = std::make_unique<KernelBoundary<Link>>(std::move(link));
  now.kernel = boundary.get();
  now.boundary = std::move(boundary);
  say(MessageType::opened, {}, encode(*message));
  now.run(now.dispatcher.emplace());
}

void ActorProcess::lost(int wire) {
  if (broker_ && wire == *broker_) return exit(process::kExitFault);
  if (kernel_ && wire == *kernel_) {
    kernel_.reset();
    if (running_->kernel == nullptr) exit(process::kExitFault);
  }
}

void ActorProcess::done() {
  if (!running_ || !running_->turn) return;
  auto& now = *running_;
  for (const auto& answer : now.boundary->answers()) now.turn->take(answer, world_.now());
  const runtime::Turn::Send send = [this](MessageType type, const RequestId& request,
                                          const Bytes& body) { return say(type, request, body); };
  switch (now.turn->carry_out(*now.boundary, send)) {
    case runtime::Carried::unrecorded:
      return exit(process::kExitPoisoned);
    case runtime::Carried::unsent:
      return exit(process::kExitFault);
    case runtime::Carried::done:
      break;
  }
  if (now.boundary->alive()) return;
  now.turn->boundary_lost(world_.now());
  now.turn->carry_out(*now.boundary, send);
  exit(now.boundary->exit_code());
}

void ActorProcess::tick() {
  if (!running_ || !running_->turn) return;
  // What still waits is read first, as in the host.
  if (life.inbox.empty() && silence_ && silence_->too_long(world_.now()))
    return exit(process::kExitFault);
  running_->turn->tick(world_.now());
  if (!running_->boundary->idle(world_.now())) {
    done();
    return exit(process::kExitPoisoned);
  }
  done();
}

}  // namespace aeromq::chaos
