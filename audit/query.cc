#include "audit/query.h"

#include <algorithm>
#include <cstring>

#include "audit/trail.h"
#include "audit/verify.h"

namespace aeromq::audit {
namespace {

constexpr std::size_t kPageReserve = 4 * 1024;  // for the page's own fields, gaps kept short
constexpr std::size_t kMaxLines = 100;
constexpr std::size_t kMaxLine = kMaxText;
constexpr std::uint64_t kLookEvery = 1024;  ///< records between two looks at the time

tl::unexpected<Error> bad(const char* field, std::string what) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), field));
}

// Which fields a kind takes; the others must be empty, so that no filter is silently ignored.
struct Takes {
  bool request;
  bool filters;
  bool from_seq;
  bool limit;
};
Takes takes(AuditQueryKind kind, bool goes_on) {
  switch (kind) {
    case AuditQueryKind::tail:
      return {false, false, false, true};
    case AuditQueryKind::query:
      return {true, true, true, true};
    case AuditQueryKind::timeline:
      return {true, false, false, false};
    case AuditQueryKind::verify:
      return {false, false, goes_on, false};
    case AuditQueryKind::export_:
      return {false, false, true, true};
  }
  return {false, false, false, false};
}

Result<RecordFilter> check(const AuditQuery& query, bool goes_on) {
  const auto taken = takes(query.kind, goes_on);
  constexpr auto kNotTaken = "this kind of query does not take it";
  if (!taken.request && !query.request.empty()) return bad("request", kNotTaken);
  if (!taken.filters && !query.principal.empty()) return bad("principal", kNotTaken);
  if (!taken.filters && !query.command.empty()) return bad("command", kNotTaken);
  if (!taken.filters && !query.stage.empty()) return bad("stage", kNotTaken);
  if (!taken.from_seq && query.from_seq != 0) return bad("from_seq", kNotTaken);
  if (!taken.limit && query.limit != 0) return bad("limit", kNotTaken);
  RecordFilter filter;
  if (!query.request.empty()) {
    const auto id = RequestId::parse(query.request);
    if (!id) {
      auto error = id.error();
      error.field = "request";
      return fail(std::move(error));
    }
    filter.request = id->text();
  } else if (query.kind == AuditQueryKind::timeline) {
    return bad("request", "a timeline needs a request id");
  }
  if (!query.command.empty() && !find_command(query.command))
    return bad("command", "no such command");
  if (!query.stage.empty()) {
    filter.stage = find_stage(query.stage);
    if (!filter.stage) return bad("stage", "no such stage");
  }
  filter.command = query.command;
  filter.principal = query.principal;
  return filter;
}

void add_line(std::vector<std::string>& lines, std::string line) {
  // Cut between characters: the page is UTF-8 text.
  if (line.size() > kMaxLine) {
    auto end = kMaxLine - 3;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    line = line.substr(0, end) + "...";
  }
  if (lines.size() < kMaxLines) lines.push_back(std::move(line));
}

// Collects one page; knows when it is full.
class Page {
 public:
  Page(const AuditQuery& query, std::uint64_t durable)
      : most_(query.limit), raw_(query.kind == AuditQueryKind::export_) {
    page_.durable = durable;
  }

  /// False: the page is full and goes on at this entry.
  bool add(const Entry& entry, Record record) {
    if (most_ != 0 && page_.records.size() == most_) return stop(entry.seq);
    AuditedRecord made{std::move(record), entry.leaf(), {}};
    if (raw_) made.raw.assign(entry.payload.begin(), entry.payload.end());
    auto size = encode(made).size();
    if (used_ + size > kMaxPage - kPageReserve) {
      if (!page_.records.empty()) return stop(entry.seq);
      // A page must get on: a record that fills it alone comes without its raw octets.
      made.raw.clear();
      size = encode(made).size();
      if (size > kMaxPage - kPageReserve) {
        gap("record " + std::to_string(entry.seq) + " does not fit an answer: read it offline");
        return true;
      }
      if (raw_)
        gap("record " + std::to_string(entry.seq) + " is shown without raw: export it offline");
    }
    used_ += size;
    page_.records.push_back(std::move(made));
    return true;
  }
  void gap(std::string line) {
    if (used_ + line.size() > kMaxPage - kPageReserve / 2) return;
    used_ += std::min(line.size(), kMaxLine) + 3;
    add_line(page_.gaps, std::move(line));
  }
  bool full() const { return page_.next_seq != 0; }
  void end_before(std::uint64_t seq) { stop(seq); }
  AuditPage take() { return std::move(page_); }

 private:
  bool stop(std::uint64_t seq) {
    page_.next_seq = seq;
    return false;
  }
  AuditPage page_;
  std::uint64_t most_;
  bool raw_;
  std::size_t used_ = 0;
};

void note_gaps(LogReader& reader, Page& page) {
  for (const auto& notice : reader.take_notices())
    if (notice.kind == NoticeKind::recovered || notice.kind == NoticeKind::tail ||
        notice.kind == NoticeKind::damage)
      page.gap(notice.text);
}

bool contains(ByteView payload, std::string_view text) {
  return text.empty() ||
         memmem(payload.data(), payload.size(), text.data(), text.size()) != nullptr;
}

bool counts_refusals(ByteView payload) {
  return contains(payload, text_of(Stage::refusals_counted));
}

// The stored form of every filter is its text, so a payload without it need not be decoded.
// A record of counted refusals names its first and its last request alone.
bool may_match(ByteView payload, const RecordFilter& filter) {
  const bool of_request = contains(payload, filter.request) || counts_refusals(payload);
  return of_request && contains(payload, filter.principal) && contains(payload, filter.command) &&
         (!filter.stage || contains(payload, text_of(*filter.stage)));
}

Result<AuditPage> list_records(LogReader& reader, const AuditQuery& query,
                               const RecordFilter& filter, std::uint64_t from,
                               const Enough& enough) {
  if (auto sought = reader.seek(from); !sought) return fail(sought.error());
  Page page(query, reader.durable_seq());
  while (!page.full()) {
    auto entry = reader.next();
    if (!entry) return fail(entry.error());
    if (!*entry) break;
    if ((*entry)->seq > from && (*entry)->seq % kLookEvery == 0 && enough && enough()) {
      page.end_before((*entry)->seq);
      break;
    }
    if (!may_match((*entry)->payload, filter)) continue;
    auto record = decode_row<Record>((*entry)->payload);
    if (!record) {
      page.gap("record " + std::to_string((*entry)->seq) + " cannot be read; run verify");
      continue;
    }
    if (filter.matches(*record)) page.add(**entry, std::move(*record));
  }
  note_gaps(reader, page);
  return page.take();
}

Result<AuditPage> timeline(LogReader& reader, const AuditQuery& query, const RecordFilter& filter) {
  if (auto sought = reader.seek(reader.first_seq()); !sought) return fail(sought.error());
  Page page(query, reader.durable_seq());
  Runs runs;
  std::vector<Record> of_request;
  for (;;) {
    auto entry = reader.next();
    if (!entry) return fail(entry.error());
    if (!*entry) break;
    const auto payload = (*entry)->payload;
    const bool of_run = contains(payload, text_of(Stage::run_begins)) ||
                        contains(payload, text_of(Stage::run_ends));
    if (!of_run && !contains(payload, filter.request) && !counts_refusals(payload)) continue;
    const auto record = decode_row<Record>(payload);
    if (!record) continue;  // verify names it; it belongs to no request
    runs.see(*record);
    if (!filter.matches(*record)) continue;
    // What stands for many is shown, and is no stage of this one.
    if (record->counted.empty()) of_request.push_back(*record);
    if (!page.full()) page.add(**entry, *record);
  }
  for (auto& gap : make_timeline(std::move(of_request), runs).gaps) page.gap(std::move(gap));
  note_gaps(reader, page);
  return page.take();
}

AuditPage verified_page(const Verification& verified) {
  AuditPage page;
  page.durable = verified.head.size;
  page.exit_code = static_cast<std::uint64_t>(verified.code);
  page.summary = verified.summary();
  for (const auto& finding : verified.findings) add_line(page.findings, finding);
  if (verified.findings.size() > kMaxLines)
    page.findings.back() =
        "and " + std::to_string(verified.findings.size() - kMaxLines + 1) + " more: verify offline";
  return page;
}

/// Whoever takes it for the end must not read it as sound.
AuditPage unfinished_page(const VerifyJob& job) {
  AuditPage page;
  page.durable = job.durable();
  page.next_seq = job.checked() + 1;
  page.exit_code = static_cast<std::uint64_t>(VerifyCode::io);
  page.summary = "NOT finished: " + std::to_string(job.checked()) + " of " +
                 std::to_string(job.durable()) + " records are verified";
  return page;
}

Result<AuditPage> verify_page(const LogReader& reader, std::uint64_t from, const Enough& enough,
                              VerifyJobs* jobs) {
  std::optional<VerifyJob> job;
  if (from == 0 || jobs == nullptr)
    job.emplace(reader.directory(), VerifyOptions{reader.options().watermark, std::nullopt});
  else
    job = jobs->take(from);
  if (!job) return bad("from_seq", "no verification stands there any more: begin again");
  while (job->step()) {
    const bool further = job->checked() + 1 > from && job->checked() < job->durable();
    if (jobs == nullptr || !further || !enough || !enough()) continue;
    auto page = unfinished_page(*job);
    jobs->keep(std::move(*job));
    return page;
  }
  return verified_page(job->finish());
}

}  // namespace

std::optional<VerifyJob> VerifyJobs::take(std::uint64_t next) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(jobs_, next, [](const auto& job) { return job.checked() + 1; });
  if (at == jobs_.end()) return std::nullopt;
  std::optional<VerifyJob> job(std::move(*at));
  jobs_.erase(at);
  return job;
}

void VerifyJobs::keep(VerifyJob job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.size() >= kMost) jobs_.pop_front();
  jobs_.push_back(std::move(job));
}

namespace {

Result<AuditPage> answer(LogReader& reader, const AuditQuery& query, const Enough& enough,
                         VerifyJobs* jobs) {
  auto filter = check(query, jobs != nullptr);
  if (!filter) return fail(filter.error());
  if (auto looked = reader.refresh(); !looked) return fail(looked.error());
  const auto last = reader.durable_seq();
  if (query.from_seq > last + 1) return bad("from_seq", "the log ends at " + std::to_string(last));
  auto from = std::max(query.from_seq, reader.first_seq());
  switch (query.kind) {
    case AuditQueryKind::verify:
      return verify_page(reader, query.from_seq, enough, jobs);
    case AuditQueryKind::timeline:
      return timeline(reader, query, *filter);
    case AuditQueryKind::tail: {
      const auto wanted = query.limit == 0 ? kTailDefault : query.limit;
      if (last >= wanted) from = std::max(from, last - wanted + 1);
      break;
    }
    default:
      break;
  }
  return list_records(reader, query, *filter, from, enough);
}

}  // namespace

Result<AuditPage> answer_query(LogReader& reader, const AuditQuery& query, const Enough& enough,
                               VerifyJobs* jobs) {
  auto page = answer(reader, query, enough, jobs);
  return page ? std::move(page) : fail(unreadable(page.error()));
}

}  // namespace aeromq::audit
