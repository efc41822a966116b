// What happens between a person's yes and the answer: the one fault of a drill, at its moment.
#pragma once
#include <memory>

#include "chaos/postgresql/drills.h"
#include "chaos/syscalls/tracer.h"

namespace aeromq::chaos::postgresql {

class Meddler {
 public:
  /// Arms, attaches or freezes before the yes.
  Meddler(Site& site, const Drill& drill, std::string node);
  ~Meddler();
  Meddler(const Meddler&) = delete;
  Meddler& operator=(const Meddler&) = delete;

  /// After the yes: waits for the moment, ends the victim, lets go of what was frozen.
  void strike();
  /// Lets go of everything; true if the fault fired.
  bool release();

 private:
  void strike_agent_point();
  void revive_agent();
  void strike_at_agent_point();
  void strike_frozen();
  void strike_recovery_end();
  Site& site_;
  Drill drill_;
  std::string node_;
  pid_t startup_ = -1;
  std::unique_ptr<CallKiller> tracer_;
  bool fired_ = false;
};

/// SIGKILL for a process of the site: dispatcher, kernel, agent, postmaster or startup of `node`.
bool end_process(Site& site, const std::string& victim, const std::string& node);

}  // namespace aeromq::chaos::postgresql
