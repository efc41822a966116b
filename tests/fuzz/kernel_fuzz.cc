// The embedded kernel: packets of its unix socket, messages of its node side, the register's rules
// as pure functions, and now and then the whole act path with its file.
#include <unistd.h>

#include <filesystem>

#include "kernel/embedded.h"
#include "kernel/views.h"
#include "process/kill_point.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace kernel;

constexpr std::size_t kMaxActs = 48;
constexpr HistoryId kHistory{{1, 2, 3, 4}};
const std::vector<std::string> kNodes{"n1", "n2", "n3"};

std::string node_name(Input& input) { return "n" + std::to_string(1 + input.choice(4)); }

void packets(Input& input) {
  const auto tag = static_cast<Tag>(input.choice(8));
  const auto body = input.rest();
  switch (tag) {
    case Tag::open:
      round_trip<OpenDispatcher>(body);
      break;
    case Tag::opened:
      round_trip<Opened>(body);
      break;
    case Tag::call:
      round_trip<KernelCall>(body);
      break;
    case Tag::answer:
      round_trip<KernelAnswer>(body);
      break;
    case Tag::fence:
      round_trip<Fence>(body);
      break;
    case Tag::fenced:
      round_trip<Fenced>(body);
      break;
    case Tag::error:
      round_trip<Error>(body);
      break;
    default:
      round_trip<NodeReport>(body);
      round_trip<AskRole>(body);
      round_trip<Assignment>(body);
      break;
  }
}

void check_register(const Register& before, const Register& after) {
  expect(after.fencing_epoch >= before.fencing_epoch, "the fencing epoch never goes back");
  expect(after.acknowledged >= before.acknowledged || after.fencing_epoch > before.fencing_epoch,
         "the acknowledged position never goes back under one fencing epoch");
  expect(after.holder.empty() || after.nodes.contains(after.holder), "the holder is a known node");
  expect(before.holder == after.holder || after.fencing_epoch > before.fencing_epoch,
         "write authority moves with the fencing epoch only");
}

void check_snapshot(const KernelSnapshot& snapshot) {
  const auto octets = encode(snapshot);
  expect(octets.size() <= kMaxBody, "a snapshot fits into a message");
  const auto read = decode<KernelSnapshot>(octets);
  expect(read.has_value() && *read == snapshot, "a snapshot can be read");
}

NodeReport report_from(Input& input, const Register& state) {
  if (input.flag()) {
    if (auto read = decode<NodeReport>(input.block())) return std::move(*read);
  }
  NodeReport report;
  report.role = input.flag() ? NodeRole::primary : NodeRole::replica;
  report.state = "running";
  report.fencing_epoch = state.fencing_epoch - input.choice(2);
  report.timeline = state.timeline;
  report.position = input.two();
  return report;
}

Act act_from(Input& input, const Register& state, const SessionId& session) {
  Act act;
  act.request = {session, input.counter(4), true};
  act.action = static_cast<Action>(input.choice(3));
  act.node = node_name(input);
  act.fencing_epoch = state.fencing_epoch - (input.choice(8) == 7 ? 1 : 0);
  act.principal = "alice";
  act.reason = "because";
  return act;
}

void pure_rules(Input& input) {
  auto state = create_register(kHistory, "orders", kNodes);
  std::uint64_t now_ms = 10'000;
  std::uint64_t id = 1;
  for (std::size_t i = 0; i < kMaxActs && !input.empty(); ++i) {
    const auto before = state;
    const auto node = node_name(input);
    switch (input.choice(4)) {
      case 0: {
        const auto taken = take_report(state, node, report_from(input, state), now_ms);
        if (!taken) expect(state == before, "a report that is refused changes nothing");
        break;
      }
      case 1: {
        auto act = act_from(input, state, {});
        for (const auto& check : checks(state, act.action, act.node, now_ms))
          if (check.overridable && input.flag()) act.overrides.push_back(check.code);
        const auto rejection = judge(state, act, now_ms);
        expect(rejection == judge(state, act, now_ms), "the same facts, the same decision");
        if (!rejection) apply(state, act.action, act.node);
        break;
      }
      case 2:
        now_ms += input.two();
        break;
      default: {
        auto snapshot = snapshot_of(state, ++id, now_ms, now_ms);
        snapshot.checks = checks(state, static_cast<Action>(input.choice(3)), node, now_ms);
        check_snapshot(snapshot);
        break;
      }
    }
    check_register(before, state);
    const auto told = assignment(state, node);
    const auto read = decode<Assignment>(encode(told));
    expect(read.has_value() && *read == told, "an assignment can be read");
  }
}

/// One kernel with its file, made afresh for each input; the folder goes with the process.
class Folder {
 public:
  Folder()
      : path_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              ("aeromq-fuzz-kernel-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Embedded start(const Moment& now) const {
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove(entry);
    const auto file = (path_ / "register.sqlite").string();
    // Fixed, not drawn: an input must do the same thing each time.
    expect(Store::create(file, create_register(kHistory, "orders", kNodes)).has_value(),
           "a register can be made");
    auto made = Embedded::start({file, "orders", kNodes, {}, 3000}, now);
    expect(made.has_value(), "a register that was made can be opened");
    return std::move(*made);
  }

 private:
  fs::path path_;
};

class Life {
 public:
  Life(Input& input, Embedded kernel, const Moment& now)
      : input_(input), kernel_(std::move(kernel)), now_(now) {}

  void act() {
    const auto before = kernel_.state();
    switch (input_.choice(6)) {
      case 0:
        open();
        break;
      case 1:
        fence();
        break;
      case 2:
        call();
        break;
      case 3:
        honest_act();
        break;
      case 4: {
        const auto node = node_name(input_);
        const auto told = kernel_.report(node, report_from(input_, before), now_);
        const auto read = decode<Assignment>(encode(told));
        expect(read.has_value() && *read == told, "what a node is told can be read");
        break;
      }
      default:
        now_ = after_ms(now_, input_.two());
        break;
    }
    check_register(before, kernel_.state());
    auto stored = kernel_.store().load();
    expect(stored.fencing_epoch == kernel_.state().fencing_epoch &&
               stored.holder == kernel_.state().holder &&
               stored.acknowledged == kernel_.state().acknowledged,
           "the file says what memory says");
  }

 private:
  void open() {
    const auto opened = kernel_.open(input_.flag() ? 1 : input_.two(), now_);
    if (!opened) return expect_tellable(opened.error());
    standing_ = {opened->dispatcher, static_cast<std::uint32_t>(opened->epoch)};
    expect(kernel_.is_current(standing_), "an epoch that was opened is current");
  }

  void fence() {
    const auto order = decode<Fence>(input_.block());
    const auto fenced = kernel_.fence(order ? *order : Fence{1, "drill"}, 0, now_);
    if (!fenced) return expect_tellable(fenced.error());
    expect(fenced->dispatcher != standing_.dispatcher || !kernel_.is_current(standing_),
           "a fenced epoch is over");
  }

  void call() {
    auto call = decode<KernelCall>(input_.block());
    if (!call) {
      call = KernelCall{};
      call->kind = static_cast<CallKind>(input_.choice(6));
      call->command = text_of(command_table()[input_.choice(command_table().size())].name);
      call->node = node_name(input_);
      call->about = {session(), input_.counter(4), true};
    }
    answer(*call);
  }

  SessionId session() const {
    SessionId made;
    made.history = kHistory;
    made.dispatcher = static_cast<std::uint8_t>(standing_.dispatcher);
    made.epoch = standing_.epoch;
    made.lease_end_s = static_cast<std::uint32_t>(kernel_ms(now_) / 1000 + 60);
    return made;
  }

  void honest_act() {
    KernelCall call;
    call.kind = CallKind::act;
    call.act = act_from(input_, kernel_.state(), session());
    for (const auto& check :
         checks(kernel_.state(), call.act.action, call.act.node, kernel_ms(now_)))
      if (check.overridable && input_.flag()) call.act.overrides.push_back(check.code);
    const auto first = answer(call);
    if (first.act.status == ActStatus::refused) return;
    const auto state = kernel_.state();
    const auto again = answer(call);
    expect(again.act.status == ActStatus::duplicate, "a request acts once");
    expect(kernel_.state() == state, "a repeat changes nothing");
  }

  KernelAnswer answer(const KernelCall& call) {
    const auto before = kernel_.state();
    auto made = kernel_.answer(call, standing_, now_);
    if (call.kind != CallKind::act) expect(kernel_.state() == before, "a question changes nothing");
    if (made.act.status != ActStatus::executed)
      expect(kernel_.state() == before, "only an execution changes the register");
    const auto octets = encode(made);
    expect(octets.size() <= kMaxBody, "an answer fits into a packet");
    const auto read = decode<KernelAnswer>(octets);
    expect(read.has_value() && *read == made, "an answer can be read");
    return made;
  }

  Input& input_;
  Embedded kernel_;
  Moment now_;
  Standing standing_;
};

void whole_kernel(Input& input) {
  static const Folder folder;
  static const bool registered = (process::register_kill_points(kill_points()), true);
  expect(registered, "kill points are registered once");
  constexpr Moment kStart{20'000 * kNanosPerMs, 1'700'000'000'000 * kNanosPerMs};
  Life life(input, folder.start(kStart), kStart);
  for (std::size_t i = 0; i < kMaxActs && !input.empty(); ++i) life.act();
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq::fuzz;
  Input input(data, size);
  switch (input.choice(8)) {
    case 0:
      whole_kernel(input);
      break;
    case 1:
    case 2:
    case 3:
      packets(input);
      break;
    default:
      pure_rules(input);
      break;
  }
  return 0;
}
