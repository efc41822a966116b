#include "chaos/simulation/run.h"

#include "chaos/simulation/host_options.h"
#include "chaos/simulation/people.h"

namespace aeromq::chaos {
namespace {

constexpr std::uint64_t kHealAtMs = 8500;
constexpr std::uint64_t kRejoinMs = 4000;
constexpr std::uint64_t kAnswersMs = 1500;
constexpr std::uint64_t kLateStillMs = 1000;

class Run {
 public:
  Run(const Plan& plan, std::vector<std::unique_ptr<Disk>>& disks)
      : plan_(plan), world_(plan, disks), kernel_(world_), people_(world_, planes_) {
    for (unsigned number = 0; number < plan.planes; ++number)
      planes_.push_back(std::make_unique<ControlPlane>(world_, number, kernel_));
  }

  History play() {
    world_.begin(kernel_);
    for (const auto& plane : planes_) plane->begin();
    tick();
    world_.run_until_ms(kStartMs);
    for (const auto& fault : plan_.faults) arm(fault);
    people_.begin(plan_);
    world_.run_until_ms(kStartMs + kHealAtMs);
    heal();
    world_.run_until_ms(world_.now_ms() + kRejoinMs);
    decide_everything();
    people_.ask_for_everything();
    world_.run_until_ms(world_.now_ms() + kAnswersMs);
    for (const auto& plane : planes_) plane->note_what_is_kept();
    kernel_.note_what_stands();
    return std::move(world_.history());
  }

 private:
  static constexpr std::uint64_t kStartMs = 100;

  std::vector<Process*> processes() {
    std::vector<Process*> all{&kernel_};
    for (const auto& plane : planes_)
      for (auto* process : plane->processes()) all.push_back(process);
    return all;
  }
  Process* find(const std::string& lane) {
    for (auto* process : processes())
      if (process->lane() == lane) return process;
    return nullptr;
  }

  void tick() {
    for (auto* process : processes())
      if (process->life.alive && process->life.held_until_ns == 0)
        world_.step(*process, [process] { process->tick(); });
    world_.after(kTickMs * kNanosPerMs, [this] { tick(); });
  }

  // The faults that come by time, or lie in wait in a disk; the world plays the others.
  void arm(const Fault& fault) {
    auto& disk = world_.disk(fault.plane);
    const auto call = fault.choice % 2 == 0 ? DiskCall::write : DiskCall::sync;
    const auto nth = static_cast<unsigned>(fault.nth);
    switch (fault.kind) {
      case FaultKind::io_error:
        return disk.arm(call, nth, DiskFault::io_error);
      case FaultKind::no_space:
        return disk.arm(call, nth, DiskFault::no_space);
      case FaultKind::short_write:
        return disk.arm(DiskCall::write, nth, DiskFault::short_write);
      default:
        world_.after(fault.at_ms * kNanosPerMs, [this, &fault] { play(fault); });
    }
  }

  void play(const Fault& fault) {
    if (world_.healed()) return;
    auto& plane = *planes_[fault.plane];
    switch (fault.kind) {
      case FaultKind::partition:
        return world_.partition(fault.lane, fault.for_ms, fault.choice);
      case FaultKind::power_cut:
        return power_cut(fault);
      case FaultKind::second:
        world_.note_fault("second", fault.lane);
        return plane.begin_second(broker::kActorRoles[fault.choice % broker::kActorRoles.size()]);
      case FaultKind::fence:
        world_.note_fault("fence", "kernel", fault.plane + 1);
        return world_.step(kernel_, [&] { kernel_.fence(fault.plane + 1); });
      case FaultKind::clock_jump:
        world_.note_fault("clock_jump", "harness");
        return world_.jump_wall_clock(static_cast<std::int64_t>(fault.choice % 7'200'000) -
                                      3'600'000);
      case FaultKind::policy:
        world_.note_fault("policy", lane_of(fault.plane, "harness"));
        plane.change_authority(fault.choice % 2 == 0 ? "alice" : "bob",
                               static_cast<Authority>(fault.choice / 2 % 4));
        return world_.end(plane.actor(ActorRole::gate), "killed", fault.restart);
      case FaultKind::silent_node: {
        const std::string node(1, static_cast<char>('a' + fault.choice % 3));
        world_.note_fault("silent_node", "harness", 0, node);
        kernel_.silence(node, true);
        return world_.after(fault.for_ms * kNanosPerMs,
                            [this, node] { kernel_.silence(node, false); });
      }
      default:
        return;
    }
  }

  void power_cut(const Fault& fault) {
    world_.note_fault("power_cut", lane_of(fault.plane, "harness"));
    for (auto* process : planes_[fault.plane]->processes())
      world_.end(*process, "power cut", fault.restart);
    if (fault.plane == 0) world_.end(kernel_, "power cut", fault.restart);
    world_.disk(fault.plane).power_cut(world_.random());
  }

  void heal() {
    world_.heal();
    world_.note(EventKind::healed, "harness");
    for (const auto& plane : planes_) plane->end_second_ones();
    for (unsigned number = 0; number < plan_.planes; ++number) {
      world_.disk(number).disarm();
      world_.disk(number).set_full(false);
    }
    for (const auto* node : {"a", "b", "c"}) kernel_.silence(node, false);
    // A dispatcher that was fenced, by a person or by a late open of its predecessor, learns it
    // with its next act and then needs a person, who here comes before; a new kernel ends all
    // epochs anyway.
    if (plan_.wait_for_leases)
      for (const auto& plane : planes_)
        world_.end(plane->actor(ActorRole::dispatcher), "killed", Restart::at_once);
    // A person starts what stayed dead, and sends SIGCONT to what was stopped.
    for (auto* process : processes()) world_.revive(*process);
  }

  // Every outcome becomes final: by the end of all leases, or by a new run of the kernel.
  void decide_everything() {
    if (plan_.wait_for_leases)
      world_.run_until_ms(world_.now_ms() + kLeaseMs + kLateStillMs);
    else
      world_.end(kernel_, "killed", Restart::at_once);
    world_.run_until_ms(world_.now_ms() + kLateStillMs);
  }

  const Plan& plan_;
  World world_;
  std::vector<std::unique_ptr<ControlPlane>> planes_;
  KernelProcess kernel_;
  People people_;
};

}  // namespace

Simulator::Simulator() {
  for (int plane = 0; plane < 2; ++plane) disks_.push_back(std::make_unique<Disk>());
}

RunResult Simulator::run(const Plan& plan) {
  for (const auto& disk : disks_) disk->reset();
  RunResult result;
  result.history = Run(plan, disks_).play();
  Disk::current = nullptr;
  Shelf::current = nullptr;
  result.judgement = judge(result.history);
  return result;
}

}  // namespace aeromq::chaos
