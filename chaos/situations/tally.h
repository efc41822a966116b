// The file of results, one JSON line a situation, and the table that is made of it.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

#include "chaos/situations/play.h"

namespace aeromq::chaos::situations {

nlohmann::json as_json(const Result& result);
/// One write at the end of the file: several runs may share it.
void append(const std::filesystem::path& file, const nlohmann::json& line);
/// All lines; what is cut short is left out.
std::vector<nlohmann::json> read_lines(const std::filesystem::path& file);
/// The seeds that were judged at `commit`.
std::set<std::uint64_t> seeds_of(const std::vector<nlohmann::json>& lines,
                                 const std::string& commit);

/// Faults x commands x verdicts, in Markdown, of the newest line of each seed.
std::string table_of(const std::vector<nlohmann::json>& lines);
/// What there is in the catalogue, in Markdown.
std::string catalogue_table();

}  // namespace aeromq::chaos::situations
