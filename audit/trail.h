// What the records of one request say together: which stage came before which, what is missing,
// how a run ended. Pure over records; adds no stage that no record shows (requirements G5, G6).
#pragma once
#include <map>
#include <optional>

#include "messages/record.h"

namespace aeromq::audit {

/// Begin and end of the audit writer's runs, as far as read: what ends older confirmations.
class Runs {
 public:
  /// Takes run_begins and run_ends; passes over every other stage.
  void see(const Record& record);
  /// The first run_begins behind `seq`; 0 = none: the run of `seq` may still live.
  std::uint64_t next_begin(std::uint64_t seq) const;
  /// The run of `seq` is over and has no run_ends.
  bool ended_unclean(std::uint64_t seq) const;
  /// One line per run that ended unclean: "epoch ended at seq N (unclean)".
  std::vector<std::string> unclean_ends() const;

 private:
  std::map<std::uint64_t, bool> marks_;  ///< seq -> true: run_begins, false: run_ends
};

/// How far one request got. Small: a verification keeps one for each request of the log.
class Progress {
 public:
  /// Takes the request's records in order. Returns the stages that had to stand before this one
  /// and do not, each as one line "MISSING <stage>: ...".
  std::vector<std::string> see(const Record& record);
  /// A look, a question or a refusal that has its end: no later record can need what stood before.
  bool done_with() const;
  /// What is open behind the last record, as one line; nullopt if the request came to an end.
  std::optional<std::string> open_end(const Runs& runs) const;

 private:
  bool has(Stage stage) const { return (seen_ >> static_cast<unsigned>(stage) & 1U) != 0; }
  std::uint32_t seen_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t asked_seq_ = 0;
  std::uint64_t dispatched_seq_ = 0;
};

/// Records of one request in order, with the lines about what is missing or open.
struct Timeline {
  std::vector<Record> records;
  std::vector<std::string> gaps;
};
Timeline make_timeline(std::vector<Record> of_request, const Runs& runs);

/// What a query asks for; empty = any.
struct RecordFilter {
  std::string request;  ///< text form
  std::string principal;
  std::string command;
  std::optional<Stage> stage;
  bool matches(const Record& record) const;
  bool empty() const;
};

std::optional<Stage> find_stage(std::string_view text);

}  // namespace aeromq::audit
