// The embedded kernel without its process, under a clock that the test moves.
#pragma once
#include "process/kill_point.h"
#include "tests/kernel/conformance.h"
#include "tests/kernel/fixtures.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {

class InProcessKernel final : public KernelFixture {
 public:
  InProcessKernel() { process::register_kill_points(kill_points()); }
  void fresh() override {
    kernel_.reset();
    path_ = folder_ / ("register" + std::to_string(++made_));
    start();
  }
  void restart() override {
    kernel_.reset();
    start();
  }
  std::unique_ptr<Connection> open(std::uint8_t dispatcher) override {
    return std::make_unique<Direct>(*this, *kernel_->open(dispatcher, at_ms(now_ms_)));
  }
  std::uint64_t kernel_ms() override { return now_ms_; }
  void pass_ms(std::uint64_t ms) override { now_ms_ += ms; }
  void settle() override {
    for (const auto* node : {"a", "b", "c"}) settle_only(node);
  }
  void settle_only(const std::string& node) override {
    const auto told = kernel_->role(node);
    auto report =
        report_as(kernel_->state(), told.role, std::max<std::uint64_t>(told.acknowledged, 500));
    (void)kernel_->report(node, report, at_ms(now_ms_));
  }

  Embedded& kernel() { return *kernel_; }
  Moment now() const { return at_ms(now_ms_); }
  const std::string& path() const { return path_; }

 private:
  class Direct final : public Connection {
   public:
    Direct(InProcessKernel& owner, Opened opened)
        : owner_(owner), opened_(std::move(opened)), run_(owner.runs_) {}
    const Opened& opened() const override { return opened_; }
    std::optional<KernelAnswer> call(const KernelCall& call) override {
      if (run_ != owner_.runs_) return std::nullopt;
      return owner_.kernel_->answer(
          call, {opened_.dispatcher, static_cast<std::uint32_t>(opened_.epoch)}, owner_.now());
    }

   private:
    InProcessKernel& owner_;
    Opened opened_;
    int run_;
  };

  void start() {
    ++runs_;
    auto started = Embedded::start({path_, "demo", {"a", "b", "c"}, {}, kStale}, at_ms(now_ms_));
    kernel_ = std::make_unique<Embedded>(std::move(*started));
  }

  test::ScratchFolder folder_;
  std::string path_;
  std::unique_ptr<Embedded> kernel_;
  std::uint64_t now_ms_ = kStart;
  int made_ = 0;
  int runs_ = 0;
};

}  // namespace aeromq::kernel
