// One seeded sequence of everything that a kernel and its store are asked, one line an answer.
// Built twice, over SQLite and over the register in memory, it must say the same to the letter: so
// what the simulator proves of the one holds for the other.
//
//     store_answers SEED
#include <cstdio>
#include <cstdlib>

#include "chaos/simulation/random.h"
#include "process/entry.h"
#include "process/kill_point.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {
namespace {

constexpr int kSteps = 300;
const std::vector<std::string> kNodes{"a", "b", "c", "z", ""};
const std::vector<std::string> kOverrides{"OLD_PRIMARY_NOT_PROVEN_DOWN", "PRIMARY_ALIVE",
                                          "REPLICA_BEHIND"};

class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : random_(seed) {
    const Register first = create_register(HistoryId{{1, 2, 3, static_cast<std::uint8_t>(seed)}},
                                           "demo", {"a", "b", "c"});
    say("create", Store::create(path_, first) ? "done" : "refused");
    start();
  }

  void run() {
    for (int i = 0; i < kSteps; ++i) {
      now_ms_ += random_.below(random_.chance(30) ? 400'000 : 400);
      step();
    }
    stop();
    look(Store::Mode::read_write);
  }

 private:
  void step() {
    const auto choice = random_.below(100);
    if (choice < 35) return act();
    if (choice < 50) return report(kNodes[random_.below(4)]);
    if (choice < 70) return question();
    if (choice < 80) return open();
    if (choice < 84) return fence();
    if (choice < 88) return look(Store::Mode::read_only);
    if (choice < 92) return settle();
    stop();
    for (auto n = random_.below(4); n > 0; --n) alter();
    start();
  }

  static void say(const char* what, const std::string& answer) {
    std::printf("%s %s\n", what, answer.c_str());
  }
  template <class Answer>
  static void say_row(const char* what, const Answer& answer) {
    say(what, to_hex(encode(answer)));
  }

  void start() {
    std::vector<std::string> nodes{"a", "b", "c"};
    if (random_.chance(200)) nodes.push_back("d");
    auto started = Embedded::start({path_, "demo", nodes, {{"a", "host"}}, kStale}, at_ms(now_ms_));
    if (!started) return say("start", started.error().message);
    kernel_.emplace(std::move(*started));
    say("start", std::to_string(kernel_->store().snapshot_limit()));
    open();
  }
  void stop() { kernel_.reset(); }

  void open() {
    const auto dispatcher = random_.chance(50) ? 256 * random_.below(2) : 1 + random_.below(3);
    const auto opened = kernel_->open(dispatcher, at_ms(now_ms_));
    if (!opened) return say("open", opened.error().message);
    say_row("open", *opened);
    opened_.push_back(*opened);
  }

  RequestId request() {
    if (opened_.empty()) return {};
    if (!ids_.empty() && random_.chance(300)) return ids_[random_.below(ids_.size())];
    const auto now_s = static_cast<std::uint32_t>(now_ms_ / 1000);
    const auto& opened = opened_[random_.below(opened_.size())];
    const auto lease_end = random_.chance(100) ? now_s - 1 : now_s + 300;
    ids_.push_back(id_of(opened, lease_end, ++counter_, !random_.chance(50)));
    return ids_.back();
  }
  /// Mostly of the newest connection, at times of one that was overtaken.
  Standing standing() {
    if (opened_.empty()) return {};
    const auto& opened =
        random_.chance(850) ? opened_.back() : opened_[random_.below(opened_.size())];
    return {opened.dispatcher, static_cast<std::uint32_t>(opened.epoch)};
  }

  void act() {
    if (random_.chance(600)) settle();
    const auto& state = kernel_->state();
    const auto by = standing();
    auto id = request();
    if (random_.chance(700)) {
      id.session.history = state.history;
      id.session.dispatcher = static_cast<std::uint8_t>(by.dispatcher);
      id.session.epoch = by.epoch;
      ids_.push_back(id);
    }
    const auto action = random_.chance(200)    ? Action::force_promote
                        : state.holder.empty() ? Action::promote
                                               : Action::demote;
    const bool likely = action == Action::demote && random_.chance(700);
    auto wanted = act_of(id, action, likely ? state.holder : kNodes[random_.below(kNodes.size())],
                         state.fencing_epoch - random_.below(5) / 4);
    if (random_.chance(300)) wanted.overrides = {kOverrides[random_.below(kOverrides.size())]};
    wanted.reason = random_.chance(100) ? "gr\u00f6\u00dfer 'quoted' \"twice\"" : "a test";
    for (auto& octet : wanted.command_digest.octets)
      octet = static_cast<std::uint8_t>(random_.next());
    say_row("act", kernel_->answer(act_call(wanted), by, at_ms(now_ms_)));
  }

  void question() {
    constexpr CallKind kKinds[] = {CallKind::snapshot,  CallKind::survey,      CallKind::wal,
                                   CallKind::snapshots, CallKind::diagnostics, CallKind::outcome,
                                   CallKind::outcome,   CallKind::outcome};
    KernelCall call;
    call.kind = kKinds[random_.below(std::size(kKinds))];
    call.command = random_.chance(500) ? "request_promotion" : "request_demotion";
    call.node = kNodes[random_.below(kNodes.size())];
    if (call.kind == CallKind::outcome) call.about = request();
    auto answer = kernel_->answer(call, {}, at_ms(now_ms_));
    // Sizes of files are SQLite's own.
    std::erase_if(answer.facts, [](const ViewFact& fact) { return fact.name.ends_with("octets"); });
    say_row("question", answer);
  }

  void report(const std::string& node) {
    const auto& state = kernel_->state();
    auto told = report_as(state, kernel_->role(node).role, state.acknowledged + random_.below(300));
    if (random_.chance(100)) told.fencing_epoch += 1;
    if (random_.chance(100)) told.position = random_.below(500);
    say_row("report", kernel_->report(node, told, at_ms(now_ms_)));
  }
  void settle() {
    for (const auto* node : {"a", "b", "c"}) {
      const auto& state = kernel_->state();
      const auto told = report_as(state, kernel_->role(node).role,
                                  std::max<std::uint64_t>(state.acknowledged, 500));
      say_row("settle", kernel_->report(node, told, at_ms(now_ms_)));
    }
  }
  void fence() {
    const Fence order{random_.below(5), random_.chance(100) ? "" : "host is gone"};
    const auto fenced =
        kernel_->fence(order, static_cast<unsigned>(random_.below(3)), at_ms(now_ms_));
    if (!fenced) return say("fence", fenced.error().message);
    say_row("fence", *fenced);
  }

  /// The store alone, while no kernel runs: committed or left in the middle.
  void alter() {
    auto store = Store::open(path_, Store::Mode::read_write);
    if (!store) return say("alter", store.error().message);
    const auto choice = random_.below(5);
    say("alter", std::to_string(choice));
    if (choice == 0) {
      const HistoryId history{{9, static_cast<std::uint8_t>(random_.next())}};
      store->renew_history(history, random_.below(40));
    } else if (choice == 1) {
      const auto dispatcher = 1 + random_.below(3);
      store->write_fence({dispatcher, store->epoch_of(dispatcher) + 50, 7, "by hand", now_ms_});
    } else if (choice == 2) {
      store->write_snapshot_limit(store->snapshot_limit() + random_.below(9));
    } else {
      transaction(*store, choice == 3);
    }
  }
  void transaction(Store& store, bool whole) {
    store.begin();
    auto state = store.load();
    state.acknowledged += random_.below(9);
    state.holder = kNodes[random_.below(3)];
    ++state.fencing_epoch;
    store.write_register(state);
    LedgerRow row;
    row.request = request();
    row.node = state.holder;
    row.answer.text = "by hand";
    if (!row.request.empty() && !store.find_row(row.request)) store.write_row(row);
    store.write_epoch(3, store.epoch_of(3) + 1 + static_cast<std::uint32_t>(random_.below(3)));
    say_store("within", store);
    look(Store::Mode::read_only);  // another connection sees none of it yet
    if (whole) store.commit();
  }

  void look(Store::Mode mode) {
    const auto store = Store::open(path_, mode);
    if (!store) return say("look", store.error().message);
    say_store("look", *store);
  }
  void say_store(const char* what, const Store& store) {
    say_row(what, snapshot_of(store.load(), store.snapshot_limit(), 0, 0));
    std::string text = std::to_string(store.ledger_rows()) + " " + store.integrity();
    for (std::uint64_t dispatcher = 0; dispatcher < 5; ++dispatcher)
      text += " " + std::to_string(store.epoch_of(dispatcher));
    for (const auto& row : store.fences())
      text += " " + std::to_string(row.dispatcher) + ":" + std::to_string(row.epoch) + ":" +
              std::to_string(row.uid) + ":" + row.reason + ":" + std::to_string(row.wall_ms);
    say(what, text);
    for (const auto& id : ids_)
      if (const auto row = store.find_row(id))
        say("row", id.text() + " " + std::to_string(row->executed) + row->node + row->principal +
                       row->reason + std::string(text_of(row->action)) +
                       to_hex(row->command_digest.octets) + to_hex(encode(row->answer)) + " " +
                       std::to_string(row->snapshot_before) + " " + std::to_string(row->kernel_ms) +
                       " " + std::to_string(row->wall_ms));
  }

  test::ScratchFolder folder_;
  std::string path_ = folder_ / "register";
  chaos::Random random_;
  std::optional<Embedded> kernel_;
  std::vector<Opened> opened_;
  std::vector<RequestId> ids_;
  std::uint32_t counter_ = 0;
  std::uint64_t now_ms_ = kStart;
};

}  // namespace
}  // namespace aeromq::kernel

namespace {

int run_program(int count, char** arguments) {
  if (count != 2) return 2;
  aeromq::process::register_kill_points(aeromq::kernel::kill_points());
  aeromq::kernel::Sequence(std::strtoull(arguments[1], nullptr, 10)).run();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return aeromq::process::enter(count, arguments, [&] { return run_program(count, arguments); });
}
