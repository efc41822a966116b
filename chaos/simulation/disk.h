// The disk of one simulated host: files, directories and locks in memory, with a page cache that a
// SIGKILL leaves alone and a power cut loses. It knows what really is durable, which the product
// can only believe; so its word goes into the history. The audit log reaches it through
// audit/file.h, whose functions simulated_files.cc defines on top of it.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "chaos/simulation/file_content.h"

namespace aeromq::chaos {

enum class DiskCall : std::uint8_t { read, write, sync };
enum class DiskFault : std::uint8_t {
  io_error,     ///< EIO
  no_space,     ///< ENOSPC
  short_write,  ///< writes: some octets, fewer than asked; else as io_error
};

/// Answers of the calls: octets or a number, or the negative errno.
class Disk {
 public:
  /// The disk that audit/file.h means: of the host whose process the simulator steps now. None
  /// while processes are torn down: closing a file of a dead process then is no event.
  inline static thread_local Disk* current = nullptr;

  /// A sync that succeeded.
  struct Synced {
    std::string path;
    bool directory = false;
    FileContent::Range octets;       ///< of a file: none of these was sure before
    std::vector<std::string> names;  ///< of a directory: entries that were not sure before
  };
  std::function<void(const Synced&)> on_durable;
  /// A fault that happened (not: was armed): read write sync full, with the file's path.
  std::function<void(std::string_view what, const std::string& path)> on_fault;
  /// Before every call that can change what the disk holds, cached or durable. What it throws ends
  /// the process that made the call, and the call has then not happened.
  std::function<void(std::string_view call, const std::string& path)> before_change;

  Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  /// Empty and sound again, as a new one, callbacks too; cheap. Numbers of open files are not used
  /// again, so that whatever an earlier run left open can be closed at any time.
  void reset();

  /// Files opened and locks taken from now on belong to this process.
  void run_as(std::uint32_t process) { process_ = process; }

  /// The n-th such call from now (1 = the next) fails. Several may be armed.
  void arm(DiskCall call, unsigned nth, DiskFault fault);
  /// No room: whatever needs a sector more fails with ENOSPC; what has its sectors goes on.
  void set_full(bool full) { full_ = full; }
  void disarm();

  /// SIGKILL: its files are closed, its locks free; the page cache stays.
  void crash_process(std::uint32_t process);
  /// All processes die; what was not durable survives or not, each sector and entry by chance.
  void power_cut(Random& random);

  /// What a power cut at this moment would surely leave of the file: nothing without a durable
  /// entry on the way to it.
  std::optional<Bytes> durable_octets(const std::string& path) const;
  /// Names in a directory that a power cut would surely leave.
  std::vector<std::string> durable_names(const std::string& path) const;

  // What simulated_files.cc needs; flags as of ::open, absolute paths.
  int open(const std::string& path, int flags);
  void close(int file);
  /// -EBADF for a file that was closed, was its process's that crashed, or is of an earlier run.
  std::int64_t write(int file, ByteView octets, std::uint64_t offset);
  std::int64_t write_zeros(int file, std::uint64_t offset, std::uint64_t size);
  std::int64_t read(int file, std::span<std::uint8_t> into, std::uint64_t offset);
  int truncate(int file, std::uint64_t size);
  int sync(int file);
  void drop_clean_pages(int file);
  int rename(const std::string& from, const std::string& to);
  int remove(const std::string& path);
  int make_directory(const std::string& path);
  std::optional<std::vector<std::string>> list(const std::string& path) const;
  struct Status {
    std::uint32_t inode = 0;
    std::uint32_t links = 0;
    std::uint64_t size = 0;
    bool directory = false;
  };
  std::optional<Status> status(const std::string& path) const;
  std::optional<Status> status(int file) const;
  /// A write lock on the whole file, for the life of the open file: 0, or -EAGAIN.
  int lock(int file);
  bool is_locked_by_another(int file) const;

 private:
  using Inode = std::uint32_t;
  static constexpr Inode kRoot = 0;
  static constexpr Inode kNone = static_cast<Inode>(-1);
  using Entries = std::map<std::string, Inode, std::less<>>;

  /// A change of a directory that no sync has made durable yet.
  struct Change {
    std::string name;   ///< that gets `inode`, or loses its entry (kNone)
    std::string moved;  ///< a rename: the name that it had; it goes with the other or not at all
    Inode inode = kNone;
  };
  struct Node {
    bool directory = false;
    std::uint32_t links = 0;
    FileContent content;
    Entries entries;
    Entries sure;                 ///< durable entries
    std::vector<Change> changes;  ///< from sure to entries
    int lock = -1;                ///< the open file that holds it
  };
  struct OpenFile {
    bool open = false;
    std::uint32_t process = 0;
    Inode inode = kNone;
    std::string path;
  };
  struct Armed {
    DiskCall call;
    unsigned left;
    DiskFault fault;
  };
  struct Place {
    Inode directory = kNone;
    std::string_view name;
  };

  Inode find(std::string_view path) const;
  Inode find_sure(std::string_view path) const;
  Place place_of(std::string_view path) const;
  Inode make_node(bool directory);
  OpenFile* opened(int file);
  const OpenFile* opened(int file) const;
  void enter(Node& directory, Change change);
  static void apply(const Change& change, Entries& entries);
  std::optional<DiskFault> fault_of(DiskCall call, std::string_view what, const std::string& path);
  /// 0, or the error of a write that needs sectors which are not there.
  int make_room(const OpenFile& file, std::uint64_t end);
  void about_to(std::string_view call, const std::string& path) const {
    if (before_change) before_change(call, path);
  }

  std::deque<Node> nodes_;
  std::size_t used_ = 0;  ///< nodes of this run; the others keep their memory for the next
  std::vector<OpenFile> files_;
  int first_file_ = 3;
  std::uint32_t process_ = 0;
  std::vector<Armed> armed_;
  bool full_ = false;
};

}  // namespace aeromq::chaos
