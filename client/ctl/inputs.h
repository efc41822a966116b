// The terminal or pipe in front, and the signals: what can arrive beside the socket.
#pragma once
#include <optional>
#include <string>

#include "client/client.h"
#include "process/signals.h"

namespace aeromq::ctl {

/// Make one, first in main, before any thread.
class Inputs {
 public:
  Inputs();
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;
  ~Inputs();

  /// From here on lines of standard input count; until then only signals do.
  void watch_lines();
  /// From here on they do not again; those that wait are kept for the next time.
  void ignore_lines();
  /// Throws away what was typed before it was asked for.
  void forget_typed();
  /// True once SIGINT, SIGTERM or SIGHUP came.
  bool interrupted();
  /// The next whole line if one waits, without its end.
  std::optional<std::string> next_line();
  /// True if no more line will come (end of input, or a line over the limit).
  bool ended() const { return ended_ && buffer_.find('\n') == std::string::npos; }
  /// Readable when one of the above may have changed; -1 never happens.
  int fd() const { return epoll_; }
  /// True if standard input can't be waited for (a plain file): just read it.
  bool always_ready() const { return lines_ && plain_file_ && !ended_; }

  static constexpr std::size_t kMaxLine = 64 * 1024;

 private:
  process::StopSignal stop_{process::StopSignal::Children::ignored,
                            process::StopSignal::Hangup::told};
  int epoll_ = -1;
  bool lines_ = false;
  bool plain_file_ = false;
  bool ended_ = false;
  bool interrupted_ = false;
  std::string buffer_;
};

enum class Woken : std::uint8_t { answer, interrupted, line, no_more_lines };

struct Event {
  Woken why = Woken::answer;
  std::optional<client::Answered> answered;  ///< answer
  std::string line;                          ///< line
};

/// Waits for whichever comes first: an answer (or the word that none will come), a signal, and,
/// once lines are watched, a line. An answer is looked for before a line: a confirmation that has
/// ended is not confirmed by what was typed at the same moment.
Event wait_for_event(client::Client& client, Inputs& inputs);

/// The next answer, or nothing if a signal came first. Lines do not count.
std::optional<client::Answered> wait_for_answer(client::Client& client, Inputs& inputs);

}  // namespace aeromq::ctl
