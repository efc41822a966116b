// What lies in a register's file, version by version.
#include "kernel/store.h"

namespace aeromq::kernel {

// The triggers hold rule 19: a row that could go would turn "executed" into "not executed".
const char* const kRegisterTables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes(name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE dispatchers(id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL);
CREATE TABLE fences(number INTEGER PRIMARY KEY, dispatcher INTEGER NOT NULL, epoch INTEGER NOT NULL,
  uid INTEGER NOT NULL, reason TEXT NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TABLE ledger(request BLOB PRIMARY KEY CHECK(length(request) = 20),
  executed INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, action TEXT NOT NULL,
  node TEXT NOT NULL, principal TEXT NOT NULL, command_digest BLOB NOT NULL, reason TEXT NOT NULL,
  answer BLOB NOT NULL, snapshot_before INTEGER NOT NULL, snapshot_after INTEGER NOT NULL,
  kernel_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL);
CREATE TRIGGER ledger_keeps BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'a ledger row is never deleted'); END;
CREATE TRIGGER ledger_stands BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'a ledger row never changes'); END;
CREATE TRIGGER epochs_grow BEFORE UPDATE ON dispatchers WHEN new.epoch <= old.epoch
  BEGIN SELECT RAISE(ABORT, 'an epoch only grows'); END;
)sql";

namespace {
// Version 2 has the tables of the first. A program of the first reads none of it, since it would
// not know what its rows say. Version 3 keeps persons' orders to lower what a report had raised.
const char* const kEmbeddedSteps[] = {kRegisterTables, "", R"sql(
CREATE TABLE lowerings(number INTEGER PRIMARY KEY, node TEXT NOT NULL, before INTEGER NOT NULL,
  after INTEGER NOT NULL, uid INTEGER NOT NULL, reason TEXT NOT NULL, wall_ms INTEGER NOT NULL);
)sql"};
}  // namespace

const RegisterKind kEmbeddedRegister{{"aeromq-register", kEmbeddedSteps}, true};

}  // namespace aeromq::kernel
