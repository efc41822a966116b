#include "kernel/gone.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "kernel/durable.h"
#include "kernel/store.h"
#include "process/newest_fact_file.h"

namespace aeromq::kernel {
namespace {

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

std::string mark_path(const std::string& file) { return file + ".made"; }

bool is_gone(const std::string& file) { return !is_there(file) && is_there(mark_path(file)); }

bool leave_mark(const std::string& file) {
  const auto mark = mark_path(file);
  if (is_there(mark)) return true;
  if (!is_there(file)) return false;
  const int fd = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  ::close(fd);
  return sync_file(mark) && sync_folder(folder_of(mark));
}

Error unmarked(const std::string& file) {
  return make_error(ErrorCode::invalid_input, mark_path(file) + " cannot be written", "register");
}

Result<void> check_not_gone(const process::Settings& settings) {
  const auto& file = settings.kernel.register_file;
  if (Store::exists(file)) return {};
  std::string sign;
  if (is_there(mark_path(file)))
    sign = mark_path(file) + " says that there was one";
  else if (is_there(process::newest_fact_path(settings.audit.dir)))
    sign = "the audit log in " + settings.audit.dir + " knows of one";
  else
    return {};
  return fail(make_error(ErrorCode::invalid_input,
                         file + ": the register is gone (" + sign +
                             "); none is made in its place unless a person begins a new one: "
                             "aeromq-kernel begin --config " +
                             settings.folder + "/aeromq.toml --reason TEXT" +
                             (settings.kernel.kind == "postgresql" ? "" : " --holder NODE"),
                         "register"));
}

}  // namespace aeromq::kernel
