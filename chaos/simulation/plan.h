// What one simulated run is made of: what people do, and what breaks. Drawn from a seed before the
// run begins, so that a run that fails can be shrunk by leaving parts of its plan away.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "chaos/simulation/random.h"
#include "messages/command.h"

namespace aeromq::chaos {

/// What a person does when the explanation is there.
enum class Reaction : std::uint8_t {
  confirm,
  confirm_late,   ///< after the token's time
  confirm_twice,  ///< the same yes a second time
  abandon,
  leave,  ///< the client is killed
  wrong_token,
  wrong_explanation,  ///< the digest of another text
  forget_risks,       ///< enhanced: acknowledges nothing
  by_another,         ///< another operator sends the yes, with the right token
  lose_authority,     ///< before the yes: no operator any more, for a while
};

/// Somebody asks what became of the request.
struct Question {
  std::uint64_t after_ms = 0;  ///< since the submit
  unsigned plane = 0;
  std::string principal;
};

/// One person, one connection, one request.
struct Talk {
  unsigned number = 0;  ///< in the whole plan; faults name a client by it: "talk.3"
  unsigned plane = 0;
  std::string principal;
  std::uint64_t at_ms = 0;
  CommandName command = CommandName::inspect_cluster_state;
  std::string node;
  Reaction reaction = Reaction::confirm;
  std::uint64_t think_ms = 0;
  std::vector<Question> questions;
  std::optional<Question> repeat;  ///< who sends the same request id again, and where
  std::string then;                ///< a promotion that follows in the same session: its node
  std::string claims;              ///< a liar: the principal that its messages name
};

enum class FaultKind : std::uint8_t {
  crash,      ///< SIGKILL at the n-th point of a process
  pause,      ///< SIGSTOP there, SIGCONT after a while
  lose,       ///< the n-th message never arrives
  twice,      ///< ... arrives twice
  delay,      ///< ... and all behind it on its connection arrive late
  overtake,   ///< ... arrives behind the next one
  replay,     ///< an old message of the same sender comes again behind it
  corrupt,    ///< a bit of it flips
  cut,        ///< its connection ends
  partition,  ///< nothing passes between a process and the rest for a while, one way or both
  io_error,   ///< the n-th write or sync of a host's disk fails
  no_space,
  short_write,
  power_cut,    ///< of a host: all of its processes die, unsynced octets are lost
  second,       ///< another process of the same role is started
  fence,        ///< a person fences a dispatcher at the kernel
  clock_jump,   ///< the wall clock steps
  policy,       ///< a principal's authority changes, the gate is started anew
  silent_node,  ///< a node of the cluster reports no more for a while
};
constexpr std::size_t kFaultKinds = 19;
std::string_view name_of(FaultKind kind);

/// When what was killed comes back.
enum class Restart : std::uint8_t { at_once, late, never };

struct Fault {
  FaultKind kind = FaultKind::crash;
  std::string lane;         ///< crash, pause, partition, second: which process
  unsigned plane = 0;       ///< disk faults, power cut, fence, policy
  std::uint64_t nth = 0;    ///< crash, pause: point; message faults: message; disk: call
  std::uint64_t at_ms = 0;  ///< those that come by time
  std::uint64_t for_ms = 0;
  Restart restart = Restart::at_once;
  std::uint64_t choice = 0;  ///< a free number: which bit, which old message, which direction
};

struct Plan {
  std::uint64_t seed = 0;
  unsigned planes = 1;
  bool wait_for_leases = false;  ///< the end: leases run out; else the kernel is restarted
  std::vector<Talk> talks;
  std::vector<Fault> faults;
};

/// Same seed, same plan. Swarm-style: each run has some kinds of fault and others not at all.
Plan make_plan(std::uint64_t seed);

/// One line for each part, "t0 ..." and "f0 ...": the names that `only` takes.
std::string describe(const Plan& plan);

/// The plan with only the parts named in `parts` ("t0,t2,f1"). Error INVALID_INPUT, `only`.
Result<Plan> keep(const Plan& plan, const std::string& parts);

/// The process lanes of plane `plane` that can be killed: "broker", "gate" ...; "kernel" on 0.
std::string lane_of(unsigned plane, std::string_view process);

}  // namespace aeromq::chaos
