#include "chaos/simulation/kernel_process.h"

#include "messages/digest.h"

namespace aeromq::chaos {
namespace {

constexpr const char* kRegister = "/aeromq/register";
constexpr std::uint64_t kHearEveryMs = 20;
const std::vector<std::string> kNodes{"a", "b", "c"};

// Everything that a read must leave as it is; what nodes report moves by itself.
std::string state_digest(const RegisterFile& file) {
  const auto& state = file.state;
  std::string text = to_hex(state.history.view()) + '|' + std::to_string(state.fencing_epoch) +
                     '|' + state.holder + '|' + state.last_primary + '|' +
                     std::to_string(state.demoted_epoch) + '|' + std::to_string(state.timeline) +
                     '|' + std::to_string(file.ledger.size()) + '|' +
                     std::to_string(file.fences.size());
  for (const auto& [dispatcher, epoch] : file.epochs)
    text += '|' + std::to_string(dispatcher) + ':' + std::to_string(epoch);
  return text;
}

}  // namespace

KernelProcess::KernelProcess(World& world) : Process(world, "kernel", 0) {
  shelf_.on_commit = [this](const Committed& committed) { note_transaction(committed); };
}

void KernelProcess::start() {
  Shelf::current = &shelf_;
  kernel::EmbeddedOptions options;
  options.register_file = kRegister;
  options.cluster = "batman";
  options.nodes = kNodes;
  auto kernel = kernel::Embedded::start(options, world_.now());
  if (!kernel) throw Killed{};
  kernel_.emplace(std::move(*kernel));
  heard_ns_ = 0;
  note_state();
}

void KernelProcess::forget() {
  kernel_.reset();
  conversations_.clear();
}

void KernelProcess::accepted(int wire, const std::string&) { conversations_.emplace(wire, 0U); }

void KernelProcess::take(int wire, Parcel parcel) {
  const auto at = conversations_.find(wire);
  if (at == conversations_.end() || parcel.frames.empty() || parcel.frames[0].empty()) return;
  Shelf::current = &shelf_;
  hear_nodes();
  const auto tag = static_cast<kernel::Tag>(parcel.frames[0].front());
  fences_ = tag == kernel::Tag::fence;
  auto reply = at->second.take(*kernel_, parcel.frames[0]);
  fences_ = false;
  note_opened(reply.packet);
  note_state();
  world_.send(wire, *this, {0, MessageType::result, parcel.request, {std::move(reply.packet)}});
  if (reply.sent_point != nullptr) world_.point(reply.sent_point);
}

void KernelProcess::hear_nodes() {
  const auto now = world_.now();
  if (heard_ns_ != 0 && now.boot_ns < heard_ns_ + kHearEveryMs * kNanosPerMs) return;
  heard_ns_ = now.boot_ns;
  for (const auto& node : kNodes)
    if (!silent_[node])
      kernel_->report(node, nodes_[node].next(kernel_->role(node), kernel::Fault::none), now);
}

void KernelProcess::fence(unsigned dispatcher) {
  Shelf::current = &shelf_;
  fences_ = true;
  kernel::Conversation person(0);
  person.take(*kernel_, kernel::packet(kernel::Tag::fence, kernel::Fence{dispatcher, "drill"}));
  fences_ = false;
  note_state();
}

// What a dispatcher is told, not what the register holds: the two are to agree.
void KernelProcess::note_opened(ByteView packet) {
  if (packet.empty() || packet[0] != static_cast<std::uint8_t>(kernel::Tag::opened)) return;
  const auto opened = decode<Opened>(packet.subspan(1));
  if (!opened) return;
  auto& event = world_.note(EventKind::opened, *this);
  event.node = std::to_string(opened->dispatcher);
  event.epoch = opened->epoch;
}

void KernelProcess::note_row(EventKind kind, const kernel::LedgerRow& row,
                             std::uint64_t transaction) {
  auto& event = world_.note(kind, *this);
  event.request = row.request.text();
  event.principal = row.principal;
  event.what = text_of(row.action);
  event.node = row.node;
  event.digest = to_hex(row.command_digest.view());
  event.verdict = row.executed ? "executed" : "rejected";
  event.code = row.answer.code;
  event.text = row.answer.text;
  event.number = transaction;
}

void KernelProcess::note_transaction(const Committed& committed) {
  for (const auto* row : committed.rows) {
    written_.emplace(row->request, committed.transaction);
    note_row(EventKind::row, *row, committed.transaction);
  }
  const auto& before = committed.before;
  const auto& after = committed.after.state;
  const bool created = before.history.empty();
  if (!created && (before.fencing_epoch != after.fencing_epoch || before.holder != after.holder)) {
    auto& event = world_.note(EventKind::effect, *this);
    if (committed.rows.size() == 1) event.request = committed.rows[0]->request.text();
    event.before = before.holder;
    event.after = after.holder;
    event.number = committed.transaction;
    event.epoch = after.fencing_epoch;
  }
  if (!fences_) return;
  for (const auto& [dispatcher, epoch] : committed.epochs) {
    auto& event = world_.note(EventKind::opened, *this);
    event.node = std::to_string(dispatcher);
    event.epoch = epoch;
  }
}

void KernelProcess::note_state() {
  world_.note(EventKind::state, *this).digest = state_digest(*shelf_.find(kRegister));
}

void KernelProcess::note_what_stands() {
  const auto file = shelf_.find(kRegister);
  if (!file) return;
  for (const auto& row : file->ledger) note_row(EventKind::stands, row, written_[row.request]);
}

}  // namespace aeromq::chaos
