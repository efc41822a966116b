// What the register of a PostgreSQL cluster holds beside an embedded one's: the cluster's one term,
// the grants, and the names of the agents' journals. In the same file and the same transactions;
// the triggers hold that a term only grows, that one grant at most is open, and that a settled one
// never changes.
#pragma once
#include "kernel/register_kernel.h"

namespace aeromq::postgresql {

/// An embedded kernel opens no file of this kind, nor this one an embedded kernel's.
extern const kernel::RegisterKind kPostgresqlRegister;

/// open: it stands in the way of every other. aside: a person forced another past it, because its
/// agent did not answer; it blocks nothing, and is still to be found out. settled: it has its row.
enum class GrantState : std::uint8_t { open, settled, aside };

/// The licence for one act on one node, under a term that no other grant ever has. Durable before
/// anything is sent.
struct Grant {
  Act act;
  std::uint64_t term = 0;
  GrantState state = GrantState::open;
  std::uint64_t kernel_ms = 0;
  std::uint64_t wall_ms = 0;
  std::string journal;  ///< the agent's, as it was known then: only that one can tell what became
  friend bool operator==(const Grant&, const Grant&) = default;
};

/// Where terms come from. The place to put an etcd in: several control planes on hosts of their own
/// need a term that outlives one machine.
class TermAuthority {
 public:
  virtual ~TermAuthority() = default;
  /// A term that is above every one ever given. It is asked for inside of the transaction that
  /// first uses it, and that commit makes it durable, if it was not so before. A term that nobody
  /// comes to use does no harm.
  virtual std::uint64_t next_term() = 0;
  /// An agent has promised this one, so it was given once, be it by a register that is lost: the
  /// next is above it.
  virtual void heard_of(std::uint64_t term) = 0;
  virtual std::uint64_t last() const = 0;
  /// The highest term that was promised to this history and that it never gave: another register of
  /// the same history did. 0: none was heard of. Only a new history ends it.
  virtual std::uint64_t promised_beyond() const = 0;
};

/// The terms of the register file: for one control plane, on one machine.
class RegisterTerms final : public TermAuthority {
 public:
  explicit RegisterTerms(const kernel::Database& database) : database_(&database) {}
  std::uint64_t next_term() override;
  void heard_of(std::uint64_t term) override;
  std::uint64_t last() const override;
  std::uint64_t promised_beyond() const override;

 private:
  const kernel::Database* database_;
};

/// The grants of a register file.
class Grants {
 public:
  explicit Grants(const kernel::Database& database) : database_(&database) {}
  std::optional<Grant> open() const;
  /// Those that are open or set aside, the oldest first.
  std::vector<Grant> unsettled() const;
  std::optional<Grant> find(const RequestId& request) const;
  std::uint64_t count() const;
  /// Precondition: none is open, and its term is the newest.
  void write(const Grant& grant);
  void settle(const RequestId& request);
  void set_aside(const RequestId& request);

 private:
  std::optional<Grant> read(kernel::Statement& query) const;
  const kernel::Database* database_;
};

/// Which journal is whose. The first that an agent shows is the one; another in its place knows
/// nothing of what was claimed, so it counts only after a person has said so.
class Journals {
 public:
  explicit Journals(const kernel::Database& database) : database_(&database) {}
  /// Empty: none is known.
  std::string of(const std::string& node) const;
  void learn(const std::string& node, const std::string& journal, std::uint64_t wall_ms);
  /// A person's word that the journal of `node` is gone for good.
  void forget(const std::string& node, std::uint64_t uid, const std::string& reason,
              std::uint64_t wall_ms);

 private:
  void write(const std::string& node, const std::string& journal, std::uint64_t uid,
             const std::string& reason, std::uint64_t wall_ms);
  const kernel::Database* database_;
};

/// The outcome as the file of a dead kernel tells it, under its lifetime lock: of an open grant the
/// node's agent knows more, and its name is told.
OutcomeAnswer outcome_of_dead(const kernel::Store& store, const RequestId& request,
                              const Moment& now);

}  // namespace aeromq::postgresql
