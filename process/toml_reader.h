// Reads tables of a TOML file strictly and collects every fault instead of stopping at the first.
// For the readers of settings files alone; toml++ is seen by toml_reader.cc alone.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::process::detail {

/// One table of a file. What was not asked for is a fault when the table ends.
class TomlTable {
 public:
  TomlTable(const void* table, std::string name, std::vector<std::string>& faults)
      : table_(table), name_(std::move(name)), faults_(faults) {}

  enum class Need { optional, required };
  void text(const char* key, std::string& value, Need need = Need::optional);
  void number(const char* key, std::uint64_t& value, std::uint64_t min, std::uint64_t max);
  void numbers(const char* key, std::vector<std::uint64_t>& values, std::uint64_t min,
               std::uint64_t max);
  void texts(const char* key, std::vector<std::string>& values);
  /// A table inside this one; an absent one counts as empty.
  void table(const char* key, const std::function<void(TomlTable&)>& read);
  /// Each table of an array of tables.
  void tables(const char* key, const std::function<void(TomlTable&)>& read);
  void fault(const char* key, const std::string& what);
  /// Every key that nothing asked for is a fault.
  void end();

 private:
  std::string path(const char* key) const { return name_.empty() ? key : name_ + "." + key; }

  const void* table_;
  std::string name_;
  std::vector<std::string>& faults_;
  std::vector<std::string> asked_;
};

/// Parses `text` and reads its root table; the faults found, none = good.
std::vector<std::string> read_toml(const std::string& text,
                                   const std::function<void(TomlTable&)>& read);

/// What `read` makes of the settings file `path`, whose content is `text`. Error INVALID_INPUT,
/// field `settings`: the file with all of its faults.
template <class T>
Result<T> read_toml_as(const std::string& path, const Result<std::string>& text,
                       const std::function<void(TomlTable&, T&)>& read) {
  const auto fault = [](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input, what, "settings"));
  };
  if (!text) return fault(detail_of(text.error()));
  T value;
  const auto faults = read_toml(*text, [&](TomlTable& root) { read(root, value); });
  if (faults.empty()) return value;
  std::string all = path + ": ";
  for (const auto& one : faults) all += (&one == &faults.front() ? "" : "; ") + one;
  return fault(all);
}

}  // namespace aeromq::process::detail
