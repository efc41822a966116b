// The door: the one process that strangers reach. It accepts, counts and closes, and passes octets
// on to the broker and to the feed, unread but for the open beginning of a handshake. It has no
// key and no libzmq, so what is sent to either only ever costs what the caps allow.
#pragma once
#include <deque>
#include <map>

#include "door/connection.h"
#include "door/turns.h"
#include "process/settings.h"
#include "process/signals.h"

namespace aeromq::door {

/// How many connections there is room for, within what the settings allow.
struct Room {
  std::size_t clients = 0;
  std::size_t feed = 0;
  std::size_t silent = 0;
  std::size_t waiting = 0;
};
/// `descriptors` are the door's, `inside` what the broker has room for (0: not known). A connection
/// takes two of the door's.
Room room_of(std::uint64_t descriptors, std::uint64_t inside, std::uint64_t wanted);

class Door : public Host {
 public:
  /// Error INVALID_INPUT: the board, or an event loop, cannot be had.
  static Result<std::unique_ptr<Door>> open(const process::Settings& settings);
  ~Door() override;

  /// Waits for the broker, listens, and runs until SIGTERM or SIGINT. Error INVALID_INPUT: an
  /// endpoint cannot be bound at the start.
  Result<void> run();

 private:
  struct Free {
    void operator()(event* one) const { event_free(one); }
    void operator()(event_base* base) const { event_base_free(base); }
  };
  using Event = std::unique_ptr<event, Free>;
  struct Entrance {
    std::string endpoint;
    Rules rules;
    std::optional<Caps> caps;
    std::vector<int> listening;
    std::vector<Event> accepting;
    std::map<Caps::Id, std::unique_ptr<Connection>> connections;
    Turns turns;             // those that said HELLO and wait to be sent inside
    std::size_t asking = 0;  // those that are inside and were not answered yet
    Door* door = nullptr;
  };

  explicit Door(Board board) : board_(std::move(board)) {}
  template <void (Door::*member)()>
  Event hook(int fd, short what);

  void hello(Connection& connection) override;
  void proven(Connection& connection) override;
  void answered(Connection& connection) override;
  void nobody_inside(Connection& connection) override;
  void settle(Connection& connection) override;

  Result<void> listen();
  void stop_listening();
  void look_for_broker();
  void broker_ended();
  void accept_from(Entrance& entrance, int listener);
  void send_inside(Entrance& entrance);
  /// False: not yet. Otherwise it has a place, or is over.
  bool make_place(Entrance& entrance, Connection& connection);
  void make_room(Entrance& entrance, Caps::Id id);
  void let_go(Entrance& entrance, Caps::Id id, std::optional<Turned> why);
  Entrance& entrance_of(const Connection& connection);
  void look();
  void tell_turned();
  void asked_to_stop();

  Board board_;
  std::unique_ptr<event_base, Free> base_;
  std::optional<process::StopSignal> signals_;
  Event stop_;
  Event timer_;
  Event broker_;
  int broker_fd_ = -1;
  std::array<Entrance, 2> entrances_;  // clients, feed
  std::deque<std::uint32_t> places_;   // free ones of the board
  std::uint64_t descriptors_ = 0;
  std::uint64_t wanted_ = 0;
  Caps::Id last_id_ = 0;
  std::uint64_t now_ms_ = 0;
  std::uint64_t listen_again_ms_ = 0;
  bool listening_ = false;
  bool listened_ = false;
  std::optional<Error> fault_;
  std::array<std::uint64_t, kTurnedText.size()> told_{};
  std::uint64_t told_ms_ = 0;
};

}  // namespace aeromq::door
