// Good histories, told in code: what a run of the control plane looks like from outside when every
// promise is kept. The tests break them one event at a time.
#pragma once
#include <map>

#include "chaos/history/event.h"

namespace aeromq::chaos {

/// Writes a history the way that the road goes; keeps the books of records, transactions, epochs.
/// It begins with the kernel and one control plane, whose dispatcher is number 1.
class Story {
 public:
  Story();

  /// From here on the control plane whose lanes begin with `prefix`; begins it the first time.
  void on_plane(const std::string& prefix, std::uint8_t dispatcher);
  void policy(const std::string& principal, const std::string& authority);
  Event& add(EventKind kind, const std::string& lane);

  // The road, a step at a time.
  std::string submit(const std::string& who, const std::string& command, const std::string& node);
  void ask(const std::string& id);  ///< two records, durable; a token; the person is asked
  void confirm(const std::string& id);
  void spend(const std::string& id);
  void dispatch(const std::string& id);  ///< two records, durable, then the message
  void call(const std::string& id);
  void execute(const std::string& id);
  void reject(const std::string& id, const std::string& code, const std::string& text);
  void tell_end(const std::string& id);  ///< the kernel's answer: recorded, durable, told
  /// It ends before it was dispatched: one record, durable, told not executed if anybody is there.
  void refuse(const std::string& id, const std::string& what, const std::string& stage,
              const std::string& code);
  void abandon(const std::string& id);
  void unknown(const std::string& id, const std::string& code);  ///< told, not recorded
  void outcome(const std::string& id, const std::string& verdict);

  // The steps that a good road takes together.
  std::string confirmed(const std::string& who, const std::string& command,
                        const std::string& node);
  std::string executed(const std::string& who, const std::string& command, const std::string& node);

  // What breaks.
  void look();
  void end_run(const std::string& lane, const std::string& what);
  void begin_run(const std::string& lane);
  void fault(const std::string& lane, const std::string& what);
  void client_gone(const std::string& id);
  void open();  ///< the dispatcher of this plane opens: a new epoch

  void settle(const std::string& id, const std::string& verdict);  ///< its end, as it will be told
  void repeat_message();  ///< the network delivers the last message once more
  void restarted_log();   ///< a new run of the audit writer

  /// Heals, asks for every outcome, reads everything back.
  History end();

 private:
  struct Request {
    std::string id, who, lane, command, node, digest, token, explanation;
    std::string verdict, code, text;
  };
  struct Plane {
    std::string prefix;
    std::uint8_t dispatcher = 1;
    std::uint32_t epoch = 0;
    std::uint32_t sessions = 0;
    History kept;
  };

  Request& of(const std::string& id);
  Plane& plane() { return planes_.at(at_plane_); }
  std::string lane(const std::string& part);
  std::uint64_t record(const Request& request, const std::string& stage);
  std::uint64_t sync();
  void hop(const Request& request, const std::string& from, const std::string& to,
           const std::string& type);
  Event& tell(const Request& request, const std::string& what, const std::string& verdict,
              std::uint64_t record);
  void write_row(Request& request, const std::string& verdict);

  History events_;
  History stands_;
  std::vector<Request> requests_;
  std::vector<Plane> planes_;
  std::size_t at_plane_ = 0;
  std::map<std::string, std::uint64_t> runs_;
  std::uint64_t now_ = 0;
  std::uint64_t transaction_ = 0;
  std::uint64_t fencing_ = 1;
  std::uint64_t message_ = 0;
  std::uint64_t state_ = 1;
  std::string holder_ = "a";
};

struct NamedHistory {
  std::string name;
  History history;
};

/// Executed and rejected; declined and client gone; two principals and two control planes; a
/// dispatcher's restart with its outcome; a repeat refused; a power cut.
std::vector<NamedHistory> good_histories();

/// seq from 1.
void renumber(History& history);

}  // namespace aeromq::chaos
