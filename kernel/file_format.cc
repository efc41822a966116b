#include "kernel/file_format.h"

#include <charconv>

#include "messages/text.h"

namespace aeromq::kernel {
namespace {

std::string named(const Database& database) {
  Statement query(database, "SELECT value FROM meta WHERE key = 'format'");
  return query.step() ? query.text_at(0) : std::string{};
}

void name_it(const Database& database, const FileFormat& format) {
  Statement(database, "INSERT OR REPLACE INTO meta VALUES('format', ?)").text(format.name()).run();
}

Error bad(std::string what) { return make_error(ErrorCode::invalid_input, std::move(what)); }

/// All steps from `version` on, or none of them.
Result<void> bring_up(Database& database, const FileFormat& format, std::size_t version) {
  const auto stepped = [&]() -> Result<void> {
    if (auto begun = database.try_run("BEGIN IMMEDIATE"); !begun) return begun;
    for (const auto* step : format.steps.subspan(version))
      if (auto done = database.try_run(step); !done) return done;
    name_it(database, format);
    return database.try_run("COMMIT");
  }();
  if (stepped) return {};
  (void)database.try_run("ROLLBACK");
  return fail(bad("its format is \"" + format.name_of(version) + "\", and it cannot be made \"" +
                  format.name() + "\": " + detail_of(stepped.error())));
}

}  // namespace

void make_tables(Database& database, const FileFormat& format) {
  for (const auto* step : format.steps) database.run(step);
  name_it(database, format);
}

std::size_t version_of(const Database& database, const FileFormat& format) {
  const auto name = named(database);
  const auto prefix = std::string(format.family) + "-";
  if (!name.starts_with(prefix)) return 0;
  std::size_t version = 0;
  const auto* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + prefix.size(), end, version);
  return read.ec == std::errc{} && name == format.name_of(version) ? version : 0;
}

Result<void> meet_format(Database& database, const FileFormat& format, bool may_write) {
  const auto version = version_of(database, format);
  if (version == 0)
    return fail(bad("its format is \"" + cut(named(database), 64) + "\", this program's is \"" +
                    format.name() + '"'));
  if (version > format.version())
    return fail(bad("its format is \"" + format.name_of(version) +
                    "\", this program reads up to \"" + format.name() + '"'));
  if (version == format.version() || !may_write) return {};
  return bring_up(database, format, version);
}

}  // namespace aeromq::kernel
