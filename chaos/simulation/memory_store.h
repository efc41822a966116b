// The embedded kernel's register without SQLite: kernel/store.h over a plain value, with the same
// transactions. A process that dies (its Store goes without a commit) leaves what was committed;
// so does a power cut, since the real one syncs every commit. Whoever watches is told by the
// "file" what each transaction changed, so that the history has the register's own word.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/store.h"

namespace aeromq::chaos {

/// What a register file holds.
struct RegisterFile {
  kernel::Register state;  ///< without reports and settings, as Store::load() tells it
  std::uint64_t snapshot_limit = 0;
  std::map<std::uint64_t, std::uint32_t> epochs;  ///< by dispatcher
  std::vector<kernel::FenceRow> fences;
  std::vector<kernel::LedgerRow> ledger;  ///< in the order of their commits
  std::map<RequestId, std::size_t> rows;  ///< places in ledger
  std::uint64_t transactions = 0;         ///< committed
  const void* writer = nullptr;           ///< the store that is in a transaction
};

/// One committed transaction that changed anything.
struct Committed {
  const std::string& path;
  std::uint64_t transaction = 0;  ///< from 1, of this file
  const kernel::Register& before;
  const RegisterFile& after;
  std::vector<const kernel::LedgerRow*> rows;                   ///< new ones
  std::vector<std::pair<std::uint64_t, std::uint32_t>> epochs;  ///< dispatcher, new epoch
  std::vector<const kernel::FenceRow*> fences;                  ///< new ones
};

/// The register files of one simulated host.
class Shelf {
 public:
  /// Where Store finds its file: of the host whose process the simulator steps now.
  inline static thread_local Shelf* current = nullptr;

  /// After the commit: what it throws ends the process, and the transaction stands.
  std::function<void(const Committed&)> on_commit;

  /// Nothing if there is no such file.
  std::shared_ptr<RegisterFile> find(const std::string& path) const;
  std::shared_ptr<RegisterFile> make(const std::string& path);
  void reset();

 private:
  std::map<std::string, std::shared_ptr<RegisterFile>> files_;
};

}  // namespace aeromq::chaos
