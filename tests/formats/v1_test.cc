// A log, two registers, a journal and recorded octets of the first version. Every one of them is
// read by this version for ever; what is gone on with is a copy.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "actors/writer/log_boundary.h"
#include "audit/log_writer.h"
#include "audit/query.h"
#include "audit/verify.h"
#include "kernel/conversation.h"
#include "kernel/embedded.h"
#include "kernel/postgresql/agent/journal.h"
#include "kernel/postgresql/agent_protocol.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/protocol.h"
#include "messages/as_of.h"
#include "messages/catalogue.h"
#include "messages/explanation.h"
#include "process/kill_point.h"
#include "process/newest_fact_file.h"
#include "tests/support/scratch_folder.h"

namespace aeromq {
namespace {

using kernel::Store;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kCheckpoint =
    "54:902754a84f47f7d4f629a916a6f31ebbd2e924491c7b597ae40450baab60d893";
constexpr const char* kDemotedA = "MDX1-C981-0000-2000-1B60-0001-0000-7C6W";
constexpr const char* kRefusedC = "MDX1-C981-0000-2000-1B6G-0003-0000-7SEN";
constexpr Moment kNow{1'000'000'000, 1'800'000'000'000'000'000};

Bytes from_hex(const std::string& text) {
  Bytes octets;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    octets.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return octets;
}

/// The octets that were recorded under `name`, in order.
std::vector<Bytes> recorded(const std::string& name) {
  std::vector<Bytes> found;
  std::ifstream in(std::string(V1_FOLDER) + "/octets.txt");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ' ')) found.push_back(from_hex(line.substr(name.size() + 1)));
  EXPECT_FALSE(found.empty()) << name;
  return found;
}

class FirstVersion : public testing::Test {
 protected:
  FirstVersion() {
    const auto command = "tar -xzf " V1_FOLDER "/files.tar.gz -C " + (folder_ / "");
    if (std::system(command.c_str()) != 0) std::abort();
  }
  std::filesystem::path log() const { return folder_ / "audit"; }
  test::ScratchFolder folder_;
};

// ---- audit log -------------------------------------------------------------------------------

TEST_F(FirstVersion, ItsLogIsSoundAndEndsWhereItEnded) {
  const auto found = audit::verify_log(log(), {{}, audit::TreeHead::parse(kCheckpoint)});
  EXPECT_EQ(found.code, audit::VerifyCode::ok) << testing::PrintToString(found.findings);
  EXPECT_EQ(found.head.text(), kCheckpoint);
  EXPECT_EQ(found.segments, 4U);
  EXPECT_EQ(found.epochs, 2U);
}

TEST_F(FirstVersion, ItsLogTellsTheWholeStoryOfAnAct) {
  auto reader = audit::LogReader::open(log(), {});
  ASSERT_TRUE(reader) << reader.error().message;
  AuditQuery query;
  query.kind = AuditQueryKind::timeline;
  query.request = kDemotedA;
  const auto page = audit::answer_query(*reader, query);
  ASSERT_TRUE(page) << page.error().message;
  std::vector<Stage> stages;
  for (const auto& audited : page->records) stages.push_back(audited.record.stage);
  EXPECT_THAT(stages, testing::ElementsAre(Stage::requested, Stage::confirmation_asked,
                                           Stage::confirmed, Stage::dispatched, Stage::executed));
  EXPECT_TRUE(page->gaps.empty());
}

TEST_F(FirstVersion, ANewWriterGoesOnInASegmentOfItsOwn) {
  std::map<std::filesystem::path, Bytes> before;
  const auto old = audit::list_segments(log()).value();
  for (const auto& file : old) before[file.path] = *audit::read_file(file.path);
  auto writer = audit::LogWriter::open(log(), {}, kNow);
  ASSERT_TRUE(writer) << writer.error().message;
  Record record;
  record.seq = (*writer)->next_seq();
  record.stage = Stage::control_plane;
  record.successor = "n2";
  EXPECT_EQ(record.seq, 55U);
  ASSERT_TRUE((*writer)->append(encode_row(record)));
  ASSERT_TRUE((*writer)->commit(kNow));
  ASSERT_TRUE((*writer)->close(kNow));
  for (const auto& [path, octets] : before) EXPECT_EQ(*audit::read_file(path), octets) << path;
  const auto segments = *audit::list_segments(log());
  ASSERT_EQ(segments.size(), 5U);
  EXPECT_EQ(audit::decode_header(before.rbegin()->second)->version, 1);
  EXPECT_EQ(audit::decode_header(*audit::read_file(segments.back().path))->version, 3);
  const auto found = audit::verify_log(log(), {{}, audit::TreeHead::parse(kCheckpoint)});
  EXPECT_EQ(found.code, audit::VerifyCode::ok) << testing::PrintToString(found.findings);
  EXPECT_EQ(found.head.size, 55U);
}

// The writer's newest fact of a log that never had one, and after a run that ended between the two.
TEST_F(FirstVersion, WhatItsLogKnowsOfItsRegisterIsFoundOnce) {
  auto writer = audit::LogWriter::open(log(), {}, kNow);
  ASSERT_TRUE(writer);
  LogBoundary boundary(**writer, log().string());
  ASSERT_TRUE(boundary.catch_up());
  const auto fact = process::read_newest_fact(log().string());
  ASSERT_TRUE(fact && *fact);
  EXPECT_EQ((*fact)->history, RequestId::parse(kDemotedA)->session.history);
  EXPECT_EQ((*fact)->epoch, 2U);
  EXPECT_EQ((*fact)->fencing_epoch, 4U) << "as its register has it";
  EXPECT_EQ((*fact)->timeline, 2U);
  Record record;
  record.seq = (*writer)->next_seq();
  record.stage = Stage::executed;
  record.request = (*fact)->request;
  record.effects = {{"fencing_epoch", "4", "5"}};
  ASSERT_TRUE((*writer)->append(encode_row(record)));
  ASSERT_TRUE((*writer)->commit(kNow));
  ASSERT_TRUE(LogBoundary(**writer, log().string()).catch_up());
  EXPECT_EQ((*process::read_newest_fact(log().string()))->fencing_epoch, 5U);
  ++record.seq;
  record.effects = {{"fencing_epoch", "5", "6"}};
  ASSERT_TRUE(boundary.persist({record}));
  EXPECT_EQ((*process::read_newest_fact(log().string()))->fencing_epoch, 6U);
}

// ---- registers and journal -------------------------------------------------------------------

/// Rows of every table of `path`, as text.
std::string rows_of(const kernel::Database& database, const std::vector<std::string>& tables) {
  std::string all;
  for (const auto& table : tables) {
    kernel::Statement query(database, ("SELECT * FROM " + table).c_str());
    while (query.step()) {
      all += table;
      for (int column = 0; column < 8; ++column) all += '|' + to_hex(query.blob_at(column));
      all += '\n';
    }
  }
  return all;
}

std::string rows_in(const std::string& path, const std::vector<std::string>& tables) {
  const auto database = kernel::Database::open(path, true);
  EXPECT_TRUE(database);
  return rows_of(*database, tables);
}

std::size_t version_in(const std::string& path, const kernel::FileFormat& format) {
  const auto database = kernel::Database::open(path, true);
  return kernel::version_of(*database, format);
}

TEST_F(FirstVersion, ItsEmbeddedRegisterIsBroughtUpWithAllRows) {
  const auto path = folder_ / "register.sqlite";
  const auto& format = kernel::kEmbeddedRegister.format;
  const std::vector<std::string> tables{"ledger", "nodes", "dispatchers", "fences"};
  const auto before = rows_in(path, tables);
  { ASSERT_TRUE(Store::open(path, Store::Mode::read_only)); }
  EXPECT_EQ(version_in(path, format), 1U) << "who only reads changes nothing";
  auto kernel = kernel::Embedded::start({path, "aeromq", {"a", "b", "c"}, {}}, kNow);
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(version_in(path, format), 3U);
  EXPECT_TRUE(kernel->store().lowerings().empty());
  EXPECT_EQ(rows_in(path, tables), before);
  EXPECT_EQ(kernel->state().fencing_epoch, 4U);
  EXPECT_EQ(kernel->state().last_primary, "b");
  const auto outcome = [&](const char* request) {
    KernelCall call;
    call.kind = CallKind::outcome;
    call.about = *RequestId::parse(request);
    return kernel->answer(call, {}, kNow).outcome.at(0);
  };
  EXPECT_EQ(outcome(kDemotedA).verdict, Verdict::executed);
  EXPECT_EQ(outcome(kRefusedC).code, "AUTHORITY_HELD");
}

TEST_F(FirstVersion, ItsPostgresqlRegisterIsBroughtUpWithAllRows) {
  const auto path = folder_ / "postgresql.sqlite";
  const auto& kind = postgresql::kPostgresqlRegister;
  const std::vector<std::string> tables{"ledger", "nodes",  "dispatchers", "fences",
                                        "term",   "grants", "journals"};
  const auto before = rows_in(path, tables);
  {
    const auto reader = Store::open(path, Store::Mode::read_only, kind);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_TRUE(postgresql::Grants(reader->database()).open());
  }
  EXPECT_EQ(version_in(path, kind.format), 1U);
  const auto store = Store::open(path, Store::Mode::read_write, kind);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(version_in(path, kind.format), 2U);
  EXPECT_EQ(rows_in(path, tables), before);
  EXPECT_EQ(store->load().last_primary, "n1");
  EXPECT_EQ(postgresql::RegisterTerms(store->database()).last(), 2U);
  const auto open = postgresql::Grants(store->database()).open();
  ASSERT_TRUE(open);
  EXPECT_EQ(open->act.node, "n2");
  EXPECT_EQ(open->act.successor, "");
  EXPECT_EQ(rows_of(store->database(), {"alarms", "member_changes"}), "");
}

TEST_F(FirstVersion, ItsJournalIsBroughtUpWithAllEntries) {
  using postgresql::Journal;
  const auto path = folder_ / "journal.sqlite";
  const auto before = rows_in(path, {"entry"});
  { ASSERT_TRUE(Journal::open(path, "n1", Journal::Mode::read_only)); }
  { EXPECT_FALSE(Journal::open(path, "n2", Journal::Mode::read_write)) << "another node's"; }
  const kernel::FileFormat format{"aeromq-pg-journal", {}};
  EXPECT_EQ(version_in(path, format), 1U);
  auto journal = Journal::open(path, "n1", Journal::Mode::read_write);
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_EQ(version_in(path, format), 2U);
  EXPECT_EQ(rows_in(path, {"entry"}), before);
  EXPECT_EQ(journal->promised(), 8U);
  EXPECT_EQ(journal->last_note().what, "stop");
  EXPECT_FALSE(journal->open_claim());
  const auto first = decode<postgresql::AgentAsk>(recorded("AgentAsk").front())->request;
  EXPECT_EQ(journal->find(first)->result->code, "VOIDED");
  EXPECT_TRUE(journal->promise(*journal->bound(), 9)) << "it is gone on with";
}

// ---- octets ----------------------------------------------------------------------------------

/// Read, and said again in the same octets.
template <class T>
void expect_same(const std::string& name) {
  for (const auto& octets : recorded(name)) {
    const auto read = decode<T>(octets);
    ASSERT_TRUE(read) << name << ": " << read.error().message;
    EXPECT_EQ(encode(*read), octets) << name;
  }
}

TEST(FirstVersionOctets, AreReadAndSaidAgainUnchanged) {
  expect_same<postgresql::AgentStatus>("AgentStatus");
  expect_same<postgresql::AgentClaim>("AgentClaim");
  expect_same<postgresql::AgentAct>("AgentAct");
  expect_same<postgresql::AgentOpen>("AgentOpen");
  expect_same<postgresql::AgentAsk>("AgentAsk");
  expect_same<Act>("Act");
  expect_same<Submit>("Submit");
  expect_same<kernel::OpenDispatcher>("OpenDispatcher");
  expect_same<KernelCall>("KernelCall");
  expect_same<KernelSnapshot>("KernelSnapshot");
  expect_same<KernelAnswer>("KernelAnswer");
  expect_same<Explanation>("Explanation");
  expect_same<Hello>("Hello");
  expect_same<Welcome>("Welcome");
  expect_same<ConfirmationAsked>("ConfirmationAsked");
  expect_same<Confirm>("Confirm");
  const auto row = recorded("Record").front();
  EXPECT_EQ(encode_row(decode_row<Record>(row).value()), row);
  const auto asked = decode<ConfirmationAsked>(recorded("ConfirmationAsked").front());
  EXPECT_TRUE(decode<Explanation>(asked->explanation));
}

TEST(FirstVersionOctets, AnAgentTellsAKernelOfTheFirstVersionNothingNew) {
  const auto octets = recorded("AgentStatus").front();
  auto status = decode<postgresql::AgentStatus>(octets).value();
  EXPECT_EQ(status.protocol, 0U);
  status.protocol = postgresql::kAgentProtocol;
  status.members = "digest";
  status.server.postmaster = 7;
  status.way_on = "start";
  EXPECT_NE(encode(status), octets);
  EXPECT_EQ(encode(as_of(status, 1)), octets);
}

// ---- the kernel's socket ---------------------------------------------------------------------

class KernelSocket : public testing::Test {
 protected:
  KernelSocket() { process::register_kill_points(kernel::kill_points()); }
  /// What a dispatcher that says `version` is told: the tag, and the rest.
  kernel::Conversation::Reply open(kernel::Conversation& talk, const Bytes& body) {
    Bytes packet{static_cast<std::uint8_t>(kernel::Tag::open)};
    packet.insert(packet.end(), body.begin(), body.end());
    return talk.take(*kernel_, packet);
  }
  static std::string told(const kernel::Conversation::Reply& reply) {
    const auto error = decode<Error>(ByteView(reply.packet).subspan(1));
    return error ? error->message : "";
  }
  test::ScratchFolder folder_;
  Result<kernel::Embedded> kernel_ =
      kernel::Embedded::start({folder_ / "register", "demo", {"a", "b"}, {}}, kNow);
};

KernelAnswer with_a_finding() {
  KernelAnswer answer;
  answer.snapshot.findings = {{"X", Severity::alarm, "something new"}};
  return answer;
}

TEST_F(KernelSocket, WhoSaysNoVersionIsToldNothingThatCameLater) {
  kernel::Conversation talk(0);
  const auto opened = open(talk, recorded("OpenDispatcher").front());
  ASSERT_EQ(opened.packet.front(), static_cast<std::uint8_t>(kernel::Tag::opened));
  EXPECT_EQ(talk.answered(with_a_finding(), {}).packet,
            kernel::packet(kernel::Tag::answer, KernelAnswer{}));
  const kernel::Conversation looking(0);
  EXPECT_EQ(looking.answered(with_a_finding(), {}).packet,
            kernel::packet(kernel::Tag::answer, KernelAnswer{}));
}

TEST_F(KernelSocket, WhoSaysTheSecondVersionIsToldAll) {
  kernel::Conversation talk(0);
  open(talk, encode(kernel::OpenDispatcher{1, 2}));
  EXPECT_EQ(talk.answered(with_a_finding(), {}).packet,
            kernel::packet(kernel::Tag::answer, with_a_finding()));
}

TEST_F(KernelSocket, ANewerDispatcherIsRefusedInWordsAndGetsNoEpoch) {
  kernel::Conversation talk(0);
  EXPECT_THAT(told(open(talk, encode(kernel::OpenDispatcher{1, 3}))),
              HasSubstr("the dispatcher speaks version 3, this kernel speaks up to 2"));
  EXPECT_TRUE(talk.ended());
  EXPECT_EQ(kernel_->store().epoch_of(1), 0U);
}

}  // namespace
}  // namespace aeromq
