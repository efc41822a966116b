// A person at aeromq-ctl: asks, is asked, answers, and all of it goes into the history.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>

#include "chaos/stack/recorder.h"

namespace aeromq::chaos {

/// One command as its person saw it.
struct Attempt {
  std::string request;     ///< text id, if one was told
  bool mutation = false;   ///< promotion, demotion or forced promotion
  bool confirmed = false;  ///< a confirmation was sent: only then may anything have executed
  int exit_code = -1;
  Event told;         ///< an empty verdict if nobody was told
  std::string words;  ///< what it printed, for the report
};

/// The line that answers a pending confirmation.
using Reply = std::function<std::string(const nlohmann::json& pending)>;
std::string yes(const nlohmann::json& pending);  ///< with every risk acknowledged
std::string no(const nlohmann::json& pending);
std::string forgetful(const nlohmann::json& pending);  ///< a yes without the risks

/// A command that asks before it acts, begun and not yet answered.
class Conversation {
 public:
  /// Starts aeromq-ctl --two-step and waits until it asks or ends.
  Conversation(Stack& stack, Recorder& recorder, std::string who, std::vector<std::string> words);

  bool asks() const { return pending_.is_object(); }
  const std::string& request() const { return request_; }
  void answer(const Reply& reply);
  /// The client is killed by the harness.
  void kill();
  /// The client has ended; finish() then returns at once.
  bool over() const;
  /// Waits for its end.
  Attempt finish();

 private:
  Stack& stack_;
  Recorder& recorder_;
  std::string who_;
  std::vector<std::string> words_;
  std::string lane_;
  std::uint64_t run_ = 0;
  std::uint64_t after_ = 0;  // the last record before it began
  std::size_t asked_ = 0;    // where its `asked` stands in the history
  std::string what_ = "submit";
  std::string first_;
  std::string request_;
  nlohmann::json pending_;
  bool confirmed_ = false;
  std::unique_ptr<Child> child_;
};

/// A command that only looks: an inspection, an outcome, an audit query, the status.
Attempt look(Stack& stack, Recorder& recorder, const std::string& who,
             std::vector<std::string> words);

}  // namespace aeromq::chaos
