#include "process/toml_reader.h"

// The same two lines as in client/settings.cc: toml++ is all headers, and a program that links both
// would else mix two of it. It asserts on some malformed input ("[[" and a line end) that it then
// refuses in good order: a bad file is an error to tell, not an abort.
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>

#include "messages/toml_text.h"

namespace aeromq::process::detail {
namespace {

const toml::node* find(const void* table, const char* key) {
  return table == nullptr ? nullptr : static_cast<const toml::table*>(table)->get(key);
}

}  // namespace

void TomlTable::fault(const char* key, const std::string& what) {
  faults_.push_back(path(key) + " " + what);
}

void TomlTable::text(const char* key, std::string& value, Need need) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  if (node == nullptr) {
    if (need == Need::required) fault(key, "is missing");
    return;
  }
  const auto* found = node->as_string();
  if (found == nullptr || found->get().empty()) return fault(key, "must be text");
  value = found->get();
}

void TomlTable::number(const char* key, std::uint64_t& value, std::uint64_t min,
                       std::uint64_t max) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  if (node == nullptr) return;
  const auto* found = node->as_integer();
  const bool good = found != nullptr && found->get() >= 0 &&
                    static_cast<std::uint64_t>(found->get()) >= min &&
                    static_cast<std::uint64_t>(found->get()) <= max;
  if (!good)
    return fault(
        key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  value = static_cast<std::uint64_t>(found->get());
}

void TomlTable::numbers(const char* key, std::vector<std::uint64_t>& values, std::uint64_t min,
                        std::uint64_t max) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  if (node == nullptr) return;
  const auto* found = node->as_array();
  values.clear();
  bool good = found != nullptr;
  for (std::size_t i = 0; good && i < found->size(); ++i) {
    const auto* one = found->get(i)->as_integer();
    good = one != nullptr && one->get() >= 0 && static_cast<std::uint64_t>(one->get()) >= min &&
           static_cast<std::uint64_t>(one->get()) <= max;
    if (good) values.push_back(static_cast<std::uint64_t>(one->get()));
  }
  if (!good)
    fault(key, "must be a list of whole numbers from " + std::to_string(min) + " to " +
                   std::to_string(max));
}

void TomlTable::texts(const char* key, std::vector<std::string>& values) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  if (node == nullptr) return;
  const auto* found = node->as_array();
  if (found == nullptr) return fault(key, "must be a list of texts");
  values.clear();
  for (const auto& element : *found) {
    const auto* one = element.as_string();
    if (one == nullptr) return fault(key, "must be a list of texts");
    values.push_back(one->get());
  }
}

void TomlTable::table(const char* key, const std::function<void(TomlTable&)>& read) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  const toml::table* found = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && found == nullptr) return fault(key, "must be a table");
  TomlTable inner(found, path(key), faults_);
  read(inner);
  inner.end();
}

void TomlTable::tables(const char* key, const std::function<void(TomlTable&)>& read) {
  asked_.emplace_back(key);
  const auto* node = find(table_, key);
  if (node == nullptr) return;
  const auto* found = node->as_array();
  if (found == nullptr) return fault(key, "must be an array of tables");
  std::size_t number = 0;
  for (const auto& element : *found) {
    const auto name = path(key) + "[" + std::to_string(++number) + "]";
    if (element.as_table() == nullptr) {
      faults_.push_back(name + " must be a table");
      continue;
    }
    TomlTable inner(element.as_table(), name, faults_);
    read(inner);
    inner.end();
  }
}

void TomlTable::end() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *static_cast<const toml::table*>(table_))
    if (std::ranges::find(asked_, key.str()) == asked_.end())
      faults_.push_back(path(std::string(key.str()).c_str()) + " is not known");
}

std::vector<std::string> read_toml(const std::string& text,
                                   const std::function<void(TomlTable&)>& read) {
  const auto ascii = ascii_toml(text);
  if (!ascii) return {detail_of(ascii.error())};
  const auto parsed = toml::parse(*ascii);
  if (!parsed)
    return {"line " + std::to_string(parsed.error().source().begin.line) + ": " +
            std::string(parsed.error().description())};
  std::vector<std::string> faults;
  TomlTable root(&parsed.table(), "", faults);
  read(root);
  root.end();
  return faults;
}

}  // namespace aeromq::process::detail
