// A control plane whose audit log and register lie on a disk of their own, and what happens to
// both: it begins, loses all of its processes, is begun again, is read back and judged.
#pragma once
#include <memory>
#include <optional>

#include "chaos/disk/disk_judge.h"
#include "chaos/disk/image.h"
#include "chaos/disk/operators.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::disk {

struct SiteOptions {
  std::filesystem::path bin_dir;
  std::filesystem::path dir;  ///< its own folder, removed at the end; short, sockets live in it
  std::map<std::string, std::string> settings;
  std::uint64_t image_octets = 0;  ///< 0: the disk is the folder's own
};

class Site {
 public:
  explicit Site(const SiteOptions& options);
  ~Site();

  Stack& stack() { return *stack_; }
  const Stack& stack() const { return *stack_; }
  Notebook& notebook() { return notebook_; }
  const Notebook& notebook() const { return notebook_; }
  Image& image() { return *image_; }
  std::filesystem::path disk() const { return stack_->dir() / "disk"; }
  std::filesystem::path audit() const { return disk() / "audit"; }
  std::filesystem::path clients() const { return stack_->dir() / "clients"; }

  /// Arms a kill point that freezes its process at the nth hit.
  void arm_stop(const std::string& point, unsigned nth);
  /// Every process of the stack ends by SIGKILL.
  void kill_all();
  /// Started and answering; false if not, and why is in the history.
  bool serve();
  /// Requests of which nobody was told an end: asked about, now that a restart decided them.
  void ask_for_outcomes(Person& person);
  /// The disk as it is, judged with all that was seen so far, and with the reading before.
  Judgement judge_now();
  /// The history with the last reading.
  History history() const;

 private:
  std::unique_ptr<Image> image_;
  std::unique_ptr<Stack> stack_;
  Notebook notebook_;
  std::optional<DiskContents> last_;
};

}  // namespace aeromq::chaos::disk
