// How far whole WAL records lie on this server's disk, by its own pg_waldump. Names and sizes of
// files tell nothing: segments are recycled.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aeromq::postgresql {

/// Reads from `from` on, on `timeline`, until the first record that is none; nothing if that could
/// not be found out in `deadline_ms`.
std::optional<std::uint64_t> read_wal_end(const std::string& bin, const std::string& data,
                                          std::uint64_t from, std::uint64_t timeline,
                                          std::uint64_t deadline_ms);

/// Where the valid records end, by what pg_waldump said when it met the first that is not (in the C
/// locale); nothing if it complains of anything else.
std::optional<std::uint64_t> end_in_words(std::string_view output);

}  // namespace aeromq::postgresql
