// Where aeromq-ctl's words go: results to stdout in the chosen format, errors to stderr.
#pragma once
#include "client/ctl/render/json.h"
#include "client/ctl/render/table.h"
#include "process/exit_codes.h"

namespace aeromq::ctl {

enum class Format : std::uint8_t { table, json, yaml };

/// What every verb gets.
struct Common {
  std::string config;  ///< the client file; empty = none given
  Format format = Format::table;
};

/// aeromq-ctl's exit codes that are not an error's own (docs: the table of --help).
constexpr int kExitDone = 0;
constexpr int kExitFault = 1;
constexpr int kExitInput = 2;
constexpr int kExitUnwritten = process::kExitUnwritten;
constexpr int kExitRefused = 10;
constexpr int kExitDeclined = 11;
constexpr int kExitRejected = 20;
constexpr int kExitUnknown = 30;
constexpr int kExitTwoPrimaries = 49;

/// `text` as a table's words, or `value` as JSON or YAML, to stdout. False if it could not be
/// written: then a code of 0 becomes kExitUnwritten (process/entry.h), and no question is asked.
bool show(Format format, const std::string& text, const Json& value);

/// One error to stderr. If the outcome of `request` is not known: the exact command that asks.
/// Returns the error's exit code.
int show_error(const Common& common, const Error& error, const RequestId& request = {});

/// The JSON of an error, with the request and, where the outcome is not known, how to ask for it.
Json error_json(const Common& common, const Error& error, const RequestId& request);

/// `aeromq-ctl -c FILE WORDS...`, quoted for a shell.
std::string ctl_command(const Common& common, const std::vector<std::string>& words);
/// The same for `outcome ID`.
std::string outcome_command(const Common& common, const RequestId& request);

/// 49 if the view shows two primaries, else 0.
int exit_code_of(const View& view);

/// As the request itself would have ended: 0, 10, 20 or 30.
int exit_code_of(const OutcomeAnswer& outcome);

}  // namespace aeromq::ctl
