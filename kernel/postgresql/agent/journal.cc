#include "kernel/postgresql/agent/journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/durable.h"
#include "kernel/file_format.h"
#include "kernel/gone.h"
#include "process/clock.h"
#include "process/entropy.h"
#include "process/log.h"

namespace aeromq::postgresql {
namespace {

using kernel::Database;
using kernel::Statement;

// The triggers and indexes hold what the rest relies on, whoever writes: entries stand for ever, an
// id is claimed once and decided once, and one claim at most is open.
constexpr const char* kSchema = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE entry(number INTEGER PRIMARY KEY, kind TEXT NOT NULL, request BLOB, body BLOB NOT NULL,
  wall_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX one_claim ON entry(request) WHERE kind = 'claim';
CREATE UNIQUE INDEX one_result ON entry(request) WHERE kind = 'result';
CREATE TRIGGER entry_keeps BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER entry_stands BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'an entry never changes'); END;
CREATE TRIGGER one_open BEFORE INSERT ON entry WHEN new.kind = 'claim' AND EXISTS(
    SELECT 1 FROM entry c WHERE c.kind = 'claim' AND NOT EXISTS(
      SELECT 1 FROM entry r WHERE r.kind = 'result' AND r.request = c.request))
  BEGIN SELECT RAISE(ABORT, 'a claim is open'); END;
CREATE TRIGGER result_of_claim BEFORE INSERT ON entry WHEN new.kind = 'result' AND NOT EXISTS(
    SELECT 1 FROM entry WHERE kind = 'claim' AND request = new.request)
  BEGIN SELECT RAISE(ABORT, 'a result without a claim'); END;
)sql";
// Version 2 has the same table. A program of the first reads none of it, since it would not know
// what its entries say.
const char* const kSteps[] = {kSchema, ""};
constexpr kernel::FileFormat kFormat{"aeromq-pg-journal", kSteps};

Error bad(const std::string& path, const std::string& what) {
  return make_error(ErrorCode::invalid_input, path + ": " + what, "journal");
}

bool exists(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && found.st_size > 0;
}

std::string meta(const Database& database, const char* key) {
  Statement query(database, "SELECT value FROM meta WHERE key = ?");
  return query.text(key).step() ? query.text_at(0) : std::string{};
}

// Under another name until it is whole: a journal that is there can be believed.
Result<void> create(const std::string& path, const std::string& node) {
  for (const auto* left : {"-wal", "-journal"})
    if (exists(path + left))
      return fail(bad(path, std::string("it is gone, but ") + left + " of it is still there"));
  const auto half = path + ".new";
  for (const auto* left : {"", "-journal"}) ::unlink((half + left).c_str());
  {
    auto database = Database::open(half, false);
    if (!database) return fail(bad(half, database.error().message));
    ::chmod(half.c_str(), 0600);
    if (auto begun = database->try_run("PRAGMA synchronous=FULL; BEGIN IMMEDIATE"); !begun)
      return fail(bad(half, begun.error().message));
    kernel::make_tables(*database, kFormat);
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"node", node},
                                     {"name", to_hex(process::fresh<BootId>().octets)}})
      Statement(*database, "INSERT INTO meta VALUES(?, ?)").text(key).text(value).run();
    database->run("COMMIT");
  }
  if (::rename(half.c_str(), path.c_str()) != 0 || !kernel::sync_folder(kernel::folder_of(path)))
    return fail(bad(path, std::strerror(errno)));
  return {};
}

template <class T>
std::optional<EntryBody> body_as(const Bytes& octets) {
  auto body = decode<T>(octets);
  if (!body) return std::nullopt;
  return EntryBody(std::move(*body));
}

std::optional<EntryBody> body_of(const std::string& kind, const Bytes& octets) {
  const auto& names = EnumNames<EntryKind>::value;
  switch (static_cast<EntryKind>(std::ranges::find(names, kind) - names.begin())) {
    case EntryKind::binding:
      return body_as<BindingEntry>(octets);
    case EntryKind::promise:
      return body_as<PromiseEntry>(octets);
    case EntryKind::claim:
      return body_as<ClaimEntry>(octets);
    case EntryKind::step:
      return body_as<StepEntry>(octets);
    case EntryKind::result:
      return body_as<ResultEntry>(octets);
    case EntryKind::note:
      return body_as<NoteEntry>(octets);
  }
  return std::nullopt;
}

}  // namespace

bool ClaimRecord::asked() const {
  return std::ranges::any_of(steps, [](const auto& step) { return step.name == StepName::asked; });
}
std::optional<StepEntry> ClaimRecord::stopped() const {
  const auto at = std::ranges::find(steps, StepName::stopped, &StepEntry::name);
  return at == steps.end() ? std::nullopt : std::optional(*at);
}

struct Journal::Impl {
  Impl(Database opened, std::string at)
      : database(std::move(opened)), path(std::move(at)), name(meta(database, "name")) {}
  mutable std::mutex mutex;
  Database database;
  std::string path;
  std::string name;
  // The entries folded together: what every question is answered from.
  std::optional<HistoryId> bound;
  std::map<HistoryId, std::uint64_t> promises;
  std::map<RequestId, ClaimRecord> claims;
  std::optional<RequestId> open;
  NoteEntry last_note;

  std::uint64_t promised() const {
    const auto at = bound ? promises.find(*bound) : promises.end();
    return at == promises.end() ? 0 : at->second;
  }
  void fold(const BindingEntry& entry) { bound = entry.history; }
  void fold(const PromiseEntry& entry) {
    auto& term = promises[entry.history];
    term = std::max(term, entry.term);
  }
  void fold(const ClaimEntry& entry) {
    claims[entry.request].claim = entry;
    open = entry.request;
  }
  void fold(const StepEntry& entry) { claims[entry.request].steps.push_back(entry); }
  void fold(const ResultEntry& entry) {
    claims[entry.request].result = entry;
    if (open == entry.request) open.reset();
    // What the kernel had done here is the newer word on who is primary.
    if (entry.executed) last_note.against.clear();
  }
  void fold(const NoteEntry& entry) { last_note = entry; }

  /// Durable first, then true for those who ask.
  template <class T>
  void append(EntryKind kind, const RequestId& request, const T& body) {
    // What could not be read back would end every later start.
    if (!decode<T>(encode(body))) {
      process::log_error("journal_failed", {{"why", "an entry does not fit the format"}});
      std::abort();
    }
    Statement insert(database,
                     "INSERT INTO entry(kind, request, body, wall_ms) VALUES(?, ?, ?, ?)");
    insert.text(std::string(text_of(kind)));
    insert.blob(request.empty() ? ByteView{} : ByteView(request.octets()));
    insert.blob(encode(body)).number(process::now().wall_ns / kNanosPerMs).run();
    fold(body);
  }
  std::vector<Entry> read() const {
    std::vector<Entry> all;
    Statement query(database, "SELECT number, wall_ms, kind, body FROM entry ORDER BY number");
    while (query.step()) {
      auto body = body_of(query.text_at(2), query.blob_at(3));
      if (!body) {
        process::log_error("journal_failed",
                           {{"why", "an entry cannot be read"}, {"number", query.number_at(0)}});
        std::abort();
      }
      all.push_back({query.number_at(0), query.number_at(1), std::move(*body)});
    }
    return all;
  }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::open(const std::string& path, const std::string& node, Mode mode) {
  if (!exists(path)) {
    if (mode == Mode::read_only) return fail(bad(path, "there is no journal"));
    if (kernel::is_gone(path))
      return fail(
          bad(path, "the journal is gone (" + kernel::mark_path(path) +
                        " says that there was one); none is made in its place unless a person "
                        "begins a new one: aeromq-pg-agent begin --reason TEXT"));
    if (auto made = create(path, node); !made) return fail(made.error());
  }
  if (!kernel::sync_what_was_left(path))
    return fail(bad(path, std::string("it cannot be synced: ") + std::strerror(errno)));
  auto database = Database::open(path, mode == Mode::read_only);
  if (!database) return fail(database.error());
  const auto first = database->try_run(mode == Mode::read_only
                                           ? "SELECT * FROM sqlite_master"
                                           : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                             "SELECT * FROM sqlite_master");
  if (!first) return fail(bad(path, first.error().message));
  if (!database->try_run("SELECT value FROM meta LIMIT 1"))
    return fail(bad(path, "this is no journal"));
  // Another node's is left as it is.
  if (meta(*database, "node") != node)
    return fail(bad(path, "this is the journal of " + meta(*database, "node")));
  if (auto met = kernel::meet_format(*database, kFormat, mode == Mode::read_write); !met)
    return fail(bad(path, detail_of(met.error())));
  Journal journal(std::make_unique<Impl>(std::move(*database), path));
  for (const auto& entry : journal.impl_->read())
    std::visit([&](const auto& body) { journal.impl_->fold(body); }, entry.body);
  if (mode == Mode::read_write && !kernel::leave_mark(path))
    return fail(bad(path, kernel::mark_path(path) + " cannot be written"));
  return journal;
}

Result<Journal> Journal::begin(const std::string& path, const std::string& node) {
  if (exists(path)) return fail(bad(path, "the journal is there"));
  if (auto made = create(path, node); !made) return fail(made.error());
  return open(path, node, Mode::read_write);
}

const std::string& Journal::name() const { return impl_->name; }
std::optional<HistoryId> Journal::bound() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->bound;
}
std::uint64_t Journal::promised() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->promised();
}
std::optional<ClaimRecord> Journal::find(const RequestId& request) const {
  const std::lock_guard lock(impl_->mutex);
  const auto at = impl_->claims.find(request);
  return at == impl_->claims.end() ? std::nullopt : std::optional(at->second);
}
std::optional<ClaimRecord> Journal::open_claim() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->open ? std::optional(impl_->claims.at(*impl_->open)) : std::nullopt;
}
NoteEntry Journal::last_note() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->last_note;
}
std::vector<Entry> Journal::entries() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->read();
}

Result<std::uint64_t> Journal::promise(HistoryId history, std::uint64_t term,
                                       const std::string& journal) {
  const std::lock_guard lock(impl_->mutex);
  // A journal that took the place of another knows nothing of what that one claimed.
  if (!journal.empty() && journal != impl_->name)
    return fail(kernel_rejection(
        "OTHER_JOURNAL",
        "this is the journal " + impl_->name + ", the register knows the journal " + journal,
        {"P6-F1"}));
  if (history.empty() || (impl_->bound && *impl_->bound != history))
    return fail(kernel_rejection("OTHER_HISTORY",
                                 "this agent is bound to the register history " +
                                     (impl_->bound ? to_hex(impl_->bound->octets) : "none") +
                                     "; `aeromq-pg-agent bind " + to_hex(history.octets) +
                                     " --reason TEXT` on its host binds it to this one",
                                 {"P6-A2"}));
  if (term <= impl_->promised())
    return fail(kernel_rejection(
        "STALE_TERM", "the term " + std::to_string(impl_->promised()) + " was promised here",
        {"P6-A2"}));
  if (!impl_->bound) impl_->append(EntryKind::binding, {}, BindingEntry{history, false, 0, {}});
  impl_->append(EntryKind::promise, {}, PromiseEntry{history, term});
  return term;
}

void Journal::bind(HistoryId history, std::uint64_t uid, const std::string& reason) {
  const std::lock_guard lock(impl_->mutex);
  impl_->append(EntryKind::binding, {}, BindingEntry{history, true, uid, reason});
}

Journal::Claiming Journal::claim(const ClaimEntry& entry) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->claims.contains(entry.request)) return Claiming::known;
  if (entry.term == 0 || entry.term != impl_->promised()) return Claiming::term_over;
  if (impl_->open) return Claiming::other_open;
  impl_->append(EntryKind::claim, entry.request, entry);
  return Claiming::claimed;
}

void Journal::step(const StepEntry& entry) {
  const std::lock_guard lock(impl_->mutex);
  impl_->append(EntryKind::step, entry.request, entry);
}
void Journal::result(const ResultEntry& entry) {
  const std::lock_guard lock(impl_->mutex);
  impl_->append(EntryKind::result, entry.request, entry);
}
void Journal::note(const NoteEntry& entry) {
  const std::lock_guard lock(impl_->mutex);
  impl_->append(EntryKind::note, {}, entry);
}

AgentClaim Journal::word_on(const RequestId& request, std::uint64_t boot_ms) const {
  const std::lock_guard lock(impl_->mutex);
  AgentClaim word;
  word.request = request;
  word.journal = impl_->name;
  word.promised = impl_->promised();
  const auto at = impl_->claims.find(request);
  if (at == impl_->claims.end()) return word;
  const auto& [claim, steps, result] = at->second;
  word.state = ClaimState::open;
  word.term = claim.term;
  word.node = claim.node;
  word.action = text_of(claim.action);
  word.principal = claim.principal;
  if (!result) {
    word.since_ms = boot_ms > claim.boot_ms ? boot_ms - claim.boot_ms : 0;
    return word;
  }
  word.state = result->executed ? ClaimState::executed : ClaimState::rejected;
  word.code = result->code;
  word.text = result->text;
  word.invariants = result->invariants;
  word.effects = result->effects;
  word.shutdown_checkpoint = result->shutdown_checkpoint;
  word.timeline = result->timeline;
  word.shutdown_end = result->shutdown_end;
  word.alarms = result->alarms;
  return word;
}

std::string journal_lock_path(const std::string& journal) { return journal + ".lock"; }

}  // namespace aeromq::postgresql
