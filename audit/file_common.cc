// What of audit/file.h needs no system call of its own: it stands above any disk.
#include <fcntl.h>

#include "audit/file.h"

namespace aeromq::audit {
namespace fs = std::filesystem;

Error unavailable(std::string detail) {
  return make_error(ErrorCode::audit_unavailable, std::move(detail));
}

Error file_error(std::string_view what, const fs::path& path, int code) {
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

// From the top down, each name synced before the next is made: so wherever a crash ends this, only
// the deepest folder that is there can be one that a power cut takes away, and with it the log.
Result<void> make_durable_directories(const fs::path& path) {
  std::vector<fs::path> missing{absolute_path(path)};
  auto deepest = missing.back().parent_path();
  for (; deepest.has_relative_path() && !file_exists(deepest); deepest = deepest.parent_path())
    missing.push_back(deepest);
  if (missing.size() > 1) {
    // A folder that cannot be read is none that an earlier start made.
    const auto above = deepest.parent_path();
    if (const auto fd = open_file(above, O_RDONLY | O_DIRECTORY))
      if (auto synced = sync_file(*fd, above); !synced) return synced;
  }
  for (auto name = missing.rbegin(); name != missing.rend(); ++name) {
    if (auto made = make_directory(*name); !made) return made;
    if (name + 1 == missing.rend()) break;
    if (auto synced = sync_directory(name->parent_path()); !synced) return synced;
  }
  return {};
}

}  // namespace aeromq::audit
