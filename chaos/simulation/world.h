// One simulated run's time, connections, hosts and history. Processes do what the real ones do; the
// world decides when a message arrives, whether it arrives, and where a process dies. All chance
// comes from one seed; nothing here depends on an address, a clock or a thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>

#include "chaos/history/event.h"
#include "chaos/simulation/disk.h"
#include "chaos/simulation/plan.h"
#include "chaos/simulation/process.h"
#include "messages/time.h"

namespace aeromq::chaos {

class World {
 public:
  /// The world of the run that this thread is in: what process/clock.h, process/entropy.h and
  /// process/kill_point.h mean (shell.cc).
  inline static thread_local World* current = nullptr;

  World(const Plan& plan, std::vector<std::unique_ptr<Disk>>& disks);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // ---- time ----
  Moment now() const { return {now_ns_, now_ns_ + wall_offset_ns_}; }
  void after(std::uint64_t ns, std::function<void()> what);
  /// Goes on until `ms` of the run's time.
  void run_until_ms(std::uint64_t ms);
  std::uint64_t now_ms() const { return (now_ns_ - kStartNs) / kNanosPerMs; }
  void jump_wall_clock(std::int64_t ms);

  // ---- history ----
  /// A new event in `lane`; fill in the rest.
  Event& note(EventKind kind, const Process& process);
  Event& note(EventKind kind, const std::string& lane);
  void note_fault(std::string_view what, const std::string& lane, std::uint64_t number = 0,
                  const std::string& text = {});
  History& history() { return history_; }

  // ---- processes ----
  void begin(Process& process);
  /// SIGKILL, or the end that it chose itself; `why` goes into the history.
  void end(Process& process, const std::string& why, Restart restart);
  /// Runs `work` as `process`: a kill inside ends it there.
  void step(Process& process, const std::function<void()>& work);
  Process* stepping() { return stepping_; }
  /// A place where the stepping process can be killed or stopped: every effect and kill point.
  void point(std::string_view name);
  void stop(Process& process, std::uint64_t for_ms);
  /// No faults from here on: what was stopped goes on, nothing is held any more.
  void heal();
  bool healed() const { return healed_; }
  /// After the heal: started if it is dead for good, continued if it is stopped.
  void revive(Process& process);

  // ---- connections ----
  /// A connection from `from` to `to`; nothing if nobody listens there.
  std::optional<int> connect(Process& from, Process& to, const std::string& user);
  /// False: not queued, the connection is known to be gone.
  bool send(int wire, Process& from, Parcel parcel);
  void partition(const std::string& lane, std::uint64_t for_ms, std::uint64_t choice);
  void cut(int wire);

  Disk& disk(unsigned plane) { return *disks_[plane]; }
  Random& random() { return random_; }
  const Plan& plan() const { return plan_; }

 private:
  static constexpr std::uint64_t kStartNs = 1'000'000'000'000;
  struct Due {
    std::uint64_t at_ns;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Due& other) const {
      return at_ns != other.at_ns ? at_ns > other.at_ns : order > other.order;
    }
  };
  struct WireEnd {
    Process* process = nullptr;
    std::uint64_t run = 0;
    bool knows_end = false;       ///< was told that the other end is gone
    std::uint64_t last_ns = 0;    ///< when the newest message to this end arrives
    std::uint64_t under_way = 0;  ///< messages to this end that have not arrived
    std::uint64_t lost_from = 0;  ///< messages to this end from this one on never left
    std::uint64_t sent = 0;
  };
  struct Wire {
    WireEnd ends[2];
    bool broken = false;
  };
  struct Partition {
    std::string lane;
    std::uint64_t until_ns = 0;
    bool in = true;
    bool out = true;
  };

  bool lives(const WireEnd& end) const;
  void deliver(int wire, int side, std::uint64_t at_ns, Parcel parcel);
  void put(int wire, int side, Process::Input input);
  void wake(Process& process, std::uint64_t run);
  void break_wire(int wire, int dead_side);
  std::uint64_t arrival_ns(const Wire& wire, int side);
  const Fault* message_fault(std::uint64_t number) const;
  const Fault* point_fault(const Process& process, std::uint64_t point) const;
  bool play(const Fault& fault, int wire, int side, Process& from, Parcel& parcel);

  const Plan& plan_;
  std::vector<std::unique_ptr<Disk>>& disks_;
  Random random_;
  std::uint64_t now_ns_ = kStartNs;
  std::uint64_t wall_offset_ns_ = 1'700'000'000'000'000'000;
  std::uint64_t order_ = 0;
  std::priority_queue<Due> due_;
  std::deque<Wire> wires_;
  History history_;
  Process* stepping_ = nullptr;
  std::uint32_t runs_ = 0;
  std::uint64_t messages_ = 0;
  std::map<std::uint64_t, const Fault*> message_faults_;
  std::map<std::pair<std::string, std::uint64_t>, const Fault*> point_faults_;
  std::vector<Partition> partitions_;
  bool keeps_old_ = false;                           ///< a replay is planned
  std::vector<std::pair<std::string, Parcel>> old_;  ///< sender's lane, what it sent
  bool healed_ = false;
  bool opens_now_ = false;  ///< what is being sent opens a dispatcher's epoch
};

}  // namespace aeromq::chaos
