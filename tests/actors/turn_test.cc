// What a turn does with the Steps of its messages: durable first, then sent; nothing sent that
// could not be recorded, but for the word that says so. And when silence is the end.
#include "actors/runtime/turn.h"

#include <gmock/gmock.h>

#include "actors/runtime/silence.h"
#include "process/kill_point.h"

namespace aeromq::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Moment kNow{1'000'000'000, 1'700'000'000'000'000'000};

RequestId some_request(bool kernel_action = true) {
  RequestId request;
  request.session.history.octets = {1, 2, 3, 4};
  request.session.epoch = 1;
  request.counter = 7;
  request.kernel_action = kernel_action;
  return request;
}

// One record and one message for whatever comes.
class Echo {
 public:
  static constexpr ActorRole kRole = ActorRole::writer;
  static std::span<const MessageType> accepts() {
    static constexpr std::array kTypes{MessageType::acted, MessageType::confirmed,
                                       MessageType::refused_by_keeper, MessageType::report};
    return kTypes;
  }
  Step on(const Envelope& envelope, const Moment&) {
    Record record;
    record.seq = ++seq_;
    return {{record}, {}, {message(envelope.request, Reported{seq_, seq_})}};
  }
  Step on_tick(const Moment&) { return {}; }

 private:
  std::uint64_t seq_ = 0;
};

class Disk final : public Boundary {
 public:
  explicit Disk(std::vector<std::string>& log) : log_(log) {}
  Result<void> persist(const std::vector<Record>& records) override {
    if (full) return fail(make_error(ErrorCode::audit_unavailable, "the disk is full"));
    log_.push_back("synced " + std::to_string(records.size()));
    return {};
  }
  bool full = false;

 private:
  std::vector<std::string>& log_;
};

class TurnTest : public testing::Test {
 protected:
  TurnTest() { process::register_kill_points(kill_point_names(Echo::kRole, Echo::accepts())); }
  Carried carry_out() {
    return turn_.carry_out(disk_, [this](MessageType type, const RequestId&, const Bytes& body) {
      log_.push_back("sent " + std::string(name_of(type)));
      if (type == MessageType::error) told_ = decode<ErrorAnswer>(body)->error;
      return connected_;
    });
  }
  template <class T>
  void take(MessageType type, const T& body) {
    turn_.take(type, some_request(), "alice", encode(body), kNow);
  }
  static Acted acted(ActStatus status, std::string code = {}, std::string text = {}) {
    Acted body;
    body.answer.status = status;
    body.answer.code = std::move(code);
    body.answer.text = std::move(text);
    return body;
  }

  Echo core_;
  CoreCalls calls_ = calls_of(core_);
  Turn turn_{calls_};
  std::vector<std::string> log_;
  Disk disk_{log_};
  bool connected_ = true;
  Error told_;
};

TEST_F(TurnTest, OneSyncComesBeforeEverythingThatItPermits) {
  take(MessageType::confirmed, Confirmed{});
  take(MessageType::acted, acted(ActStatus::executed));
  EXPECT_EQ(carry_out(), Carried::done);
  EXPECT_THAT(log_, ElementsAre("synced 2", "sent reported", "sent reported"));
  EXPECT_TRUE(turn_.empty());
}

TEST_F(TurnTest, ATypeThatTheCoreDoesNotAcceptChangesNothing) {
  take(MessageType::submit, Submit{});
  EXPECT_EQ(carry_out(), Carried::done);
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(TurnTest, AClosedConnectionEndsTheTurn) {
  connected_ = false;
  take(MessageType::confirmed, Confirmed{});
  take(MessageType::confirmed, Confirmed{});
  EXPECT_EQ(carry_out(), Carried::unsent);
  EXPECT_THAT(log_, ElementsAre("synced 2", "sent reported"));
}

TEST_F(TurnTest, UnrecordedNothingGoesOnAndWhoeverWaitsIsTold) {
  disk_.full = true;
  take(MessageType::confirmed, Confirmed{});
  take(MessageType::report, Report{});  // nobody waits for an answer to it
  EXPECT_EQ(carry_out(), Carried::unrecorded);
  EXPECT_THAT(log_, ElementsAre("sent error"));
  EXPECT_EQ(told_.code, "AUDIT_UNAVAILABLE");
  EXPECT_EQ(told_.outcome, Outcome::not_executed);
}

TEST_F(TurnTest, OutcomeHole14_TheKernelsRealOutcomeIsToldWithItsWords) {
  disk_.full = true;
  take(MessageType::acted, acted(ActStatus::executed));
  carry_out();
  EXPECT_EQ(told_.outcome, Outcome::executed);
  take(MessageType::acted, acted(ActStatus::rejected, "NOT_PRIMARY", "a holds write authority"));
  carry_out();
  EXPECT_EQ(told_.outcome, Outcome::not_executed);
  EXPECT_THAT(told_.message, HasSubstr("rejected NOT_PRIMARY: a holds write authority"));
  auto lost = acted(ActStatus::refused);
  lost.lost = true;
  take(MessageType::acted, lost);
  carry_out();
  EXPECT_EQ(told_.outcome, Outcome::unknown);
}

TEST_F(TurnTest, ADiagnosticThatCannotBeRecordedHasExecutedNothing) {
  disk_.full = true;
  for (const bool lost : {false, true}) {
    Acted shown;
    shown.lost = lost;
    turn_.take(MessageType::acted, some_request(false), "alice", encode(shown), kNow);
    carry_out();
    EXPECT_EQ(told_.outcome, Outcome::not_executed);
    EXPECT_THAT(told_.message, ::testing::Not(HasSubstr("the kernel answered")));
  }
}

TEST_F(TurnTest, OfARepeatNothingIsClaimedWhenItCannotBeRecorded) {
  disk_.full = true;
  take(MessageType::acted, acted(ActStatus::duplicate));
  carry_out();
  EXPECT_EQ(told_.outcome, Outcome::unknown);
  Refused spent;
  spent.error = make_error(ErrorCode::token_spent);
  take(MessageType::refused_by_keeper, spent);
  carry_out();
  EXPECT_EQ(told_.outcome, Outcome::unknown);
}

TEST(SilenceTest, TenMissedHeartbeatsAreTheEndAndAWordIsABeginning) {
  constexpr std::uint64_t kHeartbeatMs = 500;
  Silence silence(kHeartbeatMs, kNow);
  EXPECT_FALSE(silence.too_long(after_ms(kNow, 10 * kHeartbeatMs)));
  EXPECT_TRUE(silence.too_long(after_ms(kNow, 10 * kHeartbeatMs + 1)));
  silence.heard(after_ms(kNow, 10 * kHeartbeatMs));
  EXPECT_FALSE(silence.too_long(after_ms(kNow, 20 * kHeartbeatMs)));
  EXPECT_TRUE(silence.too_long(after_ms(kNow, 20 * kHeartbeatMs + 1)));
}

// A dispatcher whose next call waits for the answer to the one before.
class Waits {
 public:
  static constexpr ActorRole kRole = ActorRole::dispatcher;
  static std::span<const MessageType> accepts() {
    static constexpr std::array kTypes{MessageType::observe};
    return kTypes;
  }
  Step on(const Envelope&, const Moment&) { return {}; }
  Step on_tick(const Moment&) { return {}; }
  Step on_answer(const KernelAnswer&, const Moment&) { return {{}, {KernelCall{}}, {}}; }
  Step on_kernel_lost(const Moment&) { return {}; }
};

class Kernel final : public Boundary {
 public:
  void call(const KernelCall&) override { ++calls; }
  int calls = 0;
};

TEST(Turn, AnAnswerMayMakeRoomForTheNextCall) {
  process::register_kill_points(kill_point_names(Waits::kRole, Waits::accepts()));
  Waits core;
  const auto calls = calls_of(core);
  Turn turn(calls);
  turn.take(KernelAnswer{}, kNow);
  Kernel kernel;
  EXPECT_EQ(turn.carry_out(kernel, [](auto&&...) { return true; }), Carried::done);
  EXPECT_EQ(kernel.calls, 1);
}

}  // namespace
}  // namespace aeromq::runtime
