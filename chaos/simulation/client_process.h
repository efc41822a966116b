// One person at one client: connects, submits, answers the question as the plan says, and tells the
// history what was heard. What an answer means is decided by the real client's rules
// (client/open_request.h); the messages that no honest client sends are made by hand.
#pragma once
#include "chaos/simulation/world.h"
#include "client/open_request.h"
#include "transport/numbering.h"

namespace aeromq::chaos {

class ClientProcess final : public Process {
 public:
  using Heard = std::function<void(const RequestId&, const client::Answer&)>;

  ClientProcess(World& world, unsigned plane, std::string principal, unsigned number,
                Process& broker);

  void start() override;
  void forget() override;
  void take(int wire, Parcel parcel) override;
  void lost(int wire) override;
  bool comes_back() const override { return false; }

  /// Called once the broker has greeted back.
  std::function<void()> on_welcome;
  /// Called with the id of every submit of its own, before that is sent.
  std::function<void(const RequestId&)> on_request;
  /// Called with every answer that the client's rules accept.
  Heard on_answer;
  /// A dishonest client: whom its messages about requests say that they are of.
  std::string claimed_principal;

  /// A request of its own; its id is told by last_request().
  void submit(const Submit& command);
  /// The same, under an id that somebody has used before.
  void submit_again(const RequestId& request, const Submit& command);
  void ask_outcome(const RequestId& about);
  void confirm(const RequestId& request, Confirm body);
  void abandon(const RequestId& request, const Token& token);

  const RequestId& last_request() const { return last_; }
  const std::string& principal() const { return principal_; }
  bool greeted() const { return greeted_; }

 private:
  struct Open {
    client::OpenRequest state;
    RequestId about;      ///< of an outcome question
    bool repeat = false;  ///< under an id that somebody has used before
    /// Whether an honest client says something itself when no answer comes.
    bool claims() const { return about.empty() && !repeat; }
  };
  bool send(MessageType type, const RequestId& request, const Bytes& body);
  void send_submit(const RequestId& request, const Submit& command);
  void expect(const RequestId& request);
  void tell(const RequestId& request, const client::Answer& answer, std::string what);
  void tell_error(const RequestId& request, const Error& error, std::uint64_t record,
                  std::string what);
  void give_up(const std::string& why);
  Event& note(EventKind kind, const RequestId& request, std::string what);

  std::string principal_;
  Process& broker_;
  std::optional<int> wire_;
  transport::Numbering numbers_;
  bool greeted_ = false;
  SessionId session_;
  std::uint32_t counter_ = 0;
  RequestId last_;
  std::map<RequestId, Open> open_;
};

}  // namespace aeromq::chaos
