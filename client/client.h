// The public client library: one connection, one call = one send. It never sends anything twice,
// never decides and never remembers: when the connection ends, so does the Client. A time-out after
// a confirmation was handed over means "unknown": ask for the outcome, never send again.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "client/answer.h"
#include "client/settings.h"

namespace aeromq::client {

/// How long to wait, in milliseconds.
struct Timeouts {
  int connect_ms = 3000;  ///< for a listener and its handshake
  int link_ms = 5000;     ///< WELCOME, RENEWED, STATUS
  int answer_ms = 30000;  ///< a submit, an abandon
  int act_ms = 660000;    ///< a confirm: the broker's own limit, 600 s at most, ends it before
  int audit_ms = 605000;  ///< an audit query may scan the whole log
};

/// Told of each step by its name: "submit.before_send", "submit.after_send", the same of confirm
/// and abandon, "answer.received". For logs and fault injection; must not call the Client.
using Observer = std::function<void(const char* step)>;

/// Every name that an Observer can be told.
std::span<const char* const> observed_steps();

/// Not thread-safe: one thread owns a Client.
class Client {
 public:
  /// Connects, authenticates and greets. Errors: INVALID_INPUT (settings), NOT_REACHED, and what
  /// the broker refuses with.
  static Result<Client> connect(const ClientSettings& settings, const Timeouts& timeouts = {},
                                Observer observer = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// False once the connection has ended: every further call fails with NOT_REACHED.
  bool alive();
  /// Who the broker takes this connection for, which cluster, which limits.
  const Welcome& welcome() const;

  /// The id that the next such command will have, known before anything is sent. A session whose
  /// lease has run low, or whose epoch ended, is renewed first (a link message). Each id is for one
  /// submit. Errors: NOT_REACHED, MALFORMED.
  Result<RequestId> next_request(CommandName command);

  // ---- one call, one send, one answer ----

  /// Sends the command and waits. A command that needs confirmation comes back as Pending, or not
  /// at all. Errors: INVALID_INPUT (nothing was sent), NOT_REACHED (not executed), MALFORMED.
  Result<Answer> submit(const RequestId& request, const Submit& command);
  /// The person's yes, once: the sentence that was given to them (`pending.asked.sentence`), as
  /// they gave it back. `acknowledge` and `responsibility`, its own given sentence, are for
  /// enhanced confirmations and else empty. The keeper compares; words that differ end the request.
  /// Errors: NOT_PENDING (nothing was sent), ANSWER_LOST and MALFORMED (unknown!), NOT_REACHED
  /// (could not be sent).
  Result<Answer> confirm(const Pending& pending, const std::string& sentence,
                         std::vector<std::string> acknowledge = {},
                         std::string responsibility = {});
  /// The person's no. The good answer is a Failure with the code ABANDONED.
  Result<Answer> abandon(const Pending& pending);
  /// An auditor's question. Errors are the control plane's too.
  Result<AuditReading> audit(const AuditQuery& query);
  /// The broker's word about which parts live; no kernel contact, no record.
  Result<Status> status();

  // ---- the same without waiting: many requests at once, or a terminal beside the socket ----

  /// Hand one message to the socket. Errors as above; on an error nothing was sent.
  Result<void> send_submit(const RequestId& request, const Submit& command);
  Result<void> send_confirm(const Pending& pending, const std::string& sentence,
                            std::vector<std::string> acknowledge = {},
                            std::string responsibility = {});
  Result<void> send_abandon(const Pending& pending);
  /// The next answer about any request; nothing if none comes in time. Once the connection has
  /// ended, each request that was open is answered by what is then known about it. A Failure about
  /// a Pending that was neither confirmed nor abandoned: its confirmation has ended.
  std::optional<Answered> next_answer(int timeout_ms);
  /// Sleeps until an answer may be there, the connection ended, `extra_fd` (>= 0) is readable, or
  /// the time is over (negative = no limit).
  void poll(int timeout_ms, int extra_fd = -1);
  /// Requests that were sent and wait for an answer.
  std::size_t in_flight() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::client
