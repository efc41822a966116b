#include "chaos/simulation/memory_store.h"

#include <cstdlib>

#include "process/log.h"

namespace aeromq::chaos {

std::shared_ptr<RegisterFile> Shelf::find(const std::string& path) const {
  const auto at = files_.find(path);
  return at == files_.end() ? nullptr : at->second;
}
std::shared_ptr<RegisterFile> Shelf::make(const std::string& path) {
  return files_[path] = std::make_shared<RegisterFile>();
}
void Shelf::reset() {
  files_.clear();
  on_commit = nullptr;
}

}  // namespace aeromq::chaos

namespace aeromq::kernel {
namespace {

using chaos::RegisterFile;
using chaos::Shelf;

// Fail stop, as SQLite's triggers and errors end the real kernel.
[[noreturn]] void stop(const char* why) {
  process::log_error("register_failed", {{"why", why}});
  std::abort();
}

Shelf& shelf() {
  if (Shelf::current == nullptr) stop("the simulator steps nobody");
  return *Shelf::current;
}

Error bad(const std::string& path, const std::string& what) {
  return make_error(ErrorCode::invalid_input, path + ": " + what, "register");
}

/// What a file keeps of a register.
Register kept_of(const Register& state) {
  Register kept;
  kept.history = state.history;
  kept.cluster = state.cluster;
  kept.fencing_epoch = state.fencing_epoch;
  kept.holder = state.holder;
  kept.last_primary = state.last_primary;
  kept.demoted_epoch = state.demoted_epoch;
  kept.acknowledged = state.acknowledged;
  kept.timeline = state.timeline;
  kept.shutdown_end = state.shutdown_end;
  for (const auto& [name, node] : state.nodes) kept.nodes[name] = {};
  return kept;
}

/// A transaction's changes, not yet in the file.
struct Changes {
  Register state;
  std::uint64_t snapshot_limit = 0;
  std::map<std::uint64_t, std::uint32_t> epochs;  ///< changed ones
  std::vector<FenceRow> fences;
  std::vector<LedgerRow> rows;
  bool any = false;
};

}  // namespace

struct Store::Impl {
  Impl(std::shared_ptr<RegisterFile> opened, std::string at, Mode how)
      : file(std::move(opened)), path(std::move(at)), mode(how) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (file->writer == this) file->writer = nullptr;  // rolled back
  }

  void begin() {
    if (changes) stop("cannot start a transaction within a transaction");
    if (mode == Mode::read_only) stop("attempt to write a readonly database");
    if (file->writer != nullptr) stop("database is locked");
    file->writer = this;
    changes.emplace();
    changes->state = file->state;
    changes->snapshot_limit = file->snapshot_limit;
  }
  void commit();
  /// One statement: its own transaction unless one is open.
  template <class Change>
  void change(const Change& made) {
    const bool alone = !changes;
    if (alone) begin();
    changes->any = true;
    made(*changes);
    if (alone) commit();
  }

  const Register& state() const { return changes ? changes->state : file->state; }
  std::uint32_t epoch_of(std::uint64_t dispatcher) const {
    if (changes)
      if (const auto at = changes->epochs.find(dispatcher); at != changes->epochs.end())
        return at->second;
    const auto at = file->epochs.find(dispatcher);
    return at == file->epochs.end() ? 0 : at->second;
  }
  const LedgerRow* find_row(const RequestId& request) const {
    if (const auto at = file->rows.find(request); at != file->rows.end())
      return &file->ledger[at->second];
    if (!changes) return nullptr;
    const auto at = std::ranges::find(changes->rows, request, &LedgerRow::request);
    return at == changes->rows.end() ? nullptr : &*at;
  }

  std::shared_ptr<RegisterFile> file;
  std::string path;
  Mode mode;
  std::optional<Changes> changes;
};

void Store::Impl::commit() {
  if (!changes) stop("cannot commit - no transaction is active");
  auto done = std::move(*changes);
  changes.reset();
  file->writer = nullptr;
  if (!done.any) return;
  const auto before = std::exchange(file->state, std::move(done.state));
  file->snapshot_limit = done.snapshot_limit;
  const auto old_rows = file->ledger.size();
  const auto old_fences = file->fences.size();
  for (auto& row : done.rows) {
    file->rows.emplace(row.request, file->ledger.size());
    file->ledger.push_back(std::move(row));
  }
  for (const auto& [dispatcher, epoch] : done.epochs) file->epochs[dispatcher] = epoch;
  for (auto& fence : done.fences) file->fences.push_back(std::move(fence));
  ++file->transactions;
  if (!shelf().on_commit) return;
  chaos::Committed told{path, file->transactions, before, *file, {}, {}, {}};
  for (auto i = old_rows; i < file->ledger.size(); ++i) told.rows.push_back(&file->ledger[i]);
  told.epochs.assign(done.epochs.begin(), done.epochs.end());
  for (auto i = old_fences; i < file->fences.size(); ++i) told.fences.push_back(&file->fences[i]);
  shelf().on_commit(told);
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

bool Store::exists(const std::string& path) { return shelf().find(path) != nullptr; }

Result<Store> Store::open(const std::string& path, Mode mode, const RegisterKind&) {
  auto file = shelf().find(path);
  if (!file) return fail(bad(path, "there is no register"));
  return Store(std::make_unique<Impl>(std::move(file), path, mode));
}

Result<Store> Store::create(const std::string& path, const Register& first, const RegisterKind&) {
  if (exists(path)) return fail(bad(path, "there is a register already"));
  auto impl = std::make_unique<Impl>(shelf().make(path), path, Mode::read_write);
  impl->change([&](Changes& changes) { changes.state = kept_of(first); });
  return Store(std::move(impl));
}

Register Store::load() const { return impl_->state(); }
std::uint64_t Store::snapshot_limit() const {
  return impl_->changes ? impl_->changes->snapshot_limit : impl_->file->snapshot_limit;
}
std::uint32_t Store::epoch_of(std::uint64_t dispatcher) const {
  return impl_->epoch_of(dispatcher);
}
std::optional<LedgerRow> Store::find_row(const RequestId& request) const {
  const auto* row = impl_->find_row(request);
  return row == nullptr ? std::nullopt : std::optional(*row);
}
std::uint64_t Store::ledger_rows() const {
  return impl_->file->ledger.size() + (impl_->changes ? impl_->changes->rows.size() : 0);
}
std::vector<FenceRow> Store::fences() const {
  auto all = impl_->file->fences;
  if (impl_->changes)
    all.insert(all.end(), impl_->changes->fences.begin(), impl_->changes->fences.end());
  return all;
}

// A value in memory has no pages to check and no file to measure.
std::string Store::integrity() const { return "ok"; }
std::uint64_t Store::file_octets() const { return 0; }
bool Store::has_room() const { return true; }
const std::string& Store::path() const { return impl_->path; }
std::vector<LoweringRow> Store::lowerings() const { return {}; }

// Nobody plays the person who orders it.
void Store::write_lowering(const LoweringRow& row) { write_acknowledged(row.after); }
std::uint64_t Store::wal_octets() const { return 0; }

void Store::begin() { impl_->begin(); }
void Store::commit() { impl_->commit(); }

void Store::write_register(const Register& state) {
  impl_->change([&](Changes& changes) {
    auto& kept = changes.state;
    kept.fencing_epoch = state.fencing_epoch;
    kept.holder = state.holder;
    kept.last_primary = state.last_primary;
    kept.demoted_epoch = state.demoted_epoch;
    kept.acknowledged = state.acknowledged;
    kept.timeline = state.timeline;
    kept.shutdown_end = state.shutdown_end;
  });
}

void Store::write_row(const LedgerRow& row) {
  if (impl_->find_row(row.request) != nullptr) stop("UNIQUE constraint failed: ledger.request");
  impl_->change([&](Changes& changes) { changes.rows.push_back(row); });
}

void Store::write_acknowledged(std::uint64_t acknowledged) {
  impl_->change([&](Changes& changes) { changes.state.acknowledged = acknowledged; });
}

void Store::write_snapshot_limit(std::uint64_t limit) {
  impl_->change([&](Changes& changes) { changes.snapshot_limit = limit; });
}

void Store::write_epoch(std::uint64_t dispatcher, std::uint32_t epoch) {
  const auto last = impl_->epoch_of(dispatcher);
  if (last != 0 && epoch <= last) stop("an epoch only grows");
  impl_->change([&](Changes& changes) { changes.epochs[dispatcher] = epoch; });
}

void Store::write_fence(const FenceRow& row) {
  begin();
  write_epoch(row.dispatcher, row.epoch);
  impl_->change([&](Changes& changes) { changes.fences.push_back(row); });
  commit();
}

void Store::renew_history(HistoryId history, std::uint64_t least_fencing_epoch) {
  begin();
  impl_->change([&](Changes& changes) {
    changes.state.history = history;
    changes.state.fencing_epoch = std::max(changes.state.fencing_epoch, least_fencing_epoch);
  });
  commit();
}

void Store::add_nodes(const std::vector<std::string>& nodes) {
  begin();
  for (const auto& node : nodes)
    if (!impl_->state().nodes.contains(node))
      impl_->change([&](Changes& changes) { changes.state.nodes[node] = {}; });
  commit();
}

}  // namespace aeromq::kernel
