#include "kernel/postgresql/service/grants.h"

#include <cstdlib>

#include "kernel/postgresql/service/rules.h"
#include "kernel/sqlite.h"
#include "process/log.h"

namespace aeromq::postgresql {

using kernel::Statement;

namespace {

// A grant that could go or change would let a request be granted again, or end without a row.
constexpr const char* kTables = R"sql(
CREATE TABLE term(one INTEGER PRIMARY KEY CHECK(one = 1), term INTEGER NOT NULL);
INSERT INTO term VALUES(1, 0);
CREATE TABLE grants(request BLOB PRIMARY KEY CHECK(length(request) = 20),
  term INTEGER NOT NULL UNIQUE, node TEXT NOT NULL, act BLOB NOT NULL,
  state INTEGER NOT NULL CHECK(state IN (0, 1, 2)),
  kernel_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, journal TEXT NOT NULL);
CREATE UNIQUE INDEX one_open_grant ON grants(state) WHERE state = 0;
CREATE TABLE journals(number INTEGER PRIMARY KEY, node TEXT NOT NULL, journal TEXT NOT NULL,
  uid INTEGER NOT NULL, reason TEXT NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TRIGGER journals_keep BEFORE DELETE ON journals
  BEGIN SELECT RAISE(ABORT, 'the name of a journal is never deleted'); END;
CREATE TRIGGER journals_stand BEFORE UPDATE ON journals
  BEGIN SELECT RAISE(ABORT, 'the name of a journal never changes'); END;
CREATE TRIGGER term_grows BEFORE UPDATE ON term WHEN new.term <= old.term
  BEGIN SELECT RAISE(ABORT, 'a term only grows'); END;
CREATE TRIGGER term_stays BEFORE DELETE ON term
  BEGIN SELECT RAISE(ABORT, 'the term is never deleted'); END;
CREATE TRIGGER grants_keep BEFORE DELETE ON grants
  BEGIN SELECT RAISE(ABORT, 'a grant is never deleted'); END;
CREATE TRIGGER grants_newest BEFORE INSERT ON grants
  WHEN new.state <> 0 OR new.term <= (SELECT coalesce(max(term), 0) FROM grants)
  BEGIN SELECT RAISE(ABORT, 'a grant has a newer term than all others, and is open'); END;
CREATE TRIGGER grants_stand BEFORE UPDATE ON grants
  WHEN old.state = 1 OR new.state = 0 OR new.state = old.state OR new.request <> old.request
    OR new.term <> old.term OR new.node <> old.node OR new.act <> old.act
    OR new.kernel_ms <> old.kernel_ms OR new.wall_ms <> old.wall_ms OR new.journal <> old.journal
  BEGIN SELECT RAISE(ABORT, 'a grant is settled once, and never changes'); END;
CREATE TRIGGER grants_end_with_a_row BEFORE UPDATE ON grants
  WHEN new.state = 1 AND NOT EXISTS (SELECT 1 FROM ledger WHERE request = new.request)
  BEGIN SELECT RAISE(ABORT, 'a grant is settled with its ledger row'); END;
)sql";

// Version 2: where the last primary's shutdown checkpoint ends, what acts did that they must not
// have done, and who changed the cluster's members.
constexpr const char* kSecond = R"sql(
INSERT INTO meta VALUES('shutdown_end', 0);
CREATE TABLE alarms(number INTEGER PRIMARY KEY, code TEXT NOT NULL, text TEXT NOT NULL,
  request BLOB NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TABLE alarm_ends(alarm INTEGER PRIMARY KEY, uid INTEGER NOT NULL, reason TEXT NOT NULL,
  wall_ms INTEGER NOT NULL);
CREATE TABLE member_changes(number INTEGER PRIMARY KEY, node TEXT NOT NULL, what TEXT NOT NULL,
  uid INTEGER NOT NULL, reason TEXT NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TRIGGER alarms_keep BEFORE DELETE ON alarms
  BEGIN SELECT RAISE(ABORT, 'an alarm is never deleted'); END;
CREATE TRIGGER alarms_stand BEFORE UPDATE ON alarms
  BEGIN SELECT RAISE(ABORT, 'an alarm never changes'); END;
CREATE TRIGGER alarm_ends_keep BEFORE DELETE ON alarm_ends
  BEGIN SELECT RAISE(ABORT, 'the end of an alarm is never deleted'); END;
CREATE TRIGGER alarm_ends_stand BEFORE UPDATE ON alarm_ends
  BEGIN SELECT RAISE(ABORT, 'the end of an alarm never changes'); END;
CREATE TRIGGER member_changes_keep BEFORE DELETE ON member_changes
  BEGIN SELECT RAISE(ABORT, 'a change of the members is never deleted'); END;
CREATE TRIGGER member_changes_stand BEFORE UPDATE ON member_changes
  BEGIN SELECT RAISE(ABORT, 'a change of the members never changes'); END;
)sql";

const std::string kFirst = std::string(kernel::kRegisterTables) + kTables;
const char* const kSteps[] = {kFirst.c_str(), kSecond};
constexpr const char* kColumns =
    "SELECT act, term, state, kernel_ms, wall_ms, journal FROM grants ";

}  // namespace

const kernel::RegisterKind kPostgresqlRegister{{"aeromq-register-postgresql", kSteps}, false};

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
  // No register ever gave so many: a damaged journal's number must not use the terms up.
  constexpr std::uint64_t kMostAhead = std::uint64_t{1} << 32;
  const auto known = last();
  if (term <= known || term - known >= kMostAhead) return;
  // Before the term: a crash between the two must not forget it.
  Statement(*database_, "INSERT OR REPLACE INTO meta VALUES('promised_beyond', ?)")
      .number(term)
      .run();
  Statement(*database_, "UPDATE term SET term = ?").number(term).run();
}

std::uint64_t RegisterTerms::promised_beyond() const {
  Statement query(*database_, "SELECT value FROM meta WHERE key = 'promised_beyond'");
  return query.step() ? query.number_at(0) : 0;
}

std::optional<Grant> Grants::read(Statement& query) const {
  if (!query.step()) return std::nullopt;
  auto act = decode<Act>(query.blob_at(0));
  if (!act) {
    process::log_error("register_failed", {{"why", "a grant cannot be read"}});
    std::abort();
  }
  return Grant{std::move(*act),    query.number_at(1), static_cast<GrantState>(query.number_at(2)),
               query.number_at(3), query.number_at(4), query.text_at(5)};
}

std::optional<Grant> Grants::open() const {
  Statement query(*database_, (std::string(kColumns) + "WHERE state = 0").c_str());
  return read(query);
}

std::vector<Grant> Grants::unsettled() const {
  Statement query(*database_, (std::string(kColumns) + "WHERE state <> 1 ORDER BY term").c_str());
  std::vector<Grant> all;
  while (auto grant = read(query)) all.push_back(std::move(*grant));
  return all;
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
  Statement(*database_, "INSERT INTO grants VALUES(?,?,?,?,?,?,?,?)")
      .blob(grant.act.request.octets())
      .number(grant.term)
      .text(grant.act.node)
      .blob(encode(grant.act))
      .number(static_cast<std::uint64_t>(grant.state))
      .number(grant.kernel_ms)
      .number(grant.wall_ms)
      .text(grant.journal)
      .run();
}

void Grants::settle(const RequestId& request) {
  Statement(*database_, "UPDATE grants SET state = 1 WHERE request = ?")
      .blob(request.octets())
      .run();
}

void Grants::set_aside(const RequestId& request) {
  Statement(*database_, "UPDATE grants SET state = 2 WHERE request = ?")
      .blob(request.octets())
      .run();
}

std::string Journals::of(const std::string& node) const {
  Statement query(*database_,
                  "SELECT journal FROM journals WHERE node = ? ORDER BY number DESC LIMIT 1");
  return query.text(node).step() ? query.text_at(0) : std::string{};
}

void Journals::learn(const std::string& node, const std::string& journal, std::uint64_t wall_ms) {
  write(node, journal, 0, "first seen", wall_ms);
}

void Journals::forget(const std::string& node, std::uint64_t uid, const std::string& reason,
                      std::uint64_t wall_ms) {
  write(node, {}, uid, reason, wall_ms);
}

void Journals::write(const std::string& node, const std::string& journal, std::uint64_t uid,
                     const std::string& reason, std::uint64_t wall_ms) {
  Statement(*database_,
            "INSERT INTO journals(node, journal, uid, reason, wall_ms) VALUES(?,?,?,?,?)")
      .text(node)
      .text(journal)
      .number(uid)
      .text(reason)
      .number(wall_ms)
      .run();
}

OutcomeAnswer outcome_of_dead(const kernel::Store& store, const RequestId& request,
                              const Moment& now) {
  const auto grant = Grants(store.database()).find(request);
  if (grant && !store.find_row(request)) return outcome_unasked(*grant, kernel::kernel_ms(now));
  return kernel::outcome_of_dead(store, request, now);
}

}  // namespace aeromq::postgresql
