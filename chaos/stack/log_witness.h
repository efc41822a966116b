// What the audit log holds, read from its files by the rules of docs/audit-log.md and by no code of
// the product: frame after frame, only whole batches, each record decoded by another library.
// Checks nothing but shape; the whole log is verified at the end by another program. Never writes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace aeromq::chaos {

/// The fields of an audit record that a history tells.
struct WitnessedRecord {
  std::uint64_t number = 0;
  std::string stage;
  std::string request;
  std::string principal;
  std::string command;
  std::string digest;  ///< of the command, hexadecimal
  std::string token;   ///< digest of it, hexadecimal
  std::string explanation;
  std::string outcome;  ///< none, executed, not executed, unknown
  std::string code;     ///< of its error
};

class LogWitness {
 public:
  /// `directory` is the audit writer's; it need not be there yet.
  explicit LogWitness(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The records of all batches that have become whole since the last call, in order.
  std::vector<WitnessedRecord> take();

 private:
  void read_segment(const std::filesystem::path& path, std::vector<WitnessedRecord>& taken);
  std::filesystem::path directory_;
  std::map<std::string, std::uint64_t> read_;  // segment -> octets done
  std::uint64_t last_ = 0;                     // number of the last record taken
};

/// One record from its MessagePack octets. Throws std::runtime_error.
WitnessedRecord read_record(const std::string& octets);

}  // namespace aeromq::chaos
