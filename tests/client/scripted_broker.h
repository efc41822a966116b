// The other end of a client, played by a script: a real listener with CURVE that speaks the wire,
// greets, and does with each request what the test says. It decides nothing by itself.
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/support/child.h"
#include "tests/support/scratch_folder.h"
#include "transport/frames.h"
#include "transport/listener.h"
#include "transport/zap.h"

namespace aeromq::client {

/// What the script sees and can do, always on the broker's own thread.
class Script;
using OnMessage = std::function<void(Script&, const transport::Received&)>;

class ScriptedBroker {
 public:
  explicit ScriptedBroker(OnMessage on_message);
  ~ScriptedBroker();

  /// Where a client connects; `stranger` has a key that the broker does not know.
  ClientSettings settings() const;
  ClientSettings stranger() const;
  /// The same as a client file.
  std::string file() const;

  /// The messages that came, by type, link messages too.
  std::vector<MessageType> seen();
  std::size_t count(MessageType type);
  /// The body of the last message of this type.
  Bytes last(MessageType type);
  /// Does something on the broker's thread, to the last connection: an answer nobody asked for.
  void post(std::function<void(Script&)> act);

  std::uint64_t minor = kMinor;     ///< spoken, as WELCOME says; set before connecting
  std::uint64_t lease_ms = 300000;  ///< granted with WELCOME and RENEWED; set before connecting

 private:
  friend class Script;
  void run();
  void handle(transport::Incoming incoming);

  test::ScratchFolder folder_;
  transport::KeyPair server_ = transport::make_key_pair();
  transport::KeyPair alice_ = transport::make_key_pair();
  OnMessage on_message_;
  std::unique_ptr<transport::Context> context_;
  std::optional<transport::Listener> listener_;
  transport::Connection connection_;
  std::uint64_t seq_ = 0;
  std::uint32_t sessions_ = 0;
  std::mutex mutex_;
  std::vector<std::pair<MessageType, Bytes>> seen_;
  std::vector<std::function<void(Script&)>> posted_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class Script {
 public:
  explicit Script(ScriptedBroker& broker) : broker_(broker) {}
  template <class T>
  void send(MessageType type, const RequestId& request, const T& body) {
    send_raw(type, request, encode(body));
  }
  template <class T>
  void send(const RequestId& request, const T& body) {
    send_raw(T::kType, request, encode(body));
  }
  void send_raw(MessageType type, const RequestId& request, const Bytes& body);
  /// The next message leaves a number out.
  void skip_seq() { ++broker_.seq_; }
  /// The boot id of everything from here on.
  void change_boot() { boot_change_ = true; }
  /// The broker dies: its socket closes, nothing more is sent.
  void die() { broker_.listener_.reset(); }

 private:
  ScriptedBroker& broker_;
  bool boot_change_ = false;
};

/// A well-formed view, explanation and question about a submit, as a broker would pass them on.
View a_view(const std::string& command);
ConfirmationAsked a_question(const Submit& submit, std::uint64_t expires_in_ms = 60000);
RequestResult a_view_result(const Submit& submit);
RequestResult an_execution(const Submit& submit);
Submit a_command(CommandName name);

/// Does what a good broker would: views, questions, executions, abandonments.
void answer_well(Script& script, const transport::Received& message);

}  // namespace aeromq::client
