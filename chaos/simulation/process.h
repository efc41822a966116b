// One simulated process: an inbox, a life and a death. What it holds is gone when it dies.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "messages/envelope.h"

namespace aeromq::chaos {

class World;

/// One message on a connection, as the frames that would be on the wire.
struct Parcel {
  std::uint64_t number = 0;  ///< of all messages of the run; a double has the same. 0 = heartbeat
  MessageType type = MessageType::none;
  RequestId request;
  std::vector<Bytes> frames;
};

/// Thrown where a process dies in the middle of its work: what it has done so far stays done.
struct Killed {};

class Process {
 public:
  Process(World& world, std::string lane, unsigned plane)
      : world_(world), lane_(std::move(lane)), plane_(plane) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// A new run begins.
  virtual void start() = 0;
  /// Its memory is gone: nothing is sent or written any more.
  virtual void forget() = 0;
  /// A connection that another process opened to this one, as `user`.
  virtual void accepted(int /*wire*/, const std::string& /*user*/) {}
  virtual void take(int wire, Parcel parcel) = 0;
  /// The other end of a connection is gone.
  virtual void lost(int wire) = 0;
  /// All that waited has been taken.
  virtual void done() {}
  virtual void tick() {}
  /// May a supervisor start it again after this end?
  virtual bool comes_back() const { return true; }

  const std::string& lane() const { return lane_; }
  unsigned plane() const { return plane_; }

  // What the world keeps about it.
  struct Input {
    int wire = -1;
    bool is_end = false;
    Parcel parcel;
  };
  struct Life {
    bool alive = false;
    bool stays_dead = false;  ///< until the heal
    std::uint64_t run = 0;
    std::uint64_t began_ns = 0;
    std::uint64_t restart_ms = 0;     ///< grows while its runs are short, as a supervisor's does
    std::uint64_t points = 0;         ///< passed, over all runs: where faults are aimed
    std::uint64_t held_until_ns = 0;  ///< SIGSTOP: nothing comes in or goes out before
    std::map<std::uint64_t, std::uint64_t> ended_ns;  ///< by run
    bool wakes = false;
    std::uint32_t number = 0;  ///< of this run among all runs: owner of files and locks
    std::deque<Input> inbox;
    std::vector<int> wires;
    std::string faults_name;  ///< how a plan names it, if not by its lane
  };
  Life life;

 protected:
  World& world_;

 private:
  std::string lane_;
  unsigned plane_;
};

}  // namespace aeromq::chaos
