// What the kernel's register file holds, read without any code of the product: the witness of
// what really happened. It never writes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace aeromq::chaos {

struct Ledger {
  std::set<std::string> executed;  ///< request ids, text form
  std::set<std::string> rejected;
  std::uint64_t fencing_epoch = 0;
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// The ledger in `register_file`. Throws std::runtime_error.
Ledger read_ledger(const std::filesystem::path& register_file);

/// Every row of every table, in a stable order: equal texts = equal contents.
std::string dump_register(const std::filesystem::path& register_file);

/// One column of one request's ledger row; empty if there is none.
std::string ledger_text(const std::filesystem::path& register_file, const std::string& request,
                        const std::string& column);

}  // namespace aeromq::chaos
