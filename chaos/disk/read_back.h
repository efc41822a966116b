// What a disk holds when nothing runs, read from the files: the records of the audit log, the rows
// of the kernel's ledger. Appended to what was seen before, it makes a history that can be judged.
#pragma once
#include <filesystem>
#include <string>

#include "chaos/history/event.h"

namespace aeromq::chaos::disk {

struct DiskContents {
  History kept;    ///< one event a record
  History stands;  ///< one event a ledger row, in the order of execution
  Event verified;
  std::string damage;  ///< of the register as a database; empty if it is whole
};

/// `scratch` is a folder for a copy: opening a database may write to it.
DiskContents read_disk(const std::filesystem::path& audit,
                       const std::filesystem::path& register_file,
                       const std::filesystem::path& scratch);

/// `seen` and then the contents. Of a row that is new, `row` and `effect` stand before the first
/// answer that tells of it: there the kernel must have acted.
History with_contents(const History& seen, const DiskContents& disk);

/// The verdict of the verifier that shares no code with the writer; empty if it cannot run here.
std::string verify_independently(const std::filesystem::path& audit);

}  // namespace aeromq::chaos::disk
