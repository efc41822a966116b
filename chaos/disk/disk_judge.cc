#include "chaos/disk/disk_judge.h"

#include <map>

namespace aeromq::chaos::disk {
namespace {

class Judge {
 public:
  Judge(const History& history, const DiskContents& disk) : history_(history), disk_(disk) {
    for (const auto& record : disk.kept) kept_[record.number] = &record;
    for (const auto& row : disk.stands) rows_[row.request] = &row;
  }

  Judgement run(const DiskContents* before) {
    for (const auto& event : history_)
      if (event.kind == EventKind::told) {
        told_is_kept(event);
        told_is_true(event);
      }
    for (const auto& row : disk_.stands) licensed(row);
    for (const auto& record : disk_.kept)
      if (record.what == "executed")
        need("I-AUDIT", stands(record.request) == "executed", record,
             "a record says executed, and the ledger does not");
    need("I-AUDIT", disk_.verified.verdict == "whole", disk_.verified, disk_.verified.text);
    need("I-ATOMIC", disk_.damage.empty(), disk_.verified, disk_.damage);
    if (before != nullptr) nothing_went(*before);
    return std::move(judgement_);
  }

 private:
  void need(const std::string& predicate, bool holds, const Event& event, const std::string& what) {
    ++judgement_.evaluated[predicate];
    if (holds) return;
    judgement_.violations.push_back({predicate, event.request + " " + what, event.seq});
  }

  std::string stands(const std::string& request) const {
    const auto at = rows_.find(request);
    return at == rows_.end() ? std::string() : at->second->verdict;
  }

  // A record number that somebody heard is a promise: that record is on the disk, about them.
  void told_is_kept(const Event& told) {
    if (told.number == 0) return;
    const auto at = kept_.find(told.number);
    need("I-AUDIT", at != kept_.end() && at->second->request == told.request, told,
         "was told record " + std::to_string(told.number) +
             (at == kept_.end() ? ", which is gone" : ", which is about another"));
  }

  void told_is_true(const Event& told) {
    if (told.verdict == "executed" || told.verdict == "rejected")
      need("I-MONO", stands(told.request) == told.verdict, told,
           "was told " + told.verdict + ", the ledger has '" + stands(told.request) + "'");
    if (told.verdict == "not_executed" && told.final_)
      need("I-DECIDED", stands(told.request) != "executed", told,
           "was told not executed, and it is (" + told.code + ")");
  }

  // What executed was confirmed and dispatched first, and that is on the disk (G1, G9).
  void licensed(const Event& row) {
    std::uint64_t confirmed = 0;
    std::uint64_t dispatched = 0;
    for (const auto& record : disk_.kept) {
      if (record.request != row.request || record.digest != row.digest) continue;
      if (record.what == "confirmed") confirmed = record.number;
      if (record.what == "dispatched") dispatched = record.number;
    }
    need("I-AUDIT", confirmed != 0 && dispatched > confirmed, row,
         row.verdict + " without a durable record of the dispatch");
  }

  void nothing_went(const DiskContents& before) {
    for (const auto& row : before.stands)
      need("I-MONO", stands(row.request) == row.verdict, row, "its ledger row went or changed");
    for (const auto& record : before.kept) {
      const auto at = kept_.find(record.number);
      need("I-MONO",
           at != kept_.end() && at->second->request == record.request &&
               at->second->what == record.what,
           record, "record " + std::to_string(record.number) + " went or changed");
    }
  }

  const History& history_;
  const DiskContents& disk_;
  std::map<std::uint64_t, const Event*> kept_;
  std::map<std::string, const Event*> rows_;
  Judgement judgement_;
};

}  // namespace

Judgement judge_disk(const History& history, const DiskContents& disk, const DiskContents* before) {
  return Judge(history, disk).run(before);
}

}  // namespace aeromq::chaos::disk
