// What a predicate is to the checker: a pure function from an index to findings. One function an
// id, grouped by theme in the .cc files; checker.cc has the table.
#pragma once
#include "chaos/checker/checker.h"
#include "chaos/checker/index.h"

namespace aeromq::chaos {

/// Where one predicate writes what it found.
class Findings {
 public:
  Findings(std::string_view predicate, Judgement& judgement);

  /// Something was there to be judged.
  void judged() { ++*evaluated_; }
  /// `event` breaks the predicate.
  void breaks(const Event& event, std::string what);

 private:
  std::string_view predicate_;
  Judgement& judgement_;
  std::uint64_t* evaluated_;
};

/// "Not executed" about a request whose record could not be written: it speaks of the effect only.
inline bool is_unrecorded_denial(const Event& told) {
  return told.verdict == "not_executed" && told.code == "AUDIT_UNAVAILABLE";
}

// effects.cc
void judge_once(const Index& index, Findings& findings);
void judge_atomic(const Index& index, Findings& findings);
void judge_single(const Index& index, Findings& findings);
// confirmation.cc
void judge_confirm(const Index& index, Findings& findings);
void judge_token(const Index& index, Findings& findings);
void judge_auth(const Index& index, Findings& findings);
// audit.cc
void judge_audit(const Index& index, Findings& findings);
// dispatch.cc
void judge_retry(const Index& index, Findings& findings);
// decisions.cc
void judge_decided(const Index& index, Findings& findings);
void judge_verbatim(const Index& index, Findings& findings);
// linear.cc
void judge_lin(const Index& index, Findings& findings);
// monotony.cc
void judge_mono(const Index& index, Findings& findings);
void judge_look(const Index& index, Findings& findings);
// liveness.cc
void judge_done(const Index& index, Findings& findings);
void judge_rejoin(const Index& index, Findings& findings);

}  // namespace aeromq::chaos
