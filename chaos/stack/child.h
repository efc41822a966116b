// One child process with pipes: started, talked to, waited for within a bound, and never left
// behind: the destructor kills it by pid and reaps it.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace aeromq::chaos {

struct Ended {
  int exit_code = -1;  ///< 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

class Child {
 public:
  /// Starts `words[0]` with the caller's environment plus `environment` ("NAME=value").
  Child(const std::vector<std::string>& words, const std::vector<std::string>& environment = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// One more line of its standard output within `timeout_ms`, without the newline.
  std::optional<std::string> read_line(int timeout_ms);
  void write(const std::string& text);
  void close_input();
  void kill(int signal);
  /// Waits until it ends, collecting its output. After `timeout_ms` it is killed and reported as
  /// exit code 137.
  Ended wait(int timeout_ms);

 private:
  bool pump(int timeout_ms);  // false = both outputs ended
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string out_text_;
  std::string err_text_;
};

/// Runs to the end: start, no input, wait.
Ended run(const std::vector<std::string>& words, int timeout_ms,
          const std::vector<std::string>& environment = {});

}  // namespace aeromq::chaos
