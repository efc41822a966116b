// The people of a run: they ask, are asked, answer, ask again what became of it, and all of it goes
// into the history as they saw it. Their clients are the product's own library; where a person must
// do what that library never does (send a thing twice), the frames are made here.
#pragma once
#include <set>

#include "chaos/network/chronicle.h"
#include "client/client.h"
#include "transport/peer.h"

namespace aeromq::chaos::network {

/// How a person gets a connection; nothing if nobody is reached.
using Way = std::function<std::optional<client::ClientSettings>(const std::string& who)>;

/// Waits that fit stages of half a second.
client::Timeouts quick_timeouts();

/// What a person does once they are asked to confirm.
enum class Reply : std::uint8_t { yes, no, gone };

/// When a request id is used again.
enum class Again : std::uint8_t {
  at_once,        ///< every message is sent twice
  after_the_end,  ///< it was abandoned
  elsewhere,      ///< the same, over another connection
};

class People {
 public:
  /// `observer` is told of each step of their clients.
  People(Chronicle& chronicle, Way way, client::Observer observer = {})
      : chronicle_(chronicle), way_(std::move(way)), observer_(std::move(observer)) {}

  /// A command that changes something, and the answer to its confirmation.
  void change(CommandName command, const std::string& node, Reply reply);
  void inspect(const std::string& who);
  /// "What became of it?", by somebody else. True once the answer is final.
  bool ask_outcome(const std::string& who, const std::string& request);
  /// One request id used more than once, in frames of the right numbers.
  void repeat(CommandName command, const std::string& node, Again again);

  /// Every kernel action that was ever submitted.
  const std::set<std::string>& requests() const { return requests_; }
  /// All connections end.
  void leave() { clients_.clear(); }

 private:
  struct Seat {
    std::string lane;
    std::optional<client::Client> client;
  };
  struct Raw {
    transport::Peer peer;
    Welcome welcome;
    Seat seat;
  };
  std::optional<Raw> connect_raw();
  std::optional<ConfirmationAsked> submit_raw(Raw& raw, const RequestId& request,
                                              const Submit& submit, int times);
  void decide_raw(Raw& raw, const RequestId& request, const Submit& submit,
                  const ConfirmationAsked& pending, const std::string& what, int times);
  Seat* seat_of(const std::string& who);
  Event word(EventKind kind, const Seat& seat, const std::string& request, const std::string& what,
             const std::string& principal) const;
  void asked(const Seat& seat, const std::string& who, const std::string& request,
             const std::string& what, const Submit& submit);
  void told(const Event& word, const Result<client::Answer>& answer);
  void tell_error(Event word, const Error& error, std::uint64_t record);
  void read_repeated(transport::Peer& peer, Event word, std::optional<ConfirmationAsked>& pending);

  Chronicle& chronicle_;
  Way way_;
  client::Observer observer_;
  std::map<std::string, Seat> clients_;
  std::map<std::string, unsigned> seats_;
  std::set<std::string> requests_;
};

}  // namespace aeromq::chaos::network
