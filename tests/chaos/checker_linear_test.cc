// The interval argument of I-LIN against a full search over all orders of the operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "chaos/checker/checker.h"
#include "messages/ids.h"

namespace aeromq::chaos {
namespace {

constexpr std::size_t kOperations = 4;
constexpr int kRounds = 4000;
const std::vector<std::string> kAnswers{"not_yet_decided", "not_executed", "executed"};

struct Operation {
  std::size_t asked = 0;
  std::size_t told = 0;
  std::string answer;
};

/// Questions of several clients at once, at random places.
std::vector<Operation> random_operations(std::mt19937& random) {
  std::vector<std::size_t> places(2 * kOperations);
  std::iota(places.begin(), places.end(), 0);
  std::ranges::shuffle(places, random);
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < kOperations; ++i)
    operations.push_back({std::min(places[2 * i], places[2 * i + 1]),
                          std::max(places[2 * i], places[2 * i + 1]),
                          kAnswers[random() % kAnswers.size()]});
  return operations;
}

/// Does an order exist in which every operation stands between what ended before it and what began
/// after it, and every answer is what a register written once would have said?
bool is_linearizable(const std::vector<Operation>& operations) {
  std::vector<std::size_t> order(operations.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    bool fits = true;
    std::string value;
    for (std::size_t i = 0; i < order.size() && fits; ++i) {
      const auto& now = operations[order[i]];
      for (std::size_t j = i + 1; j < order.size(); ++j)
        fits = fits && operations[order[j]].told > now.asked;
      if (now.answer == "not_yet_decided")
        fits = fits && value.empty();
      else if (value.empty())
        value = now.answer;
      else
        fits = fits && value == now.answer;
    }
    if (fits) return true;
  } while (std::ranges::next_permutation(order).found);
  return false;
}

History history_of(const std::vector<Operation>& operations) {
  RequestId id;
  id.session.epoch = 1;
  id.counter = 1;
  id.kernel_action = true;
  History history(2 * operations.size() + 1);
  // A yes stands before everything, so that "executed" may be told at all.
  history[0].kind = EventKind::asked;
  history[0].what = "confirm";
  history[0].lane = "client.yes";
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const auto& operation = operations[i];
    auto& asked = history[operation.asked + 1];
    auto& told = history[operation.told + 1];
    asked.kind = EventKind::asked;
    told.kind = EventKind::told;
    told.verdict = operation.answer;
    for (auto* event : {&asked, &told}) {
      event->what = "outcome";
      event->lane = "client." + std::to_string(i);
    }
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].seq = i + 1;
    history[i].request = id.text();
  }
  return history;
}

TEST(Linear, TheIntervalArgumentDecidesAsAFullSearchDoes) {
  std::mt19937 random(20260726);
  int linearizable = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto operations = random_operations(random);
    const bool want = is_linearizable(operations);
    linearizable += want ? 1 : 0;
    const auto violations = judge(history_of(operations)).violations;
    const bool clean =
        std::ranges::none_of(violations, [](const Violation& v) { return v.predicate == "I-LIN"; });
    ASSERT_EQ(clean, want) << "round " << round;
  }
  EXPECT_GT(linearizable, kRounds / 10);
  EXPECT_LT(linearizable, kRounds * 9 / 10);
}

}  // namespace
}  // namespace aeromq::chaos
