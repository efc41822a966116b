// The harness's own eyes upon real processes: what aeromq-ctl printed, and the audit log's files.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "chaos/checker/checker.h"
#include "chaos/stack/log_witness.h"
#include "chaos/stack/told.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::chaos {
namespace {

using nlohmann::json;
using test::ScratchFolder;

RequestId request_id(bool kernel_action) {
  RequestId id;
  id.session.dispatcher = 1;
  id.session.epoch = 3;
  id.counter = 7;
  id.kernel_action = kernel_action;
  return id;
}
const std::string kMutation = request_id(true).text();
const std::string kLook = request_id(false).text();

json error(const std::string& domain, const std::string& code, const std::string& outcome,
           const std::string& request) {
  return {{"domain", domain},
          {"code", code},
          {"message", "words"},
          {"outcome", outcome},
          {"request", request}};
}

Said failed(int exit_code, const json& error) { return {exit_code, "", error.dump() + "\n"}; }

TEST(Told, Executed) {
  const json answer{{"request", kMutation}, {"outcome", "executed"}, {"record", 9}};
  const auto told = told_of({0, answer.dump() + "\n", ""}, "confirm");
  EXPECT_EQ(told.verdict, "executed");
  EXPECT_EQ(told.request, kMutation);
  EXPECT_EQ(told.number, 9U);
  EXPECT_TRUE(told.final_);
  EXPECT_TRUE(fits(0, told));
  EXPECT_FALSE(fits(10, told));
}

TEST(Told, TheKernelsNoIsARejectionOfAMutationOnly) {
  const auto no = [](const std::string& request) {
    return error("KernelRejection", "AUTHORITY_HELD", "not executed", request);
  };
  const auto mutation = told_of(failed(20, no(kMutation)), "confirm");
  EXPECT_EQ(mutation.verdict, "rejected");
  EXPECT_EQ(mutation.code, "AUTHORITY_HELD");
  EXPECT_EQ(mutation.text, "words");
  EXPECT_TRUE(fits(20, mutation));
  EXPECT_FALSE(fits(31, mutation));
  const auto look = told_of(failed(20, no(kLook)), "submit");
  EXPECT_EQ(look.verdict, "not_executed");
  EXPECT_TRUE(fits(20, look));
}

TEST(Told, UnknownIsNeverFinal) {
  const auto told =
      told_of(failed(30, error("Transport", "DISPATCH_LOST", "unknown", kMutation)), "confirm");
  EXPECT_EQ(told.verdict, "unknown");
  EXPECT_FALSE(told.final_);
  EXPECT_TRUE(fits(30, told));
  EXPECT_FALSE(fits(31, told));
}

TEST(Told, NobodyIsToldAnythingByAClientThatWasKilled) {
  const auto told = told_of({137, "", ""}, "confirm");
  EXPECT_EQ(told.verdict, "");
  EXPECT_TRUE(fits(137, told));
  EXPECT_FALSE(fits(0, told)) << "an answer without words";
}

TEST(Told, AnOutcomeIsOfTheRequestInQuestion) {
  const json answer{{"request", kMutation},
                    {"verdict", "not yet decided"},
                    {"final", false},
                    {"code", ""},
                    {"text", ""}};
  const auto open = told_of({30, answer.dump(2), ""}, "outcome");
  EXPECT_EQ(open.verdict, "not_yet_decided");
  EXPECT_FALSE(open.final_);
  EXPECT_EQ(open.request, kMutation);
  EXPECT_TRUE(fits(30, open));
  // That the question failed says nothing about the request in question.
  const auto lost =
      told_of(failed(30, error("Transport", "STAGE_LOST", "not executed", kLook)), "outcome");
  EXPECT_EQ(lost.verdict, "unknown");
  EXPECT_EQ(lost.request, "");
}

TEST(Told, CommandsHaveTheirCatalogueNames) {
  EXPECT_EQ(command_named({"force-promote", "b", "--reason", "x"}), "force_promotion");
  EXPECT_EQ(command_named({"diag", "wal"}), "inspect_wal");
  EXPECT_EQ(command_named({"audit", "tail"}), "audit tail");
  EXPECT_EQ(digest_of({"audit", "tail"}), "");
  EXPECT_NE(digest_of({"demote", "a", "--reason", "x"}),
            digest_of({"demote", "a", "--reason", "y"}));
}

// ---- the log ----

std::string little_endian(std::uint64_t value, unsigned size) {
  std::string octets;
  for (unsigned i = 0; i < size; ++i, value >>= 8) octets += static_cast<char>(value & 255);
  return octets;
}

std::string frame(char kind, std::uint64_t number, const std::string& payload) {
  return std::string("AMQF") + kind + std::string(3, '\0') + little_endian(payload.size(), 4) +
         little_endian(number, 8) + std::string(4, '\0') + payload;
}

std::string record(std::uint64_t number, const std::string& stage, int size = 33) {
  auto fields = json::array();
  for (int i = 0; i < size; ++i) fields.push_back("");
  fields[0] = number;
  fields[1] = stage;
  fields[5] = kMutation;
  fields[24] = "not executed";
  const auto octets = json::to_msgpack(fields);
  return frame(1, number, {octets.begin(), octets.end()});
}

std::string padded(std::string batch) {
  batch.resize((batch.size() + 4095) / 4096 * 4096);
  return batch;
}

std::string batch(const std::string& records, std::uint64_t next) {
  return padded(records + frame(2, next, std::string(160, 'c')));
}

class LogFiles : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_ / "log"); }
  void write(const std::string& name, const std::string& batches) {
    std::ofstream(folder_ / ("log/" + name), std::ios::binary)
        << std::string(4096, 'h') << batches << std::string(65536, '\0');
  }
  std::vector<std::uint64_t> numbers(LogWitness& witness) {
    std::vector<std::uint64_t> found;
    for (const auto& one : witness.take()) found.push_back(one.number);
    return found;
  }
  ScratchFolder folder_;
  const std::string first_ = batch(record(1, "requested") + record(2, "confirmed"), 3);
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(LogFiles, RecordsOfWholeBatchesOnceEach) {
  write("00000001-1.seg", first_);
  LogWitness witness(folder_ / "");
  const auto taken = witness.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[1].number, 2U);
  EXPECT_EQ(taken[1].stage, "confirmed");
  EXPECT_EQ(taken[1].request, kMutation);
  EXPECT_EQ(taken[1].outcome, "not executed");
  EXPECT_EQ(numbers(witness), Numbers{});
  write("00000001-1.seg", first_ + batch(record(3, "dispatched"), 4));
  EXPECT_EQ(numbers(witness), Numbers{3});
}

TEST_F(LogFiles, FieldsThatCameLaterAreNoFault) {
  write("00000001-1.seg", batch(record(1, "refusals_counted", 34), 2));
  LogWitness witness(folder_ / "");
  EXPECT_EQ(numbers(witness), Numbers{1});
}

TEST_F(LogFiles, ARecordThatLacksFieldsIsNone) {
  write("00000001-1.seg", batch(record(1, "requested", 32), 2));
  LogWitness witness(folder_ / "");
  EXPECT_THROW(witness.take(), std::runtime_error);
}

TEST_F(LogFiles, WhatHasNoCommitYetIsNotThere) {
  write("00000001-1.seg", first_ + padded(record(3, "dispatched")));
  LogWitness witness(folder_ / "");
  EXPECT_EQ(numbers(witness), (Numbers{1, 2}));
  write("00000001-1.seg", first_ + batch(record(3, "dispatched"), 4));
  EXPECT_EQ(numbers(witness), Numbers{3});
}

TEST_F(LogFiles, SegmentsInOrderAndAdoptedRecordsOnce) {
  write("00000002-3.seg", batch(record(2, "confirmed") + record(3, "run_begins"), 4));
  write("00000001-1.seg", first_);
  LogWitness witness(folder_ / "");
  EXPECT_EQ(numbers(witness), (Numbers{1, 2, 3}));
}

// ---- what the road knows and the kernel does not ----

Event word(EventKind kind, const std::string& what, const std::string& verdict) {
  Event event;
  event.kind = kind;
  event.lane = "client.operator.1";
  event.run = 1;
  event.request = kMutation;
  event.principal = "root-operator";
  event.what = what;
  event.verdict = verdict;
  return event;
}

std::size_t broken_order(History history) {
  std::uint64_t seq = 0;
  for (auto& event : history) event.seq = ++seq;
  std::size_t found = 0;
  for (const auto& violation : judge(history).violations) found += violation.predicate == "I-LIN";
  return found;
}

TEST(UndecidedAfterNotExecuted, IsRightOfTheRoadAndWrongOfTheKernel) {
  const auto asked = [](const std::string& what) { return word(EventKind::asked, what, ""); };
  const auto told = [](const std::string& what, const std::string& verdict) {
    auto event = word(EventKind::told, what, verdict);
    event.final_ = verdict == "not_executed";
    return event;
  };
  EXPECT_EQ(broken_order({asked("submit"), told("submit", "not_executed"), asked("outcome"),
                          told("outcome", "not_yet_decided")}),
            0U);
  EXPECT_EQ(broken_order({asked("submit"), asked("outcome"), told("outcome", "not_executed"),
                          asked("outcome"), told("outcome", "not_yet_decided")}),
            1U);
}

}  // namespace
}  // namespace aeromq::chaos
