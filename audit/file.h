// The few system calls of the audit log, each with its errors as text. fsync lives here and nowhere
// else in audit/. Never retries a failed sync and never repeats a write that moved any octet.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "messages/bytes.h"
#include "messages/result.h"

namespace aeromq::audit {

/// An open file descriptor; closed when it goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

/// AUDIT_UNAVAILABLE with "<what> <path>: <errno text>".
Error file_error(std::string_view what, const std::filesystem::path& path, int code);
Error unavailable(std::string detail);

Result<Fd> open_file(const std::filesystem::path& path, int flags);
/// One write of everything at `offset`; a short write is an error. Retries only EINTR.
Result<void> write_at(const Fd& fd, ByteView bytes, std::uint64_t offset,
                      const std::filesystem::path& path);
/// Makes `size` octets of zeros, really written, so that later commits change no file metadata.
Result<void> fill_with_zeros(const Fd& fd, std::uint64_t size, const std::filesystem::path& path);
Result<void> sync_data(const Fd& fd, const std::filesystem::path& path);
Result<void> sync_directory(const std::filesystem::path& path);
Result<std::uint64_t> file_size(const Fd& fd, const std::filesystem::path& path);
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

}  // namespace aeromq::audit
