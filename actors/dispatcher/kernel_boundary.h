// The dispatcher's boundary: its one kernel connection. Broken or fenced it is dead for good; there
// is no second connection in the life of a process.
#pragma once
#include "actors/dispatcher/older_register.h"
#include "actors/runtime/boundary.h"
#include "kernel/adapter.h"
#include "process/exit_codes.h"

namespace aeromq {

template <kernel::KernelAdapter Link>
class KernelBoundary final : public runtime::Boundary {
 public:
  /// `older`: why the register is older than the audit log; empty: it is not. It stays what it is
  /// as long as the connection lives.
  explicit KernelBoundary(Link link, std::string older = {})
      : link_(std::move(link)), older_(std::move(older)) {}

  void call(const KernelCall& call) override {
    if (!older_.empty() && call.kind == CallKind::act)
      refused_.push_back(refused_as_older(call, older_));
    else
      link_.send(call);
  }

  std::vector<KernelAnswer> answers() override {
    auto all = std::exchange(refused_, {});
    while (auto answer = link_.receive()) {
      // Another dispatcher, or a person, opened a newer epoch: ours is over for good.
      if (answer->kind == CallKind::act && answer->act.status == ActStatus::refused &&
          answer->act.code == "STALE_EPOCH")
        fenced_ = true;
      if (!older_.empty()) say_older(*answer, older_);
      all.push_back(std::move(*answer));
    }
    return all;
  }
  bool alive() override { return !fenced_ && link_.alive(); }
  int exit_code() const override { return fenced_ ? process::kExitFenced : process::kExitFault; }
  int fd() const override { return link_.fd(); }

 private:
  Link link_;
  std::string older_;
  std::vector<KernelAnswer> refused_;  ///< not sent, to be told at the next turn
  bool fenced_ = false;
};

}  // namespace aeromq
