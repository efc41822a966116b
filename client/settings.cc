#include "client/settings.h"

// The same two lines as in process/toml_reader.cc, for the reasons told there.
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include "messages/toml_text.h"
#include "process/files.h"

namespace aeromq::client {
namespace {

Error bad(const std::string& path, const std::string& what) {
  return make_error(ErrorCode::invalid_input, path + ": " + what, std::string("config"));
}

}  // namespace

Result<ClientSettings> read_settings(const std::string& path) {
  const auto read = process::read_secret_file(path);
  if (!read) return fail(make_error(ErrorCode::invalid_input, detail_of(read.error()), "config"));
  const auto ascii = ascii_toml(*read);
  if (!ascii) return fail(bad(path, detail_of(ascii.error())));
  const auto parsed = toml::parse(*ascii);
  if (!parsed)
    return fail(bad(path, std::string(parsed.error().description()) + " (line " +
                              std::to_string(parsed.error().source().begin.line) + ")"));
  ClientSettings settings;
  std::string faults;
  const auto note = [&faults](const std::string& fault) {
    if (!faults.empty()) faults += "; ";
    faults += fault;
  };
  for (const auto& [key, value] : parsed.table()) {
    const std::string_view name = key.str();
    std::string* target = name == "endpoint"     ? &settings.endpoint
                          : name == "server_key" ? &settings.server_key
                          : name == "public_key" ? &settings.public_key
                          : name == "secret_key" ? &settings.secret_key
                          : name == "feed"       ? &settings.feed
                                                 : nullptr;
    if (target == nullptr)
      note("unknown key `" + std::string(name) + "`");
    else if (const auto text = value.value<std::string>(); value.is_string() && text)
      *target = *text;
    else
      note("`" + std::string(name) + "` must be text");
  }
  for (const auto& [name, value] : {std::pair{"endpoint", &settings.endpoint},
                                    {"server_key", &settings.server_key},
                                    {"public_key", &settings.public_key},
                                    {"secret_key", &settings.secret_key}})
    if (value->empty()) note(std::string("`") + name + "` is missing");
  if (!faults.empty()) return fail(bad(path, faults));
  return settings;
}

}  // namespace aeromq::client
