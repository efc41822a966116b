#include "audit/trail.h"

namespace aeromq::audit {
namespace {

// A stage and the one that must stand before it. Refused and failed need nothing before them: the
// broker or a stage may end a request whose first record was never written.
struct Needs {
  Stage stage;
  Stage before;
};
constexpr std::array kNeeds{
    Needs{Stage::answered, Stage::requested},
    Needs{Stage::confirmation_asked, Stage::requested},
    Needs{Stage::confirmed, Stage::confirmation_asked},
    Needs{Stage::confirmation_ended, Stage::confirmation_asked},
    Needs{Stage::dispatched, Stage::confirmed},
    Needs{Stage::executed, Stage::dispatched},
    Needs{Stage::rejected, Stage::dispatched},
};

std::string number(std::uint64_t seq) { return std::to_string(seq); }

}  // namespace

void Runs::see(const Record& record) {
  if (record.stage == Stage::run_begins) marks_[record.seq] = true;
  if (record.stage == Stage::run_ends) marks_[record.seq] = false;
}

std::uint64_t Runs::next_begin(std::uint64_t seq) const {
  for (auto mark = marks_.upper_bound(seq); mark != marks_.end(); ++mark)
    if (mark->second) return mark->first;
  return 0;
}

bool Runs::ended_unclean(std::uint64_t seq) const {
  const auto next = marks_.upper_bound(seq);
  return next != marks_.end() && next->second;
}

std::vector<std::string> Runs::unclean_ends() const {
  std::vector<std::string> lines;
  bool open = false;
  for (const auto& [seq, begins] : marks_) {
    if (begins && open) lines.push_back("epoch ended at seq " + number(seq - 1) + " (unclean)");
    open = begins;
  }
  return lines;
}

std::vector<std::string> Progress::see(const Record& record) {
  std::vector<std::string> gaps;
  const auto missing = [&](std::string_view what) {
    gaps.push_back("MISSING " + std::string(what) + ": " + std::string(text_of(record.stage)) +
                   " at seq " + number(record.seq) + " has none before it");
  };
  for (const auto& [stage, before] : kNeeds)
    if (record.stage == stage && !has(before)) missing(text_of(before));
  if (record.stage == Stage::failed && record.outcome != RecordOutcome::not_executed &&
      record.outcome != RecordOutcome::none && has(Stage::confirmed) && !has(Stage::dispatched))
    missing(text_of(Stage::dispatched));
  seen_ |= 1U << static_cast<unsigned>(record.stage);
  last_seq_ = record.seq;
  if (record.stage == Stage::confirmation_asked) asked_seq_ = record.seq;
  if (record.stage == Stage::dispatched) dispatched_seq_ = record.seq;
  return gaps;
}

bool Progress::done_with() const {
  constexpr auto bit = [](Stage stage) { return 1U << static_cast<unsigned>(stage); };
  constexpr auto kEnds = bit(Stage::answered) | bit(Stage::refused) | bit(Stage::audit_read);
  return (seen_ & kEnds) != 0 && (seen_ & ~(kEnds | bit(Stage::requested))) == 0;
}

std::optional<std::string> Progress::open_end(const Runs& runs) const {
  const bool closed = has(Stage::executed) || has(Stage::rejected) || has(Stage::failed) ||
                      has(Stage::answered) || has(Stage::refused) ||
                      has(Stage::confirmation_ended) || has(Stage::audit_read);
  if (seen_ == 0 ||
      (closed && !(has(Stage::dispatched) && !has(Stage::executed) && !has(Stage::rejected) &&
                   !has(Stage::failed) && !has(Stage::answered))))
    return std::nullopt;
  const auto begin = runs.next_begin(last_seq_);
  const auto how = runs.ended_unclean(last_seq_) ? " (unclean)" : "";
  const auto ended = ": epoch ended at seq " + number(begin - 1) + how;
  if (dispatched_seq_ != 0) {
    if (begin == 0)
      return "no outcome is recorded yet for dispatched at seq " + number(dispatched_seq_);
    return "MISSING outcome: dispatched at seq " + number(dispatched_seq_) +
           " has no record behind it" + ended;
  }
  if (has(Stage::confirmed)) {
    if (begin == 0) return "confirmed and not yet dispatched";
    return "MISSING dispatched: confirmed at seq " + number(last_seq_) +
           " has no record behind it" + ended;
  }
  if (asked_seq_ != 0) {
    if (begin == 0)
      return "the confirmation that was asked at seq " + number(asked_seq_) + " is pending";
    return "the pending confirmation of seq " + number(asked_seq_) +
           " ended with its run: run_begins at seq " + number(begin);
  }
  if (begin == 0) return "requested and not yet answered";
  return "MISSING answer: requested at seq " + number(last_seq_) + " has no record behind it" +
         ended;
}

Timeline make_timeline(std::vector<Record> of_request, const Runs& runs) {
  Timeline made;
  Progress progress;
  for (const auto& record : of_request)
    for (auto& gap : progress.see(record)) made.gaps.push_back(std::move(gap));
  if (auto open = progress.open_end(runs)) made.gaps.push_back(std::move(*open));
  made.records = std::move(of_request);
  return made;
}

bool RecordFilter::matches(const Record& record) const {
  return (request.empty() || record.request == request) &&
         (principal.empty() || record.principal == principal) &&
         (command.empty() || record.command == command) && (!stage || record.stage == *stage);
}

bool RecordFilter::empty() const {
  return request.empty() && principal.empty() && command.empty() && !stage;
}

std::optional<Stage> find_stage(std::string_view text) {
  constexpr auto& names = EnumNames<Stage>::value;
  const auto at = std::ranges::find(names, text);
  if (at == names.end()) return std::nullopt;
  return static_cast<Stage>(at - names.begin());
}

}  // namespace aeromq::audit
