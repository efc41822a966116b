// One cluster of real servers under one control plane, with a writer at work and an observer beside
// it, and the faults that were found. What the one checker knows is left to it.
#pragma once
#include <memory>
#include <optional>

#include "chaos/checker/checker.h"
#include "chaos/checker/coverage.h"
#include "chaos/postgresql/cluster.h"
#include "chaos/postgresql/observer.h"
#include "chaos/postgresql/truth.h"
#include "chaos/postgresql/writer.h"
#include "chaos/stack/person.h"

namespace aeromq::chaos::postgresql {

/// What a person did by hand, by the runbook of docs/postgresql.md.
struct Handwork {
  unsigned agents_started = 0;
  unsigned servers_started = 0;
  unsigned rejoined = 0;
  unsigned forced = 0;
  unsigned promoted = 0;
};

struct SiteOptions {
  std::filesystem::path bin_dir;
  std::string name;         ///< part of the directories' names
  bool synchronous = true;  ///< ANY 1 of the others, or nobody
  std::uint64_t promote_deadline_ms = 4000;
};

class Site {
 public:
  explicit Site(const SiteOptions& options);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  Cluster& cluster() { return *cluster_; }
  Stack& stack() { return *stack_; }
  Recorder& recorder() { return *recorder_; }
  Writer& writer() { return *writer_; }
  const Observer& observer() const { return *observer_; }
  bool synchronous() const { return options_.synchronous; }
  Handwork handwork;

  /// The control plane: every part alive, and it answers.
  bool serves();
  /// One primary that both others stream from, every agent at work, nothing undecided.
  bool healthy();

  void begin(const std::string& what, const std::string& replay);
  /// Something that is not as it must be.
  void fault(const std::string& text);
  const std::vector<std::string>& faults() const { return faults_; }

  /// Acknowledged rows that are gone since the last call. A forced promotion of an asynchronous
  /// cluster may lose some, and says so before: then they are counted, else they are faults.
  void judge_rows(bool may_lose);
  std::size_t rows_lost() const { return lost_.size(); }
  std::size_t rows_explained() const { return explained_; }

  /// Judges what only the end tells; the number of faults and violations. If there are any, the
  /// directories are kept.
  std::size_t finish(Coverage& coverage);

 private:
  SiteOptions options_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Writer> writer_;
  std::vector<std::string> faults_;
  std::string doing_;
  std::string replay_;
  std::set<std::uint64_t> lost_;
  std::size_t explained_ = 0;
};

}  // namespace aeromq::chaos::postgresql
