// What of audit/file.h needs no system call of its own: it stands above any disk.
#include <fcntl.h>

#include <cerrno>

#include "audit/file.h"

namespace aeromq::audit {
namespace fs = std::filesystem;

Error unavailable(std::string detail) {
  return make_error(ErrorCode::audit_unavailable, std::move(detail));
}

Error unreadable(const Error& error) {
  const bool ours = error.code == error_row(ErrorCode::audit_unavailable).code;
  return ours ? make_error(ErrorCode::audit_unreadable, detail_of(error)) : error;
}

Error file_error(std::string_view what, const fs::path& path, int code) {
  if (code == ENOSPC || code == EDQUOT)
    return unavailable("the disk of " + path.parent_path().string() + " is full");
  return unavailable(std::string(what) + " " + path.string() + ": " +
                     std::generic_category().message(code));
}

Result<Bytes> read_file(const fs::path& path, std::uint64_t limit) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fail(fd.error());
  auto size = file_size(*fd, path);
  if (!size) return fail(size.error());
  const auto wanted = limit == 0 ? *size : std::min(limit, *size);
  return read_at(*fd, 0, static_cast<std::size_t>(wanted), path);
}

}  // namespace aeromq::audit
