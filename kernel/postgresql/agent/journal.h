// What this host promised, claimed and did: one append-only SQLite file outside of PGDATA, synced
// before anything is answered. The agent's ledger. A write that fails ends the process, since after
// it nobody could say what the file holds.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "kernel/postgresql/agent/entries.h"
#include "messages/result.h"

namespace aeromq::postgresql {

/// Everything that the journal has of one request.
struct ClaimRecord {
  ClaimEntry claim;
  std::vector<StepEntry> steps;
  std::optional<ResultEntry> result;
  bool asked() const;
  std::optional<StepEntry> stopped() const;  ///< a demotion's step of that name
  friend bool operator==(const ClaimRecord&, const ClaimRecord&) = default;
};

using EntryBody =
    std::variant<BindingEntry, PromiseEntry, ClaimEntry, StepEntry, ResultEntry, NoteEntry>;
struct Entry {
  std::uint64_t number = 0;
  std::uint64_t wall_ms = 0;
  EntryBody body;
};

/// Thread-safe: each call is one step of the whole, so that a question never runs beside a claim.
class Journal {
 public:
  enum class Mode { read_write, read_only };
  /// Makes the file if there never was one (read_write). The caller holds its lock. Error
  /// INVALID_INPUT, field `journal`: gone, not a journal, another node's, not readable.
  static Result<Journal> open(const std::string& path, const std::string& node, Mode mode);
  /// A person begins a new one in the place of one that is gone. Error: one is there.
  static Result<Journal> begin(const std::string& path, const std::string& node);
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  /// Made at random with the file: a register that knows it takes no other journal's word.
  const std::string& name() const;
  std::optional<HistoryId> bound() const;
  std::uint64_t promised() const;  ///< to the history that it is bound to
  std::optional<ClaimRecord> find(const RequestId& request) const;
  std::optional<ClaimRecord> open_claim() const;
  /// What a person ordered last: start or stop. Empty what: nothing.
  NoteEntry last_note() const;
  std::vector<Entry> entries() const;

  /// Binds at the first call. Error, nothing written: `journal` is named and is not this one,
  /// another history, a term that is not higher.
  Result<std::uint64_t> promise(HistoryId history, std::uint64_t term,
                                const std::string& journal = {});
  void bind(HistoryId history, std::uint64_t uid, const std::string& reason);
  enum class Claiming { claimed, known, other_open, term_over };
  /// Claims only for the term promised last, a new id, while no claim is open.
  Claiming claim(const ClaimEntry& entry);
  void step(const StepEntry& entry);
  /// Precondition: the claim is open.
  void result(const ResultEntry& entry);
  void note(const NoteEntry& entry);

  /// The journal's word on an id, claim and promise read together.
  AgentClaim word_on(const RequestId& request, std::uint64_t boot_ms) const;

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

std::string journal_lock_path(const std::string& journal = {});

}  // namespace aeromq::postgresql
