// After the cures: a person makes the cluster whole by the runbook of docs/postgresql.md, and then
// an ordinary switchover must work. What the person decides here is which of two writers to keep.
#pragma once
#include "chaos/situations/scene.h"

namespace aeromq::chaos::situations {

/// One writable server that both others stream from, all agents and the plane at work; within its
/// bound. What was thrown away for it is noted in the story.
bool heal(Scene& scene, Story& story);

/// The numbers of the alarms that the check ALARM_STANDS names.
std::vector<std::string> alarms_in(const std::string& text);

/// Demote the primary, promote another: an ordinary switchover, within its bound.
bool switch_over(Scene& scene, Story& story);

}  // namespace aeromq::chaos::situations
