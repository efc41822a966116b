// An auditor's questions against a log: pages, order, filters, bounds, refusals.
#include "audit/query.h"

#include "tests/audit/log_fixture.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum Stage;

class QueryTest : public LogFixture {
 protected:
  // 1 run_begins; 100 requests of three records each; every tenth is refused instead.
  void SetUp() override {
    writer_ = open_writer();
    queue(make_record(1, run_begins));
    for (std::uint32_t i = 1; i <= 100; ++i) {
      const auto id = request_text(i);
      if (i % 10 == 0) {
        queue(make_record(next(), refused, id));
        put(*writer_, {});
        continue;
      }
      queue(make_record(next(), requested, id));
      auto second = make_record(next(), confirmation_asked, id);
      second.principal = i % 2 == 0 ? "ada" : "bob";
      queue(second);
      queue(make_record(next(), confirmation_ended, id));
    }
    auto reader = LogReader::open(dir(), {mark()});
    reader_ = std::make_unique<LogReader>(std::move(*reader));
  }
  void queue(const Record& record) { ASSERT_TRUE(writer_->append(encode_row(record))); }
  std::uint64_t next() const { return writer_->next_seq(); }
  AuditPage ask(const AuditQuery& query) {
    auto page = answer_query(*reader_, query);
    if (!page) throw std::runtime_error(page.error().message);
    EXPECT_LE(encode(*page).size(), kMaxPage);
    EXPECT_TRUE(decode<AuditPage>(encode(*page)));
    return *page;
  }
  std::string refused_field(const AuditQuery& query) {
    const auto page = answer_query(*reader_, query);
    if (page) return "answered";
    EXPECT_EQ(page.error().code, "INVALID_INPUT");
    return page.error().field;
  }
  static std::vector<std::uint64_t> seqs(const AuditPage& page) {
    std::vector<std::uint64_t> all;
    for (const auto& audited : page.records) all.push_back(audited.record.seq);
    return all;
  }
  static AuditQuery query(AuditQueryKind kind) {
    AuditQuery made;
    made.kind = kind;
    return made;
  }

  std::unique_ptr<LogWriter> writer_;
  std::unique_ptr<LogReader> reader_;
};

TEST_F(QueryTest, TailIsTheLastRecordsInOrder) {
  auto asked = query(AuditQueryKind::tail);
  asked.limit = 3;
  const auto page = ask(asked);
  const auto last = writer_->durable_seq();
  EXPECT_EQ(page.durable, last);
  EXPECT_THAT(seqs(page), ElementsAre(last - 2, last - 1, last));
  EXPECT_EQ(page.next_seq, 0U);
  EXPECT_EQ(ask(query(AuditQueryKind::tail)).records.size(), kTailDefault);
  put(*writer_, {row(make_record(next(), control_plane))});
  EXPECT_EQ(seqs(ask(asked)).back(), last + 1) << "the page is stale";
}

TEST_F(QueryTest, TailLongerThanTheLogIsAllOfIt) {
  auto asked = query(AuditQueryKind::tail);
  asked.limit = 1'000'000;
  EXPECT_EQ(seqs(ask(asked)).front(), 1U);
}

TEST_F(QueryTest, PagesCoverEverythingOnceInOrder) {
  auto asked = query(AuditQueryKind::query);
  std::vector<std::uint64_t> all;
  int pages = 0;
  do {
    const auto page = ask(asked);
    for (auto seq : seqs(page)) all.push_back(seq);
    asked.from_seq = page.next_seq;
    ++pages;
  } while (asked.from_seq != 0);
  EXPECT_GT(pages, 3);
  ASSERT_EQ(all.size(), writer_->durable_seq());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i + 1);
}

TEST_F(QueryTest, ExportCarriesTheEvidence) {
  auto asked = query(AuditQueryKind::export_);
  asked.from_seq = 5;
  asked.limit = 2;
  const auto page = ask(asked);
  EXPECT_THAT(seqs(page), ElementsAre(5, 6));
  EXPECT_EQ(page.next_seq, 7U);
  for (const auto& audited : page.records) {
    EXPECT_EQ(leaf_hash(audited.raw), audited.leaf);
    EXPECT_EQ(decode_row<Record>(audited.raw).value(), audited.record);
  }
  EXPECT_TRUE(ask(query(AuditQueryKind::tail)).records.front().raw.empty());
}

TEST_F(QueryTest, FiltersCombine) {
  auto asked = query(AuditQueryKind::query);
  asked.stage = "refused";
  EXPECT_EQ(ask(asked).records.size(), 10U);
  asked.stage = "confirmation_asked";
  asked.principal = "bob";
  asked.limit = 4;
  const auto page = ask(asked);
  EXPECT_EQ(page.records.size(), 4U);
  EXPECT_NE(page.next_seq, 0U);
  for (const auto& audited : page.records) EXPECT_EQ(audited.record.principal, "bob");
  auto none = query(AuditQueryKind::query);
  none.command = "force_promotion";
  EXPECT_THAT(ask(none).records, IsEmpty());
}

TEST_F(QueryTest, TimelineIsOneRequestWithItsGaps) {
  auto asked = query(AuditQueryKind::timeline);
  asked.request = request_text(3);
  auto page = ask(asked);
  EXPECT_EQ(page.records.size(), 3U);
  EXPECT_THAT(page.gaps, IsEmpty());
  const auto odd = request_text(500);
  put(*writer_, {row(make_record(next(), executed, odd))});
  asked.request = odd;
  EXPECT_THAT(ask(asked).gaps, ElementsAre(HasSubstr("MISSING dispatched")));
  std::string loose;
  for (char c : odd)
    if (c != '-') loose += static_cast<char>(std::tolower(c));
  asked.request = loose;
  EXPECT_EQ(ask(asked).records.size(), 1U) << "a person types it as they like";
}

TEST_F(QueryTest, VerifyTellsFindingsAndCode) {
  EXPECT_EQ(ask(query(AuditQueryKind::verify)).exit_code, 0U);
  put(*writer_, {row(make_record(next(), executed, request_text(501)))});
  const auto page = ask(query(AuditQueryKind::verify));
  EXPECT_EQ(page.exit_code, 40U);
  EXPECT_THAT(page.findings, testing::Contains(HasSubstr("MISSING dispatched")));
  EXPECT_THAT(page.summary, HasSubstr(writer_->head().text()));
}

// A page ends when it took long enough, and the next question goes on there.
TEST_F(QueryTest, AVerificationComesInPiecesAndEndsWithTheWholeVerdict) {
  for (int run = 0; run < 3; ++run) {  // a segment each
    writer_.reset();
    writer_ = open_writer();
    queue(make_record(next(), run_begins));
    put(*writer_, {});
  }
  const auto whole = ask(query(AuditQueryKind::verify));
  VerifyJobs jobs;
  const auto at_once = [] { return true; };
  auto wish = query(AuditQueryKind::verify);
  int pages = 0;
  for (;; ++pages) {
    ASSERT_LT(pages, 10);
    const auto page = answer_query(*reader_, wish, at_once, &jobs);
    ASSERT_TRUE(page) << page.error().message;
    if (page->next_seq == 0) {
      EXPECT_EQ(page->summary, whole.summary);
      EXPECT_EQ(page->exit_code, whole.exit_code);
      break;
    }
    EXPECT_EQ(page->exit_code, 1U) << "whoever stops here must not read it as sound";
    EXPECT_THAT(page->summary, HasSubstr("NOT finished: "));
    EXPECT_GT(page->next_seq, wish.from_seq);
    EXPECT_LE(page->next_seq, page->durable);
    wish.from_seq = page->next_seq;
  }
  EXPECT_GE(pages, 2);
  const auto gone = answer_query(*reader_, wish, at_once, &jobs);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().field, "from_seq");
  EXPECT_EQ(refused_field(wish), "from_seq") << "offline there are no pieces";
}

TEST_F(QueryTest, AListThatTakesTooLongEndsAndSaysWhereToGoOn) {
  put(*writer_, {});
  for (int i = 0; i < 3000; ++i) queue(make_record(next(), control_plane));
  put(*writer_, {});
  auto wish = query(AuditQueryKind::query);
  wish.principal = "nobody";
  const auto page = answer_query(*reader_, wish, [] { return true; });
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_seq, 1024U);
  EXPECT_THAT(page->records, IsEmpty());
  EXPECT_EQ(ask(wish).next_seq, 0U);
}

TEST_F(QueryTest, BadInputNamesTheField) {
  auto asked = query(AuditQueryKind::timeline);
  EXPECT_EQ(refused_field(asked), "request");
  asked.request = "ABCD";
  EXPECT_EQ(refused_field(asked), "request");
  asked = query(AuditQueryKind::query);
  asked.stage = "done";
  EXPECT_EQ(refused_field(asked), "stage");
  asked = query(AuditQueryKind::query);
  asked.command = "drop";
  EXPECT_EQ(refused_field(asked), "command");
  asked = query(AuditQueryKind::query);
  asked.from_seq = writer_->durable_seq() + 2;
  EXPECT_EQ(refused_field(asked), "from_seq");
  asked = query(AuditQueryKind::tail);
  asked.principal = "ada";
  EXPECT_EQ(refused_field(asked), "principal");
  asked = query(AuditQueryKind::verify);
  asked.limit = 3;
  EXPECT_EQ(refused_field(asked), "limit");
}

TEST_F(QueryTest, TheLargestRecordStillGetsAnAnswer) {
  auto record = make_record(next(), executed, request_text(7));
  const std::string long_text(255, 'x');
  record.acknowledged.assign(32, long_text);
  record.effects.assign(32, Effect{"e", long_text, long_text});
  record.error_message = std::string(2000, 'y');
  put(*writer_, {row(record)});
  auto asked = query(AuditQueryKind::export_);
  asked.from_seq = record.seq;
  const auto page = ask(asked);
  ASSERT_EQ(page.records.size(), 1U);
  EXPECT_EQ(page.records[0].record, record);
  EXPECT_TRUE(page.records[0].raw.empty());
  EXPECT_THAT(page.gaps, ElementsAre(HasSubstr("without raw")));
}

TEST_F(QueryTest, OfflineAndOnlineAnswerAlike) {
  auto asked = query(AuditQueryKind::query);
  asked.stage = "refused";
  const auto online = ask(asked);
  ASSERT_TRUE(writer_->close(kNow));
  auto offline = LogReader::open(dir(), {});
  ASSERT_TRUE(offline);
  EXPECT_EQ(answer_query(*offline, asked).value(), online);
}

}  // namespace
}  // namespace aeromq::audit
