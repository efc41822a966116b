// Judges one story. Pure, and nothing of the product is asked: a finding names what was promised
// and what was seen.
#pragma once
#include <optional>

#include "chaos/situations/story.h"

namespace aeromq::chaos::situations {

/// What each predicate is called in results and tables.
namespace predicate {
constexpr const char* kDoubleWrite = "two-writers";
constexpr const char* kLostRow = "lost-rows";
constexpr const char* kFalseAnswer = "false-answer";
constexpr const char* kFalsePass = "false-pass";
constexpr const char* kNoWayOn = "no-way-on";
constexpr const char* kHang = "hang";
constexpr const char* kUnseen = "unseen";
constexpr const char* kUnrefused = "unrefused";
constexpr const char* kUnsaidDown = "unsaid-down";
}  // namespace predicate

struct Finding {
  std::string predicate;
  std::string text;
  bool against_us = true;  ///< else apart: a foreign hand or an acknowledged force made it
};

std::vector<Finding> judge(const Story& story);

// The parts, each for one promise.

/// The server was writable from before `window` until after it: one postmaster's answers prove it.
bool writable_throughout(const Server& server, const Window& window);
/// Every sample around and inside the window has `what`, without a gap that could hide a change.
bool throughout(const Server& server, const Window& window, bool (*what)(const Sample&));

/// Two servers that took writes in one moment.
std::vector<Finding> judge_writers(const Story& story);
/// Acknowledged rows that are gone.
std::vector<Finding> judge_rows(const Story& story);
/// Final answers against the servers' files.
std::vector<Finding> judge_answers(const Story& story);
/// Checks that said "passes" against what was seen.
std::vector<Finding> judge_checks(const Story& story);
/// Two writers must be shown by every look, and every mutation refused.
std::vector<Finding> judge_looks(const Story& story);
/// Bounds and the way on.
std::vector<Finding> judge_ends(const Story& story);

}  // namespace aeromq::chaos::situations
