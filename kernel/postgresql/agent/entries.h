// The entries of an agent's journal: types only. An entry, once written, never changes.
#pragma once
#include <optional>

#include "kernel/postgresql/agent_protocol.h"

namespace aeromq::postgresql {

enum class EntryKind : std::uint8_t { binding, promise, claim, step, result, note };
}  // namespace aeromq::postgresql
template <>
struct aeromq::EnumNames<aeromq::postgresql::EntryKind> {
  static constexpr std::array<std::string_view, 6> value{"binding", "promise", "claim",
                                                         "step",    "result",  "note"};
};
namespace aeromq::postgresql {

/// From now on this agent belongs to the register with this history.
struct BindingEntry {
  HistoryId history;
  bool by_person = false;  ///< false: the first that opened it
  std::uint64_t uid = 0;
  std::string reason;
  static constexpr auto fields() {
    using B = BindingEntry;
    return std::tuple{Field{"history", &B::history}, Field{"by_person", &B::by_person},
                      Field{"uid", &B::uid}, Field{"reason", &B::reason, 1000}};
  }
  friend bool operator==(const BindingEntry&, const BindingEntry&) = default;
};

/// Nothing of a lower term of this history is taken any more.
struct PromiseEntry {
  HistoryId history;
  std::uint64_t term = 0;
  static constexpr auto fields() {
    using P = PromiseEntry;
    return std::tuple{Field{"history", &P::history}, Field{"term", &P::term}};
  }
  friend bool operator==(const PromiseEntry&, const PromiseEntry&) = default;
};

/// The id is taken, for ever: written before anything is validated.
struct ClaimEntry {
  RequestId request;
  std::uint64_t term = 0;
  Action action = Action::promote;
  std::string node;
  std::string principal;
  Digest command_digest;
  std::string reason;
  std::uint64_t timeline = 0;      ///< where the server stood then
  std::uint64_t history_file = 0;  ///< the newest history file's timeline then
  std::uint64_t boot_ms = 0;
  std::uint64_t postmaster = 0;         ///< the server that it was made for: its process,
  std::uint64_t started_ms = 0;         ///< and when that began, as its lock file says
  std::uint64_t shutdown_end = 0;       ///< promotion: where its proof's record ends; 0: not known
  std::uint64_t shutdown_timeline = 0;  ///< of that record
  std::vector<std::uint64_t> histories = {};  ///< the timelines of all history files then
  static constexpr auto fields() {
    using C = ClaimEntry;
    return std::tuple{Field{"request", &C::request},
                      Field{"term", &C::term},
                      Field{"action", &C::action},
                      Field{"node", &C::node, 64},
                      Field{"principal", &C::principal, 64},
                      Field{"command_digest", &C::command_digest},
                      Field{"reason", &C::reason, 1000},
                      Field{"timeline", &C::timeline},
                      Field{"history_file", &C::history_file},
                      Field{"boot_ms", &C::boot_ms},
                      Field{"postmaster", &C::postmaster, 0, 2},
                      Field{"started_ms", &C::started_ms, 0, 2},
                      Field{"shutdown_end", &C::shutdown_end, 0, 2},
                      Field{"shutdown_timeline", &C::shutdown_timeline, 0, 2},
                      Field{"histories", &C::histories, 0, 2}};
  }
  friend bool operator==(const ClaimEntry&, const ClaimEntry&) = default;
};

/// How far an open claim's action had come when it was written.
enum class StepName : std::uint8_t {
  asked,    ///< from here on the server may have been touched; before it, it was not
  stopped,  ///< demotion: shut down in order, at its checkpoint `value` on `timeline`
};
}  // namespace aeromq::postgresql
template <>
struct aeromq::EnumNames<aeromq::postgresql::StepName> {
  static constexpr std::array<std::string_view, 2> value{"asked", "stopped"};
};
namespace aeromq::postgresql {

struct StepEntry {
  RequestId request;
  StepName name = StepName::asked;
  std::uint64_t value = 0;
  std::uint64_t timeline = 0;
  std::uint64_t end = 0;  ///< stopped: where that checkpoint's record ends; 0: not known
  static constexpr auto fields() {
    using S = StepEntry;
    return std::tuple{Field{"request", &S::request}, Field{"name", &S::name},
                      Field{"value", &S::value}, Field{"timeline", &S::timeline},
                      Field{"end", &S::end, 0, 2}};
  }
  friend bool operator==(const StepEntry&, const StepEntry&) = default;
};

/// What became of a claim: final.
struct ResultEntry {
  RequestId request;
  bool executed = false;
  bool settled = false;  ///< by the rule of settle.h, after the action was cut off
  std::string code;
  std::string text;
  std::vector<std::string> invariants;
  std::vector<Effect> effects;
  std::uint64_t shutdown_checkpoint = 0;
  std::uint64_t timeline = 0;
  std::uint64_t shutdown_end = 0;
  std::vector<Finding> alarms;  ///< executed: what it did that it must not have done
  static constexpr auto fields() {
    using R = ResultEntry;
    return std::tuple{
        Field{"request", &R::request},     Field{"executed", &R::executed},
        Field{"settled", &R::settled},     Field{"code", &R::code, 64},
        Field{"text", &R::text, 1024},     Field{"invariants", &R::invariants, 16},
        Field{"effects", &R::effects, 32}, Field{"shutdown_checkpoint", &R::shutdown_checkpoint},
        Field{"timeline", &R::timeline},   Field{"shutdown_end", &R::shutdown_end, 0, 2},
        Field{"alarms", &R::alarms, 4, 2}};
  }
  friend bool operator==(const ResultEntry&, const ResultEntry&) = default;
};

/// A person's order to this host alone.
struct NoteEntry {
  std::string what;  ///< start, stop
  std::uint64_t uid = 0;
  std::string reason;
  std::string against;  ///< start as a primary: what spoke against it and was accepted
  static constexpr auto fields() {
    using N = NoteEntry;
    return std::tuple{Field{"what", &N::what, 64}, Field{"uid", &N::uid},
                      Field{"reason", &N::reason, 1000}, Field{"against", &N::against, 1024, 2}};
  }
  friend bool operator==(const NoteEntry&, const NoteEntry&) = default;
};

}  // namespace aeromq::postgresql
