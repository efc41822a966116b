#include "kernel/postgresql/service/grants.h"

#include <cstdlib>

#include "kernel/postgresql/service/rules.h"
#include "kernel/sqlite.h"
#include "process/log.h"

namespace aeromq::postgresql {

using kernel::Statement;

// A grant that could go or change would let a request be granted again, or end without a row.
const kernel::RegisterKind kPostgresqlRegister{"aeromq-register-postgresql-1", R"sql(
CREATE TABLE term(one INTEGER PRIMARY KEY CHECK(one = 1), term INTEGER NOT NULL);
INSERT INTO term VALUES(1, 0);
CREATE TABLE grants(request BLOB PRIMARY KEY CHECK(length(request) = 20),
  term INTEGER NOT NULL UNIQUE, node TEXT NOT NULL, act BLOB NOT NULL,
  settled INTEGER NOT NULL CHECK(settled IN (0, 1)),
  kernel_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX one_open_grant ON grants(settled) WHERE settled = 0;
CREATE TRIGGER term_grows BEFORE UPDATE ON term WHEN new.term <= old.term
  BEGIN SELECT RAISE(ABORT, 'a term only grows'); END;
CREATE TRIGGER term_stays BEFORE DELETE ON term
  BEGIN SELECT RAISE(ABORT, 'the term is never deleted'); END;
CREATE TRIGGER grants_keep BEFORE DELETE ON grants
  BEGIN SELECT RAISE(ABORT, 'a grant is never deleted'); END;
CREATE TRIGGER grants_newest BEFORE INSERT ON grants
  WHEN new.settled <> 0 OR new.term <= (SELECT coalesce(max(term), 0) FROM grants)
  BEGIN SELECT RAISE(ABORT, 'a grant has a newer term than all others, and is open'); END;
CREATE TRIGGER grants_stand BEFORE UPDATE ON grants
  WHEN old.settled <> 0 OR new.settled <> 1 OR new.request <> old.request
    OR new.term <> old.term OR new.node <> old.node OR new.act <> old.act
    OR new.kernel_ms <> old.kernel_ms OR new.wall_ms <> old.wall_ms
  BEGIN SELECT RAISE(ABORT, 'a grant is settled once, and never changes'); END;
CREATE TRIGGER grants_end_with_a_row BEFORE UPDATE ON grants
  WHEN NOT EXISTS (SELECT 1 FROM ledger WHERE request = new.request)
  BEGIN SELECT RAISE(ABORT, 'a grant is settled with its ledger row'); END;
)sql"};

namespace {
constexpr const char* kColumns = "SELECT act, term, settled, kernel_ms, wall_ms FROM grants ";
}  // namespace

std::uint64_t RegisterTerms::last() const {
  Statement query(*database_, "SELECT term FROM term");
  return query.step() ? query.number_at(0) : 0;
}

std::uint64_t RegisterTerms::next_term() {
  const auto next = last() + 1;
  Statement(*database_, "UPDATE term SET term = ?").number(next).run();
  return next;
}

void RegisterTerms::heard_of(std::uint64_t term) {
  if (term > last()) Statement(*database_, "UPDATE term SET term = ?").number(term).run();
}

std::optional<Grant> Grants::read(Statement& query) const {
  if (!query.step()) return std::nullopt;
  auto act = decode<Act>(query.blob_at(0));
  if (!act) {
    process::log_error("register_failed", {{"why", "a grant cannot be read"}});
    std::abort();
  }
  return Grant{std::move(*act), query.number_at(1), query.number_at(2) != 0, query.number_at(3),
               query.number_at(4)};
}

std::optional<Grant> Grants::open() const {
  Statement query(*database_, (std::string(kColumns) + "WHERE settled = 0").c_str());
  return read(query);
}

std::optional<Grant> Grants::find(const RequestId& request) const {
  Statement query(*database_, (std::string(kColumns) + "WHERE request = ?").c_str());
  query.blob(request.octets());
  return read(query);
}

std::uint64_t Grants::count() const {
  Statement query(*database_, "SELECT count(*) FROM grants");
  return query.step() ? query.number_at(0) : 0;
}

void Grants::write(const Grant& grant) {
  Statement(*database_, "INSERT INTO grants VALUES(?,?,?,?,?,?,?)")
      .blob(grant.act.request.octets())
      .number(grant.term)
      .text(grant.act.node)
      .blob(encode(grant.act))
      .number(grant.settled ? 1 : 0)
      .number(grant.kernel_ms)
      .number(grant.wall_ms)
      .run();
}

void Grants::settle(const RequestId& request) {
  Statement(*database_, "UPDATE grants SET settled = 1 WHERE request = ?")
      .blob(request.octets())
      .run();
}

OutcomeAnswer outcome_of_dead(const kernel::Store& store, const RequestId& request,
                              const Moment& now) {
  const auto open = Grants(store.database()).open();
  if (open && open->act.request == request && !store.find_row(request))
    return outcome_unasked(*open, kernel::kernel_ms(now));
  return kernel::outcome_of_dead(store, request, now);
}

}  // namespace aeromq::postgresql
