// aeromq-ctl as a process of its own: with pipes as a program runs it, or on a pseudo-terminal as a
// person does. Always killed and reaped.
#pragma once
#include <string>
#include <vector>

namespace aeromq::ctl {

enum class Front { pipes, terminal };

class CtlProcess {
 public:
  CtlProcess(std::vector<std::string> arguments, Front front);
  CtlProcess(const CtlProcess&) = delete;
  CtlProcess& operator=(const CtlProcess&) = delete;
  ~CtlProcess();

  /// Types or writes `text`; a terminal line needs its "\n".
  void type(const std::string& text) const;
  void end_input();  ///< pipes: closes standard input
  void signal(int number) const;
  /// Reads until the output holds `text`; false if it ends or takes too long before.
  bool reads(const std::string& text);
  /// Reads all to the end; the exit code, or -1 if it did not end by itself.
  int end();

  std::string out;     ///< all output so far (a terminal mixes both)
  std::string errors;  ///< pipes: standard error

 private:
  bool read_some(int timeout_ms);
  int pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int errors_ = -1;
};

}  // namespace aeromq::ctl
