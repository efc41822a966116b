// The dispatcher's boundary: its one kernel connection. Broken or fenced it is dead for good; there
// is no second connection in the life of a process.
#pragma once
#include "actors/runtime/boundary.h"
#include "kernel/adapter.h"
#include "process/exit_codes.h"

namespace aeromq {

template <kernel::KernelAdapter Link>
class KernelBoundary final : public runtime::Boundary {
 public:
  explicit KernelBoundary(Link link) : link_(std::move(link)) {}

  void call(const KernelCall& call) override { link_.send(call); }

  std::vector<KernelAnswer> answers() override {
    std::vector<KernelAnswer> all;
    while (auto answer = link_.receive()) {
      // Another dispatcher, or a person, opened a newer epoch: ours is over for good.
      if (answer->kind == CallKind::act && answer->act.status == ActStatus::refused &&
          answer->act.code == "STALE_EPOCH")
        fenced_ = true;
      all.push_back(std::move(*answer));
    }
    return all;
  }
  bool alive() override { return !fenced_ && link_.alive(); }
  int exit_code() const override { return fenced_ ? process::kExitFenced : process::kExitFault; }
  int fd() const override { return link_.fd(); }

 private:
  Link link_;
  bool fenced_ = false;
};

}  // namespace aeromq
