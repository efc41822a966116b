// The operator of a situation: asks, reads the explanation, takes on the risks or not, confirms,
// and asks what became of it until the answer is final.
#pragma once
#include "chaos/situations/scene.h"

namespace aeromq::chaos::situations {

/// One request from its explanation to its answer; the files before and after are read here.
Deed do_deed(Scene& scene, const std::string& verb, const std::string& node, bool yes);
/// `aeromq-ctl switchover`: a demotion and, if that was executed, a promotion; each as a request of
/// its own.
std::vector<Deed> do_switchover(Scene& scene, const std::string& from, const std::string& to);
/// `aeromq-ctl outcome`, until it is final or `most_ms` are over; changes the deed's answer.
void settle(Scene& scene, Deed& deed, int most_ms);
/// `aeromq-ctl inspect cluster`.
Look look(Scene& scene);

}  // namespace aeromq::chaos::situations
