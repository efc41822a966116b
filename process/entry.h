// The one way into every program of this project: what main() settles before anything is opened.
#pragma once
#include <functional>

namespace aeromq::process {

enum class Program {
  tool,     ///< ends by a hangup, as any program does
  service,  ///< lives on: a hangup makes it reopen its log and read its lists again (signals.h)
};

/// main(): runs `body` and returns its exit code. Before it
/// - descriptors 0 to 2 are occupied where they were closed, so that no file or socket of ours is
///   ever written to as if it were the output; a closed one still fails: 0 can't be read, 1 and 2
///   can't be written;
/// - as many descriptors are allowed as the system lets us have, and no dump of our memory;
/// - a write to nobody (SIGPIPE) or over a limit (SIGXFSZ) is an error of that write.
/// After it: where `body` says that all is done (0) but something of standard output was not
/// written, kExitUnwritten. What `body` throws is told on standard error, and kExitFault.
int enter(int argc, char** argv, const std::function<int()>& body, Program kind = Program::tool);

/// For a program that is a service and a tool by turns: from here on it is a tool.
void become_tool();

}  // namespace aeromq::process
