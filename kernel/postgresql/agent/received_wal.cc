#include "kernel/postgresql/agent/received_wal.h"

#include "kernel/postgresql/agent/child.h"
#include "kernel/postgresql/agent/control_data.h"
#include "messages/text.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kRecordHead = 24;  ///< no record is shorter

/// The position that follows `words` the first time that they stand there.
std::optional<std::uint64_t> position_after(std::string_view text, std::string_view words) {
  const auto at = text.find(words);
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + words.size());
  return parse_position(text.substr(0, text.find_first_not_of("0123456789ABCDEFabcdef/")));
}

}  // namespace

// "error in WAL record at 0/4057F10: invalid record length at 0/4057FA8: wanted 24, got 0": the
// first is the last good record, the second is where the next one would begin. What is wrong there
// has many words; where, always the same ones.
std::optional<std::uint64_t> end_in_words(std::string_view output) {
  const auto at = output.rfind("error in WAL record at ");
  if (at == output.npos) return std::nullopt;
  const auto why = output.substr(at + sizeof("error in WAL record at ") - 1);
  const auto colon = why.find(": ");
  if (colon == why.npos) return std::nullopt;
  const auto reason = why.substr(colon);
  // Other words name a place that is no record's beginning, of a page's header for one. Then what
  // is sure is the head of the last record that was whole.
  if (reason.starts_with(": invalid record length at ") ||
      reason.starts_with(": record with incorrect prev-link ") ||
      reason.starts_with(": incorrect resource manager data checksum in record at ") ||
      reason.starts_with(": invalid resource manager ID "))
    return position_after(reason, " at ");
  const auto last = parse_position(why.substr(0, colon));
  if (!last) return std::nullopt;
  return *last + kRecordHead;
}

std::optional<std::uint64_t> read_wal_end(const std::string& bin, const std::string& data,
                                          std::uint64_t from, std::uint64_t timeline,
                                          std::uint64_t deadline_ms) {
  const auto end =
      run_child({bin + "/pg_waldump", "--quiet", "--path", data + "/pg_wal", "--timeline",
                 std::to_string(timeline), "--start", position_text(from)},
                deadline_ms, Words::in_english);
  // Without a bound it ends at the first record that is none, and that is its error.
  if (!end.ran || !end.in_time || end.ok()) return std::nullopt;
  return end_in_words(end.output);
}

}  // namespace aeromq::postgresql
