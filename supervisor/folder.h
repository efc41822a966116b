// The directory of one control plane: made by the first start, reused by every later one, never
// changed afterwards. The settings file is written last: with it the directory is complete.
#pragma once
#include <string>
#include <vector>

#include "messages/result.h"
#include "process/settings.h"
#include "supervisor/postgresql_folder.h"

namespace aeromq::supervisor {

struct FolderOptions {
  std::string dir;                 ///< absolute
  std::vector<std::string> nodes;  ///< empty: as it is, or node1, node2, node3 for a new one
  std::string listen;              ///< clients' endpoint; empty: as it is, or run/clients.ipc
  PostgresqlOptions postgresql{};  ///< none(): as it is, or the embedded kernel for a new one
};

struct Folder {
  bool made = false;  ///< by this call
  process::Settings settings;
  std::vector<std::string> node_files;  ///< of reporters: one per node of the settings, in their
                                        ///< order; none if PostgreSQL is the kernel
};

/// Makes the directory (keys, principals, client and node files with mode 0600, settings) or
/// reads it. Error INVALID_INPUT, field named: a socket path too long, other nodes or another
/// endpoint than it was made with, a directory that is not ours, any faulty file.
Result<Folder> prepare_folder(const FolderOptions& options);

/// A first start, from the moment when its directory is locked. What it made is removed when it
/// fails, so that the corrected command finds nothing in its way; a directory that is complete
/// already is never touched.
class Attempt {
 public:
  /// `dir` as FolderOptions has it; which of its folders is missing is looked at now.
  explicit Attempt(std::string dir);
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt();
  /// The directory's lock is ours, and until keep() so is what is there, unless it has settings.
  void locked();
  void keep() { is_ours_to_undo_ = false; }

 private:
  std::string dir_;
  std::string first_missing_;  ///< the directory that is made, or the parent that is made for it
  bool is_ours_to_undo_ = false;
};

/// Every endpoint that this start would bind is tried: error INVALID_INPUT, field `listen`.
Result<void> check_bindable(const FolderOptions& options);

/// `listen` as it is written into the settings: an ipc path from the current folder on.
std::string absolute_listen(const std::string& listen);

/// The same checks as far as nothing need be written: names of nodes, length of socket paths,
/// --listen, a directory that is not ours.
Result<void> check_options(const FolderOptions& options);

}  // namespace aeromq::supervisor
