// Every system call of the audit log, each with its errors as text; the rest of audit/ makes none,
// so that a simulator can put another disk below it by linking another file.cc. Never retries a
// failed sync and never repeats a write that moved any octet.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messages/bytes.h"
#include "messages/result.h"

namespace aeromq::audit {

/// An open file descriptor; closed when it goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Fd() { close(); }
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

/// AUDIT_UNAVAILABLE with "<what> <path>: <errno text>", or "the disk of <folder> is full".
Error file_error(std::string_view what, const std::filesystem::path& path, int code);
Error unavailable(std::string detail);
/// The same of a log that was to be read: AUDIT_UNREADABLE.
Error unreadable(const Error& error);

Result<Fd> open_file(const std::filesystem::path& path, int flags);
/// One write of everything at `offset`; a short write is an error. Retries only EINTR.
Result<void> write_at(const Fd& fd, ByteView bytes, std::uint64_t offset,
                      const std::filesystem::path& path);
/// Makes [from, size) zeros, really written, so that later commits change no file metadata.
Result<void> fill_with_zeros(const Fd& fd, std::uint64_t from, std::uint64_t size,
                             const std::filesystem::path& path);
/// Takes room for `size` octets, so that writing them cannot fail for want of it; nothing on a file
/// system that cannot.
Result<void> take_room(const Fd& fd, std::uint64_t size, const std::filesystem::path& path);
/// Octets that this process could still write on the file system of `path`.
Result<std::uint64_t> free_octets(const std::filesystem::path& path);
/// Cuts the file to `size` octets, or fills it up with zeros.
Result<void> truncate_file(const Fd& fd, std::uint64_t size, const std::filesystem::path& path);
/// From now on nobody writes it by accident.
Result<void> make_read_only(const Fd& fd, const std::filesystem::path& path);
Result<void> sync_data(const Fd& fd, const std::filesystem::path& path);
/// The octets and everything about the file that its reading needs.
Result<void> sync_file(const Fd& fd, const std::filesystem::path& path);
Result<void> sync_directory(const std::filesystem::path& path);
/// Syncs every folder above `path`, upwards until one cannot be opened or its file system syncs no
/// folders: nobody has made a folder in that one.
Result<void> sync_folders_above(const std::filesystem::path& path);
Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Removes the name; no error if it cannot.
void remove_file(const std::filesystem::path& path);
/// False too if nobody can tell.
bool file_exists(const std::filesystem::path& path);
Result<void> make_directories(const std::filesystem::path& path);
/// The names in it, in no order.
Result<std::vector<std::string>> list_directory(const std::filesystem::path& path);
std::filesystem::path absolute_path(const std::filesystem::path& path);
Result<std::uint64_t> file_size(const Fd& fd, const std::filesystem::path& path);
/// The size of the open file; an error if it no longer has a name or `path` is another file.
Result<std::uint64_t> size_of_named(const Fd& fd, const std::filesystem::path& path);
/// Reads [offset, offset + size); fewer octets at the end of the file.
Result<Bytes> read_at(const Fd& fd, std::uint64_t offset, std::size_t size,
                      const std::filesystem::path& path);
/// The file's first `limit` octets (0 = all).
Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit = 0);
/// Syncs what another process may have left in the page cache, then drops it, so that the next
/// read comes from the device: after a failed sync the cache may show what no disk holds.
Result<void> settle(const std::filesystem::path& path);
/// True if some process holds the writer's lock on this file. Does not take it.
Result<bool> is_locked(const std::filesystem::path& path);
/// Takes the lock for the life of `fd`; false if another holds it.
Result<bool> take_lock(const Fd& fd, const std::filesystem::path& path);
/// A file-size limit becomes an error of the write (EFBIG) instead of this process's death.
void refuse_death_by_file_size();
/// Octets that nobody can guess.
Result<void> fill_random(std::span<std::uint8_t> octets);

}  // namespace aeromq::audit
