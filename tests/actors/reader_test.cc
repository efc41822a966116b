// A scan never keeps the reader from anything else: it asks its desk, and answers when there is a
// page.
#include <gtest/gtest.h>

#include "actors/reader/audit_reader.h"

namespace aeromq {
namespace {

class ReaderTest : public testing::Test {
 protected:
  Step ask(std::uint32_t counter) {
    AuditRead read;
    read.authority = Authority::auditor;
    read.query = encode(AuditQuery{});
    return reader_.on({MessageType::audit_read, id(counter), "aud", encode(read)}, {});
  }
  static RequestId id(std::uint32_t counter) {
    RequestId made;
    made.counter = counter;
    return made;
  }

  std::vector<RequestId> asked_;
  std::vector<AuditReader::Answered> ready_;
  bool full_ = false;
  AuditReader reader_{AuditReader::Desk{[this](const RequestId& request, const AuditQuery&) {
                                          if (!full_) asked_.push_back(request);
                                          return !full_;
                                        },
                                        [this] { return std::exchange(ready_, {}); }}};
};

TEST_F(ReaderTest, AQueryIsAnsweredWhenItsPageIsThereAndNotBefore) {
  EXPECT_EQ(ask(1), Step{});
  EXPECT_EQ(ask(2), Step{});
  EXPECT_EQ(reader_.on_tick({}), Step{});
  AuditPage page;
  page.durable = 7;
  ready_.push_back({id(2), page});
  const auto step = reader_.on_tick({});
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(step.send[0].type, MessageType::audit_answer);
  EXPECT_EQ(step.send[0].request, id(2));
  const auto answer = decode<AuditAnswer>(step.send[0].body);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->authority, Authority::auditor);
  EXPECT_EQ(decode<AuditPage>(answer->answer)->durable, 7U);
  ready_.push_back({id(2), page});
  EXPECT_EQ(reader_.on_tick({}), Step{}) << "once";
  ready_.push_back({id(1), fail(make_error(ErrorCode::invalid_input, "no", "limit"))});
  EXPECT_EQ(reader_.on_tick({}).send.at(0).type, MessageType::refused_by_reader);
}

TEST_F(ReaderTest, TooManyWaitingQueriesAreBusy) {
  full_ = true;
  const auto step = ask(1);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(decode<Refused>(step.send[0].body)->error.code, "BUSY");
  EXPECT_TRUE(asked_.empty());
}

TEST_F(ReaderTest, WhatIsReadyAtOnceIsAnsweredAtOnce) {
  AuditReader at_once{[](const AuditQuery&) { return Result<AuditPage>(AuditPage{}); }};
  AuditRead read;
  read.query = encode(AuditQuery{});
  EXPECT_EQ(at_once.on({MessageType::audit_read, id(1), "aud", encode(read)}, {}).send.size(), 1U);
}

}  // namespace
}  // namespace aeromq
