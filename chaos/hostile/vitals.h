// What an attack cost the product's processes: their memory, and whether one ended.
#pragma once
#include <map>
#include <string>

#include "chaos/stack/stack.h"

namespace aeromq::chaos::hostile {

class Vitals {
 public:
  explicit Vitals(Stack& stack);
  /// Forgets the peaks so far, so that a later look tells of the time since.
  void begin();
  /// The most memory that each process had since begin(), MiB; those that ended are left out.
  std::map<std::string, double> peaks() const;
  /// What `aeromq up` said of processes that ended, since the last call.
  std::vector<std::string> deaths();

 private:
  Stack& stack_;
  std::map<std::string, pid_t> pids_;
};

/// Octets of the audit log's records, without the room that a segment keeps for later ones.
std::uint64_t audit_octets(const std::filesystem::path& audit_dir);

}  // namespace aeromq::chaos::hostile
