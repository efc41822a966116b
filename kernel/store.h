// The embedded kernel's durable side: one SQLite file, WAL, synchronous=FULL, one transaction a
// change. It must never go on after a failed commit, and never change or delete a ledger row.
// Node reports are NOT here: they are heard again within seconds, and after a restart a report that
// is not heard again is stale, which is the safe reading. Only what they prove about acknowledged
// writes is kept, before the node is answered (P6-S1).
#pragma once
#include <memory>
#include <string>

#include "kernel/file_format.h"
#include "kernel/outcome_rule.h"
#include "kernel/register.h"

namespace aeromq::kernel {

/// A person ended an epoch: who, why, when.
struct FenceRow {
  std::uint64_t dispatcher = 0;
  std::uint32_t epoch = 0;
  unsigned uid = 0;
  std::string reason;
  std::uint64_t wall_ms = 0;
  friend bool operator==(const FenceRow&, const FenceRow&) = default;
};

/// A person lowered what a node's reports had raised: whose, from where to where, who, why, when.
struct LoweringRow {
  std::string node;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  unsigned uid = 0;
  std::string reason;
  std::uint64_t wall_ms = 0;
  friend bool operator==(const LoweringRow&, const LoweringRow&) = default;
};

/// Whose register a file is, and what it holds beside the register. A kernel opens none of another
/// kind: it would not know what it must not do.
struct RegisterKind {
  FileFormat format;
  /// A new register gives authority to its first node; else nobody has it until a look has told.
  bool first_node_holds = true;
};
extern const RegisterKind kEmbeddedRegister;
/// The tables of every kind's first version; a kind's own stand behind them.
extern const char* const kRegisterTables;

class Store {
 public:
  enum class Mode { read_write, read_only };

  /// Opens an existing register; the caller holds its lifetime lock. One of an older version is
  /// brought up to this program's before anything is read. read_only never writes the file, not
  /// even a checkpoint, but syncs what is there before it believes it. Error INVALID_INPUT, field
  /// `register`.
  static Result<Store> open(const std::string& path, Mode mode,
                            const RegisterKind& kind = kEmbeddedRegister);
  /// Makes the file with `first` in it: whole and durable, or not there. Error INVALID_INPUT,
  /// `register`.
  static Result<Store> create(const std::string& path, const Register& first,
                              const RegisterKind& kind = kEmbeddedRegister);
  static bool exists(const std::string& path);
  /// Takes the disk blocks that the WAL of the register at `path` needs for its few rows, before
  /// others have them. False: the disk is full.
  static bool take_reserve(const std::string& path);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// The register as it was committed last; nobody's report is in it.
  Register load() const;
  std::uint64_t snapshot_limit() const;
  std::uint32_t epoch_of(std::uint64_t dispatcher) const;  ///< 0 = never opened
  std::optional<LedgerRow> find_row(const RequestId& request) const;
  std::uint64_t ledger_rows() const;
  std::vector<FenceRow> fences() const;
  std::vector<LoweringRow> lowerings() const;  ///< embedded kernel only
  std::string integrity() const;  ///< SQLite's integrity_check: "ok" or its first complaint
  /// Whether the file's disk has room for more than the few rows that the reserve is kept for:
  /// epochs, fences, lowered positions. Acts and reports need it. The reserve lies in the WAL
  /// (take_reserve).
  bool has_room() const;
  const std::string& path() const;
  std::uint64_t file_octets() const;
  std::uint64_t wal_octets() const;

  // One transaction each. Nothing is answered before they return; a failed commit ends the process
  // (fail stop), since after it nobody can say what the file holds.
  void begin();
  void write_register(const Register& state);
  void write_row(const LedgerRow& row);
  void commit();
  void write_acknowledged(std::uint64_t acknowledged);
  void write_snapshot_limit(std::uint64_t limit);
  void write_epoch(std::uint64_t dispatcher, std::uint32_t epoch);
  void write_fence(const FenceRow& row);
  void write_lowering(const LoweringRow& row);
  /// A person began this register in the place of one that is gone.
  void write_beginning(const std::string& reason, unsigned uid, std::uint64_t wall_ms);
  /// After a backup was restored: a new history, so that ids of the lost one read "unknown".
  void renew_history(HistoryId history, std::uint64_t least_fencing_epoch);
  /// Nodes of the settings that the register does not have yet; none is ever removed.
  void add_nodes(const std::vector<std::string>& nodes);

  /// For what a kind keeps in the same file, in the same transactions.
  const Database& database() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::kernel
