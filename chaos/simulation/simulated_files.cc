// audit/file.h over the simulated disk, with the same texts for the same errors as audit/file.cc.
// An executable that links this object links the whole audit log unchanged: the archive's file.cc
// has nothing left to define, so the linker leaves it out.
#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

#include "audit/file.h"
#include "chaos/simulation/disk.h"
#include "process/entropy.h"

namespace aeromq::audit {
namespace fs = std::filesystem;
namespace {

chaos::Disk& disk() {
  if (chaos::Disk::current == nullptr) std::abort();  // the simulator steps nobody
  return *chaos::Disk::current;
}

int code_of(std::int64_t answer) { return static_cast<int>(-answer); }

Result<void> done_or(std::int64_t answer, std::string_view what, const fs::path& path) {
  if (answer < 0) return fail(file_error(what, path, code_of(answer)));
  return {};
}

Result<void> whole_or_short(std::int64_t answer, std::uint64_t wanted, const fs::path& path) {
  if (answer < 0) return fail(file_error("write", path, code_of(answer)));
  if (static_cast<std::uint64_t>(answer) != wanted)
    return fail(unavailable("write " + path.string() + ": short, " + std::to_string(answer) +
                            " of " + std::to_string(wanted) + " octets"));
  return {};
}

}  // namespace

void Fd::close() {
  const int number = std::exchange(number_, -1);
  if (number >= 0 && chaos::Disk::current != nullptr) chaos::Disk::current->close(number);
}

Result<Fd> open_file(const fs::path& path, int flags) {
  const int number = disk().open(path.native(), flags);
  if (number < 0) return fail(file_error("open", path, code_of(number)));
  return Fd(number);
}

Result<void> write_at(const Fd& fd, ByteView bytes, std::uint64_t offset, const fs::path& path) {
  return whole_or_short(disk().write(fd.number(), bytes, offset), bytes.size(), path);
}

// The simulated disk has room for every run.
Result<void> take_room(const Fd&, std::uint64_t, const fs::path&) { return {}; }
Result<std::uint64_t> free_octets(const fs::path&) { return std::uint64_t{1} << 50; }

Result<void> fill_with_zeros(const Fd& fd, std::uint64_t from, std::uint64_t size,
                             const fs::path& path) {
  constexpr std::uint64_t kPiece = 1U << 20;
  for (std::uint64_t at = from; at < size; at += kPiece) {
    const auto piece = std::min(size - at, kPiece);
    auto written = whole_or_short(disk().write_zeros(fd.number(), at, piece), piece, path);
    if (!written) return written;
  }
  return {};
}

Result<void> truncate_file(const Fd& fd, std::uint64_t size, const fs::path& path) {
  return done_or(disk().truncate(fd.number(), size), "truncate", path);
}

// Every process of the simulation may write everything.
Result<void> make_read_only(const Fd&, const fs::path&) { return {}; }

Result<void> sync_data(const Fd& fd, const fs::path& path) {
  return done_or(disk().sync(fd.number()), "fdatasync", path);
}

Result<void> sync_file(const Fd& fd, const fs::path& path) {
  return done_or(disk().sync(fd.number()), "fsync", path);
}

Result<void> sync_directory(const fs::path& path) {
  const auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(fd.error());
  return sync_file(*fd, path);
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  return done_or(disk().rename(from.native(), to.native()), "rename", from);
}

void remove_file(const fs::path& path) { disk().remove(path.native()); }

bool file_exists(const fs::path& path) { return disk().status(path.native()).has_value(); }

Result<void> make_directories(const fs::path& path) {
  fs::path made;
  for (const auto& name : path) {
    made /= name;
    const int answer = disk().make_directory(made.native());
    if (answer < 0) return fail(file_error("create", path, code_of(answer)));
  }
  return {};
}

Result<void> sync_folders_above(const fs::path& path) {
  for (auto at = absolute_path(path); at.has_relative_path();) {
    at = at.parent_path();
    if (auto synced = sync_directory(at); !synced) return synced;
  }
  return {};
}

Result<std::vector<std::string>> list_directory(const fs::path& path) {
  auto names = disk().list(path.native());
  if (!names) return fail(file_error("list", path, ENOENT));
  return std::move(*names);
}

fs::path absolute_path(const fs::path& path) { return "/" / path; }

Result<std::uint64_t> file_size(const Fd& fd, const fs::path& path) {
  const auto held = disk().status(fd.number());
  if (!held) return fail(file_error("fstat", path, EBADF));
  return held->size;
}

Result<std::uint64_t> size_of_named(const Fd& fd, const fs::path& path) {
  const auto held = disk().status(fd.number());
  const auto named = disk().status(path.native());
  if (!held) return fail(file_error("fstat", path, EBADF));
  if (!named) return fail(file_error("stat", path, ENOENT));
  if (held->links == 0 || held->inode != named->inode)
    return fail(unavailable(path.string() + " was removed or replaced"));
  return held->size;
}

Result<Bytes> read_at(const Fd& fd, std::uint64_t offset, std::size_t size, const fs::path& path) {
  const auto held = disk().status(fd.number());
  if (!held) return fail(file_error("read", path, EBADF));
  const auto left = offset < held->size ? held->size - offset : 0;
  Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, left)));
  const auto answer = disk().read(fd.number(), bytes, offset);
  if (answer < 0) return fail(file_error("read", path, code_of(answer)));
  return bytes;
}

Result<void> settle(const fs::path& path) {
  const auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  if (auto synced = sync_file(*fd, path); !synced) return synced;
  disk().drop_clean_pages(fd->number());
  return {};
}

Result<bool> is_locked(const fs::path& path) {
  const auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  return disk().is_locked_by_another(fd->number());
}

Result<bool> take_lock(const Fd& fd, const fs::path& path) {
  const int answer = disk().lock(fd.number());
  if (answer == -EAGAIN) return false;
  if (answer < 0) return fail(file_error("lock", path, code_of(answer)));
  return true;
}

// The simulation's writes raise no signals.
void refuse_death_by_file_size() {}

Result<void> fill_random(std::span<std::uint8_t> octets) {
  process::fill_random(octets);
  return {};
}

}  // namespace aeromq::audit
