#include "kernel/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/durable.h"
#include "process/files.h"
#include "process/log.h"

namespace aeromq::kernel {

namespace {

// SQLite begins the WAL anew after 4 MiB; while the disk is full it cannot, and goes on behind it.
constexpr off_t kReserve = 6 << 20;
// Less than this is a full disk: an act with its row takes a few pages.
constexpr std::uint64_t kLeastRoom = 1 << 20;

// What the column `executed` holds.
constexpr std::uint64_t kRejected = 0;
constexpr std::uint64_t kExecuted = 1;
constexpr std::uint64_t kNotExecuted = 2;

std::uint64_t size_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

std::string meta_text(const Database& database, const std::string& key) {
  Statement query(database, "SELECT value FROM meta WHERE key = ?");
  return query.text(key).step() ? query.text_at(0) : std::string{};
}
std::uint64_t meta_number(const Database& database, const std::string& key) {
  Statement query(database, "SELECT value FROM meta WHERE key = ?");
  return query.text(key).step() ? query.number_at(0) : 0;
}
void set_meta(const Database& database, const std::string& key, std::uint64_t value) {
  Statement(database, "INSERT OR REPLACE INTO meta VALUES(?, ?)").text(key).number(value).run();
}
void set_meta(const Database& database, const std::string& key, const std::string& value) {
  Statement(database, "INSERT OR REPLACE INTO meta VALUES(?, ?)").text(key).text(value).run();
}
void set_history(const Database& database, HistoryId history) {
  Statement(database, "INSERT OR REPLACE INTO meta VALUES('history', ?)")
      .blob(history.octets)
      .run();
}

Error bad(const std::string& path, const std::string& what) {
  return make_error(ErrorCode::invalid_input, path + ": " + what, "register");
}

void write_kept(const Database& database, const Register& state) {
  set_meta(database, "fencing_epoch", state.fencing_epoch);
  set_meta(database, "holder", state.holder);
  set_meta(database, "last_primary", state.last_primary);
  set_meta(database, "demoted_epoch", state.demoted_epoch);
  set_meta(database, "acknowledged", state.acknowledged);
  set_meta(database, "timeline", state.timeline);
  set_meta(database, "shutdown_end", state.shutdown_end);
}

/// A whole register in one file, without a WAL: durable when this returns.
Result<void> write_new(const std::string& path, const Register& first, const RegisterKind& kind) {
  auto database = Database::open(path, false);
  if (!database) return fail(database.error());
  ::chmod(path.c_str(), 0600);
  if (auto begun = database->try_run("PRAGMA synchronous=FULL; BEGIN IMMEDIATE"); !begun)
    return fail(bad(path, begun.error().message));
  make_tables(*database, kind.format);
  set_meta(*database, "cluster", first.cluster);
  set_meta(*database, "snapshot_limit", std::uint64_t{0});
  set_history(*database, first.history);
  for (const auto& [name, node] : first.nodes)
    Statement(*database, "INSERT INTO nodes VALUES(?)").text(name).run();
  write_kept(*database, first);
  database->run("COMMIT");
  return {};
}

}  // namespace

struct Store::Impl {
  Impl(Database opened, std::string at) : database(std::move(opened)), path(std::move(at)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() = default;
  Database database;
  std::string path;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
// A WAL that is gone takes the reserve along, and the next start may not get it back.
Store::~Store() {
  if (impl_ && !has_room()) impl_->database.keep_wal();
}

bool Store::exists(const std::string& path) { return size_of(path) > 0; }

// Beyond the file's end, so that SQLite sees nothing of it: a WAL that grows finds its blocks
// there.
bool Store::take_reserve(const std::string& path) {
  const int fd = ::open((path + "-wal").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno != ENOSPC && errno != EDQUOT;
  const int done = ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, kReserve);
  const int error = errno;
  ::close(fd);
  return done == 0 || (error != ENOSPC && error != EDQUOT);
}

bool Store::has_room() const {
  struct statvfs found {};
  if (::statvfs(impl_->path.c_str(), &found) != 0) return true;  // the next write will tell
  const auto blocks = ::geteuid() == 0 ? found.f_bfree : found.f_bavail;
  return std::uint64_t{blocks} * found.f_frsize >= kLeastRoom;
}

Result<Store> Store::open(const std::string& path, Mode mode, const RegisterKind& kind) {
  if (!exists(path)) return fail(bad(path, "there is no register"));
  for (const auto* part : {"", "-wal", "-shm"})
    if (auto own = process::refuse_link(path + part); !own)
      return fail(bad(path, detail_of(own.error())));
  if (!sync_what_was_left(path))
    return fail(bad(path, std::string("it cannot be synced: ") + std::strerror(errno)));
  auto database = Database::open(path, mode == Mode::read_only);
  if (!database) return fail(database.error());
  const auto first = mode == Mode::read_only
                         ? database->try_run("SELECT * FROM sqlite_master")
                         : database->try_run(
                               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                               "SELECT * FROM sqlite_master");
  if (!first) return fail(bad(path, first.error().message));
  Store store(std::make_unique<Impl>(std::move(*database), path));
  if (mode == Mode::read_write) take_reserve(path);
  if (auto table = store.impl_->database.try_run("SELECT value FROM meta LIMIT 1"); !table)
    return fail(bad(path, "this is no register"));
  if (auto met = meet_format(store.impl_->database, kind.format, mode == Mode::read_write); !met)
    return fail(bad(path, detail_of(met.error())));
  return store;
}

// Under another name until everything is in it and durable: a register that is there is whole, and
// a creation that died anywhere can be done again.
Result<Store> Store::create(const std::string& path, const Register& first,
                            const RegisterKind& kind) {
  if (exists(path)) return fail(bad(path, "there is a register already"));
  // SQLite would play them over the new one, history and rows of the old and all.
  for (const auto* left : {"-wal", "-journal"})
    if (exists(path + left))
      return fail(bad(path, "it is gone, but " + path + left + " of it is still there"));
  const auto half = path + ".new";
  for (const auto* left : {"", "-journal"}) ::unlink((half + left).c_str());
  if (auto made = write_new(half, first, kind); !made) return fail(made.error());
  if (::rename(half.c_str(), path.c_str()) != 0) return fail(bad(path, std::strerror(errno)));
  if (!sync_folder(folder_of(path))) return fail(bad(path, std::strerror(errno)));
  return open(path, Mode::read_write, kind);
}

Register Store::load() const {
  const auto& database = impl_->database;
  Register state;
  {
    Statement query(database, "SELECT value FROM meta WHERE key = 'history'");
    if (query.step() && query.blob_at(0).size() == HistoryId::kSize)
      state.history = HistoryId::from(query.blob_at(0));
  }
  state.cluster = meta_text(database, "cluster");
  state.fencing_epoch = meta_number(database, "fencing_epoch");
  state.holder = meta_text(database, "holder");
  state.last_primary = meta_text(database, "last_primary");
  state.demoted_epoch = meta_number(database, "demoted_epoch");
  state.acknowledged = meta_number(database, "acknowledged");
  state.timeline = meta_number(database, "timeline");
  state.shutdown_end = meta_number(database, "shutdown_end");
  Statement query(database, "SELECT name FROM nodes");
  while (query.step()) state.nodes[query.text_at(0)] = {};
  return state;
}

std::uint64_t Store::snapshot_limit() const {
  return meta_number(impl_->database, "snapshot_limit");
}

std::uint32_t Store::epoch_of(std::uint64_t dispatcher) const {
  Statement query(impl_->database, "SELECT epoch FROM dispatchers WHERE id = ?");
  return query.number(dispatcher).step() ? static_cast<std::uint32_t>(query.number_at(0)) : 0;
}

std::optional<LedgerRow> Store::find_row(const RequestId& request) const {
  Statement query(impl_->database,
                  "SELECT executed, action, node, principal, command_digest, reason, answer, "
                  "snapshot_before, kernel_ms, wall_ms FROM ledger WHERE request = ?");
  if (!query.blob(request.octets()).step()) return std::nullopt;
  LedgerRow row;
  row.request = request;
  row.executed = query.number_at(0) == kExecuted;
  row.not_executed = query.number_at(0) == kNotExecuted;
  const auto action = std::ranges::find(EnumNames<Action>::value, query.text_at(1));
  const auto digest = query.blob_at(4);
  auto answer = decode<ActAnswer>(query.blob_at(6));
  if (action == EnumNames<Action>::value.end() || digest.size() != Digest::kSize || !answer) {
    process::log_error("register_failed", {{"why", "a ledger row cannot be read"}});
    std::abort();
  }
  row.action = static_cast<Action>(action - EnumNames<Action>::value.begin());
  row.node = query.text_at(2);
  row.principal = query.text_at(3);
  row.command_digest = Digest::from(digest);
  row.reason = query.text_at(5);
  row.answer = std::move(*answer);
  row.snapshot_before = query.number_at(7);
  row.kernel_ms = query.number_at(8);
  row.wall_ms = query.number_at(9);
  return row;
}

std::uint64_t Store::ledger_rows() const {
  Statement query(impl_->database, "SELECT count(*) FROM ledger");
  return query.step() ? query.number_at(0) : 0;
}

std::vector<FenceRow> Store::fences() const {
  std::vector<FenceRow> all;
  Statement query(impl_->database,
                  "SELECT dispatcher, epoch, uid, reason, wall_ms FROM fences ORDER BY number");
  while (query.step())
    all.push_back({query.number_at(0), static_cast<std::uint32_t>(query.number_at(1)),
                   static_cast<unsigned>(query.number_at(2)), query.text_at(3),
                   query.number_at(4)});
  return all;
}

std::vector<LoweringRow> Store::lowerings() const {
  std::vector<LoweringRow> all;
  Statement query(
      impl_->database,
      "SELECT node, before, after, uid, reason, wall_ms FROM lowerings ORDER BY number");
  while (query.step())
    all.push_back({query.text_at(0), query.number_at(1), query.number_at(2),
                   static_cast<unsigned>(query.number_at(3)), query.text_at(4),
                   query.number_at(5)});
  return all;
}

std::string Store::integrity() const {
  Statement query(impl_->database, "PRAGMA integrity_check(1)");
  return query.step() ? query.text_at(0) : "no answer";
}

const std::string& Store::path() const { return impl_->path; }
std::uint64_t Store::file_octets() const { return size_of(impl_->path); }
std::uint64_t Store::wal_octets() const { return size_of(impl_->path + "-wal"); }

const Database& Store::database() const { return impl_->database; }

void Store::begin() { impl_->database.run("BEGIN IMMEDIATE"); }
void Store::commit() { impl_->database.run("COMMIT"); }

void Store::write_register(const Register& state) { write_kept(impl_->database, state); }

void Store::write_row(const LedgerRow& row) {
  Statement(impl_->database, "INSERT INTO ledger VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .blob(row.request.octets())
      .number(row.executed       ? kExecuted
              : row.not_executed ? kNotExecuted
                                 : kRejected)
      .text(row.answer.code)
      .text(row.answer.text)
      .text(std::string(text_of(row.action)))
      .text(row.node)
      .text(row.principal)
      .blob(row.command_digest.octets)
      .text(row.reason)
      .blob(encode(row.answer))
      .number(row.snapshot_before)
      .number(row.answer.snapshot)
      .number(row.kernel_ms)
      .number(row.wall_ms)
      .run();
}

void Store::write_acknowledged(std::uint64_t acknowledged) {
  set_meta(impl_->database, "acknowledged", acknowledged);
}

void Store::write_snapshot_limit(std::uint64_t limit) {
  set_meta(impl_->database, "snapshot_limit", limit);
}

void Store::write_epoch(std::uint64_t dispatcher, std::uint32_t epoch) {
  Statement(impl_->database,
            "INSERT INTO dispatchers VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET "
            "epoch = excluded.epoch")
      .number(dispatcher)
      .number(epoch)
      .run();
}

void Store::write_fence(const FenceRow& row) {
  begin();
  write_epoch(row.dispatcher, row.epoch);
  Statement(impl_->database,
            "INSERT INTO fences(dispatcher, epoch, uid, reason, wall_ms) VALUES(?,?,?,?,?)")
      .number(row.dispatcher)
      .number(row.epoch)
      .number(row.uid)
      .text(row.reason)
      .number(row.wall_ms)
      .run();
  commit();
}

void Store::write_lowering(const LoweringRow& row) {
  begin();
  set_meta(impl_->database, "acknowledged", row.after);
  Statement(impl_->database,
            "INSERT INTO lowerings(node, before, after, uid, reason, wall_ms) "
            "VALUES(?,?,?,?,?,?)")
      .text(row.node)
      .number(row.before)
      .number(row.after)
      .number(row.uid)
      .text(row.reason)
      .number(row.wall_ms)
      .run();
  commit();
}

void Store::write_beginning(const std::string& reason, unsigned uid, std::uint64_t wall_ms) {
  begin();
  set_meta(impl_->database, "begun_reason", reason);
  set_meta(impl_->database, "begun_uid", std::uint64_t{uid});
  set_meta(impl_->database, "begun_wall_ms", wall_ms);
  commit();
}

void Store::renew_history(HistoryId history, std::uint64_t least_fencing_epoch) {
  begin();
  set_history(impl_->database, history);
  const auto epoch = meta_number(impl_->database, "fencing_epoch");
  set_meta(impl_->database, "fencing_epoch", std::max(epoch, least_fencing_epoch));
  // What agents promised to the old history says nothing of the new one.
  set_meta(impl_->database, "promised_beyond", std::uint64_t{0});
  commit();
}

void Store::add_nodes(const std::vector<std::string>& nodes) {
  begin();
  for (const auto& node : nodes)
    Statement(impl_->database, "INSERT OR IGNORE INTO nodes VALUES(?)").text(node).run();
  commit();
}

}  // namespace aeromq::kernel
