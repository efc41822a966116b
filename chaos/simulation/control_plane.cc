#include "chaos/simulation/control_plane.h"

#include "audit/format.h"
#include "audit/verify.h"
#include "chaos/simulation/host_options.h"
#include "messages/record.h"

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kMany = 1'000'000;

broker::BrokerOptions broker_options() {
  broker::BrokerOptions options;
  options.build = "simulation";
  options.heartbeat_ms = kHeartbeatMs;
  options.stage_timeout_ms = kStageTimeoutMs;
  options.reader_timeout_ms = kStageTimeoutMs;
  options.token_ttl_ms = kTokenTtlMs;
  options.lease_ms = kLeaseMs;
  // Weeks of asking pass in seconds here, and what is limited is not what is looked at.
  options.limits.looks = options.limits.changes = options.limits.refusals = {kMany, kMany};
  options.limits.sessions = options.limits.refused_of_connection = {kMany, kMany};
  return options;
}

// Every committed record of one segment, read frame after frame without the product's reader; what
// no whole COMMIT follows does not count.
void read_records(ByteView segment, const std::function<void(const Record&)>& take) {
  const auto header = audit::decode_header(segment.first(audit::kSegmentHeader));
  if (!header) return;
  std::vector<Record> batch;
  audit::Frame frame;
  for (std::size_t at = audit::kSegmentHeader; at < segment.size();) {
    if (audit::parse_frame(segment, at, header->salt, frame) != audit::FrameStatus::valid) return;
    at += audit::kFrameHeader + frame.payload.size();
    if (frame.type == audit::FrameType::record) {
      auto record = decode_row<Record>(frame.payload);
      if (!record) return;
      batch.push_back(std::move(*record));
    }
    if (frame.type != audit::FrameType::commit) continue;
    for (const auto& record : batch) take(record);
    batch.clear();
    at = audit::align_up(at, audit::kCommitAlign);
  }
}

std::string underscored(std::string_view text) {
  std::string made(text);
  std::ranges::replace(made, ' ', '_');
  return made;
}

}  // namespace

ControlPlane::ControlPlane(World& world, unsigned number, KernelProcess& kernel)
    : world_(world), number_(number), kernel_(kernel) {
  policy_.authorities = {{"alice", Authority::operator_},
                         {"bob", Authority::operator_},
                         {"carol", Authority::operator_},
                         {"otto", Authority::observer},
                         {"ada", Authority::auditor}};
  broker_ = std::make_unique<BrokerProcess>(world, number, broker_options());
  for (const auto role : broker::kActorRoles)
    actors_[role] = std::make_unique<ActorProcess>(
        world, number, role, Neighbours{broker_.get(), &kernel_}, policy_, log_);
  auto& disk = world.disk(number);
  disk.on_durable = [this](const Disk::Synced& synced) {
    if (!synced.directory && synced.path.starts_with(std::string(kAuditDir) + "/log/"))
      if (auto* writer = dynamic_cast<ActorProcess*>(world_.stepping())) writer->note_durable();
  };
  disk.on_fault = [this](std::string_view what, const std::string& path) {
    world_.note_fault(what, lane_of(number_, "disk"), 0, path);
  };
  disk.before_change = [this](std::string_view call, const std::string&) { world_.point(call); };
}

void ControlPlane::begin() {
  for (const auto& [principal, authority] : policy_.authorities) note_policy(principal, authority);
  world_.begin(*broker_);
  // The writer first: whoever joins before it is reported when it comes.
  world_.begin(actor(ActorRole::writer));
  for (const auto& [role, actor] : actors_)
    if (role != ActorRole::writer) world_.begin(*actor);
}

void ControlPlane::begin_second(ActorRole role) {
  auto& made = second_.emplace_back(std::make_unique<ActorProcess>(
      world_, number_, role, Neighbours{broker_.get(), &kernel_}, policy_, log_));
  made->life.run = 100 * second_.size();  // its runs are not the first one's
  world_.begin(*made);
}

void ControlPlane::end_second_ones() {
  for (auto& process : second_) {
    world_.end(*process, "killed", Restart::never);
    process->life.stays_dead = true;
    retired_.push_back(std::move(process));
  }
  second_.clear();
}

void ControlPlane::change_authority(const std::string& principal, Authority authority) {
  policy_.authorities[principal] = authority;
  note_policy(principal, authority);
}

void ControlPlane::note_policy(const std::string& principal, Authority authority) {
  auto& event = world_.note(EventKind::policy, lane_of(number_, "harness"));
  event.principal = principal;
  event.what = text_of(authority);
}

std::vector<Process*> ControlPlane::processes() {
  std::vector<Process*> all{broker_.get()};
  for (const auto& [role, actor] : actors_) all.push_back(actor.get());
  for (const auto& process : second_) all.push_back(process.get());
  return all;
}

void ControlPlane::note_what_is_kept() {
  auto& disk = world_.disk(number_);
  const auto lane = lane_of(number_, "disk");
  const std::string folder = std::string(kAuditDir) + "/log";
  auto names = disk.durable_names(folder);
  std::ranges::sort(names);  // segment names begin with their number
  for (const auto& name : names) {
    const auto octets = disk.durable_octets(folder + "/" + name);
    if (!octets || octets->size() < audit::kSegmentHeader) continue;
    read_records(*octets, [&](const Record& record) {
      auto& event = world_.note(EventKind::kept, lane);
      event.request = record.request;
      event.principal = record.principal;
      event.what = text_of(record.stage);
      event.number = record.seq;
      event.digest = record.command_digest;
      event.token = record.token_digest;
      if (record.outcome != RecordOutcome::none)
        event.verdict = underscored(text_of(record.outcome));
    });
  }
  Disk::current = &disk;
  const auto verification = audit::verify_log(kAuditDir, {kWatermark, {}});
  Disk::current = nullptr;
  auto& event = world_.note(EventKind::verified, lane);
  const bool whole = verification.code == audit::VerifyCode::ok ||
                     verification.code == audit::VerifyCode::torn_tail ||
                     verification.code == audit::VerifyCode::ambiguous;  // said, not hidden
  event.verdict = whole ? "whole" : "broken";
  if (whole) return;
  event.text = verification.summary();
  for (const auto& finding : verification.findings) event.text += "; " + finding;
}

}  // namespace aeromq::chaos
