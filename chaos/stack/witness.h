// What the kernel's register file holds, read without any code of the product: the witness of
// what really happened. It never writes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace aeromq::chaos {

struct Ledger {
  std::set<std::string> executed;  ///< request ids, text form
  std::set<std::string> rejected;
  std::uint64_t fencing_epoch = 0;
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// The ledger in `register_file`. Throws std::runtime_error.
Ledger read_ledger(const std::filesystem::path& register_file);

/// One decided request.
struct WitnessedRow {
  std::string request;  ///< text form
  std::string action;
  std::string node;
  std::string principal;
  std::string digest;  ///< of the command, hexadecimal
  bool executed = false;
  std::string code;
  std::string text;
  std::uint64_t transaction = 0;  ///< the file's own number of the row: one transaction, one row
  friend bool operator==(const WitnessedRow&, const WitnessedRow&) = default;
};

/// The register at one moment, in one reading transaction.
struct WitnessedRegister {
  std::vector<WitnessedRow> rows;   ///< in the order of their writing
  std::vector<std::string> grants;  ///< requests let in, in order; of a kernel that has grants
  std::string holder;               ///< of write authority; empty if nobody
  std::uint64_t fencing_epoch = 0;
  std::map<std::uint64_t, std::uint64_t> dispatchers;  ///< number -> epoch
  std::string digest;  ///< SHA-256 of all that a look must not change (A13)
};

/// Throws std::runtime_error.
WitnessedRegister read_register(const std::filesystem::path& register_file);

/// Every row of every table, in a stable order: equal texts = equal contents.
std::string dump_register(const std::filesystem::path& register_file);

/// One column of one request's ledger row; empty if there is none.
std::string ledger_text(const std::filesystem::path& register_file, const std::string& request,
                        const std::string& column);

}  // namespace aeromq::chaos
