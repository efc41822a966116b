// One program on a terminal of its own, typed to as a person would. Never left behind: the
// destructor kills it by pid and reaps it.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace aeromq::chaos {

class Terminal {
 public:
  explicit Terminal(const std::vector<std::string>& words);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  /// True once `text` has been shown after what an earlier call found; bounded.
  bool wait_for(const std::string& text, int timeout_ms);
  void type(const std::string& keys);
  /// The exit code (128 + signal), or 137 when it had to be killed after `timeout_ms`.
  int wait(int timeout_ms);
  /// All that was shown.
  const std::string& shown() const { return shown_; }

 private:
  bool pump(int timeout_ms);
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string shown_;
  std::size_t found_ = 0;
};

}  // namespace aeromq::chaos
