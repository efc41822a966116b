#include "chaos/simulation/disk.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace aeromq::chaos {
namespace {
// What a file system gives to a file at a time.
constexpr std::uint64_t kBlockBytes = 4096;
constexpr int kMostFiles = 1 << 30;

std::uint64_t blocks_of(std::uint64_t size) { return (size + kBlockBytes - 1) / kBlockBytes; }

int error_of(DiskFault fault) { return fault == DiskFault::no_space ? -ENOSPC : -EIO; }

/// Takes the first name off a path; empty at its end.
std::string_view first_name(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}
}  // namespace

Disk::Disk() { reset(); }

void Disk::reset() {
  first_file_ += static_cast<int>(files_.size());
  if (first_file_ > kMostFiles) first_file_ = 3;
  files_.clear();
  armed_.clear();
  used_ = 0;
  process_ = 0;
  full_ = false;
  on_durable = nullptr;
  on_fault = nullptr;
  before_change = nullptr;
  nodes_[make_node(true)].links = 1;
}

Disk::Inode Disk::make_node(bool directory) {
  if (used_ == nodes_.size()) nodes_.emplace_back();
  auto& node = nodes_[used_];
  node.directory = directory;
  node.links = 0;
  node.content.clear();
  node.entries.clear();
  node.sure.clear();
  node.changes.clear();
  node.lock = -1;
  return static_cast<Inode>(used_++);
}

// ---- names

Disk::Inode Disk::find(std::string_view path) const {
  auto at = kRoot;
  for (auto name = first_name(path); !name.empty(); name = first_name(path)) {
    const auto& entries = nodes_[at].entries;
    const auto entry = entries.find(name);
    if (entry == entries.end()) return kNone;
    at = entry->second;
  }
  return at;
}

Disk::Inode Disk::find_sure(std::string_view path) const {
  auto at = kRoot;
  for (auto name = first_name(path); !name.empty(); name = first_name(path)) {
    const auto& entries = nodes_[at].sure;
    const auto entry = entries.find(name);
    if (entry == entries.end()) return kNone;
    at = entry->second;
  }
  return at;
}

Disk::Place Disk::place_of(std::string_view path) const {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {kNone, path};
  return {find(path.substr(0, slash)), path.substr(slash + 1)};
}

void Disk::apply(const Change& change, Entries& entries) {
  // The name moved away, unless it means another file by now.
  if (const auto moved = entries.find(change.moved);
      !change.moved.empty() && moved != entries.end() && moved->second == change.inode)
    entries.erase(moved);
  if (change.inode == kNone)
    entries.erase(change.name);
  else
    entries.insert_or_assign(change.name, change.inode);
}

void Disk::enter(Node& directory, Change change) {
  if (const auto before = directory.entries.find(change.name); before != directory.entries.end())
    --nodes_[before->second].links;
  if (change.inode != kNone && change.moved.empty()) ++nodes_[change.inode].links;
  apply(change, directory.entries);
  directory.changes.push_back(std::move(change));
}

int Disk::make_directory(const std::string& path) {
  if (const auto found = find(path); found != kNone) return nodes_[found].directory ? 0 : -EEXIST;
  const auto place = place_of(path);
  if (place.directory == kNone) return -ENOENT;
  if (!nodes_[place.directory].directory) return -ENOTDIR;
  about_to("make_directory", path);
  enter(nodes_[place.directory], {std::string(place.name), {}, make_node(true)});
  return 0;
}

int Disk::rename(const std::string& from, const std::string& to) {
  const auto source = place_of(from);
  const auto target = place_of(to);
  const auto inode = find(from);
  if (inode == kNone || target.directory == kNone) return -ENOENT;
  if (source.directory != target.directory) return -EXDEV;
  about_to("rename", from);
  enter(nodes_[target.directory], {std::string(target.name), std::string(source.name), inode});
  return 0;
}

int Disk::remove(const std::string& path) {
  const auto inode = find(path);
  if (inode == kNone) return -ENOENT;
  if (nodes_[inode].directory) return -EISDIR;
  about_to("remove", path);
  const auto place = place_of(path);
  enter(nodes_[place.directory], {std::string(place.name), {}, kNone});
  return 0;
}

std::optional<std::vector<std::string>> Disk::list(const std::string& path) const {
  const auto inode = find(path);
  if (inode == kNone || !nodes_[inode].directory) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, entry] : nodes_[inode].entries) names.push_back(name);
  return names;
}

std::optional<Disk::Status> Disk::status(const std::string& path) const {
  const auto inode = find(path);
  if (inode == kNone) return std::nullopt;
  const auto& node = nodes_[inode];
  return Status{inode, node.links, node.content.size(), node.directory};
}

std::optional<Disk::Status> Disk::status(int file) const {
  const auto* held = opened(file);
  if (held == nullptr) return std::nullopt;
  const auto& node = nodes_[held->inode];
  return Status{held->inode, node.links, node.content.size(), node.directory};
}

// ---- open files

Disk::OpenFile* Disk::opened(int file) {
  return const_cast<OpenFile*>(std::as_const(*this).opened(file));
}

const Disk::OpenFile* Disk::opened(int file) const {
  const auto at = static_cast<std::size_t>(file - first_file_);
  if (file < first_file_ || at >= files_.size() || !files_[at].open) return nullptr;
  return &files_[at];
}

int Disk::open(const std::string& path, int flags) {
  auto inode = find(path);
  if (inode == kNone) {
    if ((flags & O_CREAT) == 0) return -ENOENT;
    const auto place = place_of(path);
    if (place.directory == kNone) return -ENOENT;
    if (!nodes_[place.directory].directory) return -ENOTDIR;
    about_to("create", path);
    inode = make_node(false);
    enter(nodes_[place.directory], {std::string(place.name), {}, inode});
  }
  auto& node = nodes_[inode];
  if (node.directory && (flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
  if (!node.directory && (flags & O_DIRECTORY) != 0) return -ENOTDIR;
  if ((flags & O_TRUNC) != 0 && node.content.size() != 0) {
    about_to("truncate", path);
    node.content.resize(0);
  }
  files_.push_back({true, process_, inode, path});
  return first_file_ + static_cast<int>(files_.size()) - 1;
}

void Disk::close(int file) {
  auto* held = opened(file);
  if (held == nullptr) return;
  held->open = false;
  if (nodes_[held->inode].lock == file) nodes_[held->inode].lock = -1;
}

int Disk::make_room(const OpenFile& file, std::uint64_t end) {
  if (!full_ || blocks_of(end) <= blocks_of(nodes_[file.inode].content.size())) return 0;
  if (on_fault) on_fault("full", file.path);
  return -ENOSPC;
}

std::int64_t Disk::write(int file, ByteView octets, std::uint64_t offset) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  about_to("write", held->path);
  const auto fault = fault_of(DiskCall::write, "write", held->path);
  if (fault && *fault != DiskFault::short_write) return error_of(*fault);
  if (fault) octets = octets.first(octets.size() / 2);
  if (const int full = make_room(*held, offset + octets.size()); full != 0) return full;
  nodes_[held->inode].content.write(octets, offset);
  return static_cast<std::int64_t>(octets.size());
}

std::int64_t Disk::write_zeros(int file, std::uint64_t offset, std::uint64_t size) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  about_to("write", held->path);
  const auto fault = fault_of(DiskCall::write, "write", held->path);
  if (fault && *fault != DiskFault::short_write) return error_of(*fault);
  if (fault) size /= 2;
  if (const int full = make_room(*held, offset + size); full != 0) return full;
  nodes_[held->inode].content.write_zeros(offset, size);
  return static_cast<std::int64_t>(size);
}

std::int64_t Disk::read(int file, std::span<std::uint8_t> into, std::uint64_t offset) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  if (fault_of(DiskCall::read, "read", held->path)) return -EIO;
  const auto octets = nodes_[held->inode].content.octets();
  if (offset >= octets.size()) return 0;
  const auto found = octets.subspan(static_cast<std::size_t>(offset));
  const auto size = std::min(found.size(), into.size());
  std::copy_n(found.begin(), size, into.begin());
  return static_cast<std::int64_t>(size);
}

int Disk::truncate(int file, std::uint64_t size) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  auto& content = nodes_[held->inode].content;
  if (content.size() == size) return 0;
  about_to("truncate", held->path);
  content.resize(size);
  return 0;
}

int Disk::sync(int file) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  about_to("sync", held->path);
  auto& node = nodes_[held->inode];
  Synced synced{held->path, node.directory, {}, {}};
  if (const auto fault = fault_of(DiskCall::sync, "sync", held->path)) {
    // The journal of a directory goes on waiting; the pages of a file count as written.
    if (!node.directory) node.content.fail_sync();
    return error_of(*fault);
  }
  if (node.directory) {
    for (const auto& change : node.changes)
      if (change.inode != kNone) synced.names.push_back(change.name);
    node.sure = node.entries;
    node.changes.clear();
  } else {
    if (on_durable) synced.octets = node.content.waiting();
    node.content.sync();
  }
  if (on_durable) on_durable(synced);
  return 0;
}

void Disk::drop_clean_pages(int file) {
  if (const auto* held = opened(file)) nodes_[held->inode].content.drop_clean_pages();
}

int Disk::lock(int file) {
  const auto* held = opened(file);
  if (held == nullptr) return -EBADF;
  auto& holder = nodes_[held->inode].lock;
  if (holder >= 0 && holder != file) return -EAGAIN;
  holder = file;
  return 0;
}

bool Disk::is_locked_by_another(int file) const {
  const auto* held = opened(file);
  if (held == nullptr) return false;
  const auto holder = nodes_[held->inode].lock;
  return holder >= 0 && holder != file;
}

// ---- what goes wrong

void Disk::arm(DiskCall call, unsigned nth, DiskFault fault) {
  if (nth > 0) armed_.push_back({call, nth, fault});
}

void Disk::disarm() {
  armed_.clear();
  full_ = false;
}

std::optional<DiskFault> Disk::fault_of(DiskCall call, std::string_view what,
                                        const std::string& path) {
  std::optional<DiskFault> due;
  std::erase_if(armed_, [&](Armed& armed) {
    if (armed.call != call || --armed.left > 0) return false;
    due = armed.fault;
    return true;
  });
  if (due && on_fault) on_fault(what, path);
  return due;
}

void Disk::crash_process(std::uint32_t process) {
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (files_[i].process == process) close(first_file_ + static_cast<int>(i));
}

void Disk::power_cut(Random& random) {
  for (std::size_t i = 0; i < files_.size(); ++i) close(first_file_ + static_cast<int>(i));
  for (std::size_t i = 0; i < used_; ++i) {
    auto& node = nodes_[i];
    node.links = i == kRoot ? 1 : 0;
    node.content.lose_power(random);
    if (node.changes.empty()) continue;
    for (const auto& change : node.changes)
      if (random.chance(500)) apply(change, node.sure);
    node.entries = node.sure;
    node.changes.clear();
  }
  for (std::size_t i = 0; i < used_; ++i)
    for (const auto& [name, inode] : nodes_[i].entries) ++nodes_[inode].links;
}

std::optional<Bytes> Disk::durable_octets(const std::string& path) const {
  const auto inode = find_sure(path);
  if (inode == kNone || nodes_[inode].directory) return std::nullopt;
  return nodes_[inode].content.platters();
}

std::vector<std::string> Disk::durable_names(const std::string& path) const {
  std::vector<std::string> names;
  if (const auto inode = find_sure(path); inode != kNone)
    for (const auto& [name, entry] : nodes_[inode].sure) names.push_back(name);
  return names;
}

}  // namespace aeromq::chaos
