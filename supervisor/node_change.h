// One change of the members of a PostgreSQL cluster in a control plane's directory: all of its
// files and its line in the register, or nothing. Every file is written beside the old one and read
// back first; then a file `members.pending` says what is to be done, and whoever finds it finishes
// it.
#pragma once
#include "kernel/postgresql/service/member_changes.h"
#include "kernel/store.h"
#include "messages/result.h"
#include "process/lock_file.h"
#include "process/settings.h"
#include "supervisor/node_texts.h"
#include "supervisor/postgresql_folder.h"

namespace aeromq::supervisor {

/// A control plane that stands still: nothing of it runs while this exists.
class StoppedPlane {
 public:
  /// Error INVALID_INPUT: not a directory of a PostgreSQL control plane, or it runs.
  static Result<StoppedPlane> open(const std::string& dir);

  const std::string& dir() const { return dir_; }
  const process::Settings& settings() const { return settings_; }
  const postgresql::ClusterSettings& cluster() const { return cluster_; }
  kernel::Store& store() { return store_; }
  std::string agent_folder(const std::string& node) const { return dir_ + "/agents/" + node; }
  /// The copies of the member list in this directory: the kernel's first, then the agents' that are
  /// still kept here.
  std::vector<std::string> copies() const;
  /// The line of a change that an earlier command could not finish, if this one had to.
  const std::string& finished() const { return finished_; }

 private:
  StoppedPlane(std::string dir, process::Settings settings, postgresql::ClusterSettings cluster,
               std::vector<process::LockFile> locks, kernel::Store store)
      : dir_(std::move(dir)),
        settings_(std::move(settings)),
        cluster_(std::move(cluster)),
        locks_(std::move(locks)),
        store_(std::move(store)) {}
  std::string dir_;
  process::Settings settings_;
  postgresql::ClusterSettings cluster_;
  std::vector<process::LockFile> locks_;
  kernel::Store store_;
  std::string finished_;
};

/// What a change makes of the directory.
struct NodeChange {
  postgresql::MemberChange row;
  postgresql::ClusterSettings after;  ///< what the new files must read as
  std::vector<NamedText> files;       ///< absolute paths; a new agent's folder is made
  std::string made_folder;            ///< taken away again if the change fails
  std::string dropped_folder;         ///< goes with the change
};

/// Error INVALID_INPUT: nothing was changed.
Result<void> carry_out(StoppedPlane& plane, const NodeChange& change);

/// Finishes a change that was cut off. Precondition: nothing of the control plane runs. Error: what
/// could not be done; it is still to be finished.
Result<std::optional<postgresql::MemberChange>> finish_change(const std::string& dir);

}  // namespace aeromq::supervisor
