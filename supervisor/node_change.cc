#include "supervisor/node_change.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "kernel/postgresql/service/grants.h"
#include "process/files.h"

namespace aeromq::supervisor {
namespace {

namespace fs = std::filesystem;
using postgresql::ClusterSettings;
using postgresql::MemberChange;

constexpr const char* kPending = "/members.pending";

auto bad(std::string what, std::string field) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), std::move(field)));
}

/// What `members.pending` says: everything that is left to do.
struct Pending {
  MemberChange row;
  std::string register_file;
  std::vector<std::string> files;
  std::string dropped;
};

std::string text_of(const Pending& pending) {
  const auto& row = pending.row;
  auto text = "row\t" + row.what + "\t" + row.node + "\t" + std::to_string(row.uid) + "\t" +
              std::to_string(row.wall_ms) + "\t" + row.reason + "\nregister\t" +
              pending.register_file + "\n";
  for (const auto& file : pending.files) text += "file\t" + file + "\n";
  if (!pending.dropped.empty()) text += "drop\t" + pending.dropped + "\n";
  return text;
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<Pending> read_pending(const std::string& path) {
  const auto text = process::read_file(path);
  if (!text) return fail(text.error());
  Pending pending;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> words;
    std::istringstream parts(line);
    for (std::string word; std::getline(parts, word, '\t');) words.push_back(word);
    if (words.size() == 6 && words[0] == "row")
      pending.row = {words[2], words[1], number_of(words[3]), words[5], number_of(words[4])};
    else if (words.size() == 2 && words[0] == "register")
      pending.register_file = words[1];
    else if (words.size() == 2 && words[0] == "file")
      pending.files.push_back(words[1]);
    else if (words.size() == 2 && words[0] == "drop")
      pending.dropped = words[1];
    else
      return bad(path + ": a line cannot be read: " + line, "dir");
  }
  if (pending.row.what.empty() || pending.register_file.empty())
    return bad(path + ": it is not whole", "dir");
  return pending;
}

/// Each step may be done again: whoever finds the file begins at its first line.
Result<void> finish(const Pending& pending, const std::string& path, kernel::Store& store) {
  for (const auto& file : pending.files)
    if (auto placed = process::put_in_place(file); !placed) return placed;
  postgresql::MemberChanges(store.database()).write(pending.row);
  std::error_code fault;
  if (!pending.dropped.empty()) fs::remove_all(pending.dropped, fault);
  if (!fault) fs::remove(path, fault);
  if (fault) return bad(path + ": " + fault.message(), "dir");
  return {};
}

Result<kernel::Store> open_register(const std::string& path) {
  return kernel::Store::open(path, kernel::Store::Mode::read_write,
                             postgresql::kPostgresqlRegister);
}

/// The new files, as they lie beside the old ones, read as what they must be.
Result<void> check_beside(const StoppedPlane& plane, const NodeChange& change) {
  const auto wanted = postgresql::members_digest(change.after);
  for (const auto& [path, text] : change.files) {
    if (path.ends_with("/aeromq.toml")) {
      const auto read = process::read_settings(process::beside(path));
      if (!read) return fail(read.error());
      std::vector<std::string> names;
      for (const auto& node : change.after.nodes) names.push_back(node.name);
      auto has = read->cluster.nodes;
      std::ranges::sort(has);
      if (!has.empty() && has != names)
        return bad(path + ": cluster.nodes could not be changed: write it in one line", "dir");
    } else if (path == plane.settings().kernel.cluster || path.ends_with("/postgresql.toml")) {
      const auto read = postgresql::read_cluster_settings(process::beside(path));
      if (!read) return fail(read.error());
      if (postgresql::members_digest(*read) != wanted)
        return bad(path + ": the change cannot be made in it: it is not written as [[node]] " +
                       "tables, or its members are not those of " + plane.settings().kernel.cluster,
                   "dir");
    }
  }
  return {};
}

Result<void> write_all_beside(const NodeChange& change) {
  if (!change.made_folder.empty()) {
    std::error_code fault;
    fs::create_directories(change.made_folder, fault);
    if (!fault) fs::permissions(change.made_folder, fs::perms::owner_all, fault);
    if (fault) return bad(change.made_folder + ": " + fault.message(), "dir");
  }
  for (const auto& [path, text] : change.files)
    if (auto written = process::write_beside(path, text); !written) return written;
  return {};
}

void take_back(const NodeChange& change) {
  std::error_code ignored;
  for (const auto& [path, text] : change.files) fs::remove(process::beside(path), ignored);
  if (!change.made_folder.empty()) fs::remove_all(change.made_folder, ignored);
}

Result<process::LockFile> take_lock(const std::string& path, const std::string& dir) {
  auto lock = process::LockFile::take(path);
  if (lock) return lock;
  return bad("the control plane of " + dir + " runs, and its members change only while it is " +
                 "stopped (the databases and their agents go on): " + detail_of(lock.error()),
             "dir");
}

}  // namespace

Result<std::optional<MemberChange>> finish_change(const std::string& dir) {
  const auto path = dir + kPending;
  if (!fs::exists(path)) return std::optional<MemberChange>{};
  const auto pending = read_pending(path);
  if (!pending) return fail(pending.error());
  const auto lock = take_lock(pending->register_file + ".lock", dir);
  if (!lock) return fail(lock.error());
  auto store = open_register(pending->register_file);
  if (!store) return fail(store.error());
  if (auto done = finish(*pending, path, *store); !done) return fail(done.error());
  return std::optional(pending->row);
}

Result<StoppedPlane> StoppedPlane::open(const std::string& dir) {
  const auto config = dir + "/aeromq.toml";
  if (!fs::exists(config))
    return bad(dir + " is not the directory of a control plane: it holds no aeromq.toml", "dir");
  std::error_code fault;
  fs::create_directories(dir + "/run", fault);
  if (fault) return bad(dir + "/run: " + fault.message(), "dir");
  std::vector<process::LockFile> locks;
  auto first = take_lock(dir + "/run/aeromq.lock", dir);
  if (!first) return fail(first.error());
  locks.push_back(std::move(*first));
  const auto finished = finish_change(dir);
  if (!finished) return fail(finished.error());
  auto settings = process::read_settings(config);
  if (!settings) return fail(settings.error());
  if (settings->kernel.kind != "postgresql")
    return bad(dir + " has the embedded kernel: its nodes have no agents", "dir");
  auto cluster = postgresql::read_cluster_settings(settings->kernel.cluster);
  if (!cluster) return fail(cluster.error());
  auto second = take_lock(settings->kernel.register_file + ".lock", dir);
  if (!second) return fail(second.error());
  locks.push_back(std::move(*second));
  auto store = open_register(settings->kernel.register_file);
  if (!store) return fail(store.error());
  StoppedPlane plane(dir, std::move(*settings), std::move(*cluster), std::move(locks),
                     std::move(*store));
  if (*finished) plane.finished_ = (*finished)->what + " " + (*finished)->node;
  return plane;
}

std::vector<std::string> StoppedPlane::copies() const {
  std::vector<std::string> all{settings_.kernel.cluster};
  for (const auto& node : cluster_.nodes) {
    const auto copy = agent_folder(node.name) + "/postgresql.toml";
    if (fs::exists(copy)) all.push_back(copy);
  }
  return all;
}

Result<void> carry_out(StoppedPlane& plane, const NodeChange& change) {
  Pending pending{change.row, plane.settings().kernel.register_file, {}, change.dropped_folder};
  for (const auto& [path, text] : change.files) pending.files.push_back(path);
  auto good = write_all_beside(change);
  if (good) good = check_beside(plane, change);
  // From here on it will be done, by us or by whoever finds this file.
  const auto path = plane.dir() + kPending;
  if (good) good = process::write_file(path, text_of(pending));
  if (!good) {
    take_back(change);
    return good;
  }
  return finish(pending, path, plane.store());
}

}  // namespace aeromq::supervisor
