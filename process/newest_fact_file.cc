#include "process/newest_fact_file.h"

#include <filesystem>

#include "process/files.h"

namespace aeromq::process {

std::string newest_fact_path(const std::string& audit_dir) { return audit_dir + "/newest"; }

Result<std::optional<NewestFact>> read_newest_fact(const std::string& audit_dir) {
  const auto path = newest_fact_path(audit_dir);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::optional<NewestFact>{};
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  auto fact = decode<NewestFact>(as_bytes(*text));
  if (!fact) return fail(make_error(ErrorCode::invalid_input, path + " cannot be read", "file"));
  return std::optional(std::move(*fact));
}

Result<void> write_newest_fact(const std::string& audit_dir, const NewestFact& fact) {
  return write_file(newest_fact_path(audit_dir), std::string(as_text(encode(fact))));
}

}  // namespace aeromq::process
