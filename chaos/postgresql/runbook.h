// What a person does when something has died: the steps of docs/postgresql.md, in their order, and
// counted. Nothing here decides who is primary but through the control plane.
#pragma once
#include "chaos/postgresql/site.h"

namespace aeromq::chaos::postgresql {

/// One command of a person and the servers before it.
struct Deed {
  std::string verb;  ///< demote, promote, force-promote
  std::string node;
  Attempt attempt;
  Facts before;
};

/// Asks, is asked, says yes with every risk acknowledged; `meddle` runs between the yes and the
/// answer.
Deed do_deed(Site& site, const std::string& verb, const std::string& node,
             const std::function<void()>& meddle = {});

/// Agents and control plane run again; nothing is armed.
bool processes_back(Site& site);

/// What became of the deed: brings the processes back, asks until the answer is final, compares it
/// with what really happened, and tries the id again. The final verdict, or empty.
std::string judge_deed(Site& site, const Deed& deed);

/// The standby that has received most; empty: none answers.
std::string foremost_standby(const Facts& facts, const std::string& but);

/// One primary with both standbys, by starting, rejoining and, if nobody leads, promoting. False:
/// not within its time.
bool restore(Site& site);

}  // namespace aeromq::chaos::postgresql
