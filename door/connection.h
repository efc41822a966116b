// One connection through the door: octets from the client to the process inside and back, in order,
// never more at a time than one read of each way. It ends when either side ends, when its time is
// over, or when the board says so.
#pragma once
#include <event2/event.h>

#include <memory>
#include <optional>
#include <string>

#include "door/address.h"
#include "door/board.h"
#include "door/caps.h"
#include "door/handshake.h"

namespace aeromq::door {

/// What holds for every connection of one entrance.
struct Rules {
  std::string inner;              ///< ipc endpoint of the process inside
  std::uint64_t hello_ms = 5000;  ///< from the handshake's end to the first whole message
  std::uint64_t unfinished = 0;   ///< octets since the last whole message
  bool only_asks = false;         ///< the feed: a client says little, and at any time
};

class Connection;

/// What a connection needs of the door that holds it.
class Host {
 public:
  virtual ~Host() = default;
  /// It has said HELLO and waits for come_in().
  virtual void hello(Connection& connection) = 0;
  /// Its first whole message was taken.
  virtual void proven(Connection& connection) = 0;
  /// Its HELLO has reached the process inside, and has been answered there.
  virtual void answered(Connection& connection) = 0;
  /// Nobody listens inside.
  virtual void nobody_inside(Connection& connection) = 0;
  /// Called last in every event: a connection that is over may be destroyed.
  virtual void settle(Connection& connection) = 0;
};

class Connection {
 public:
  /// Takes the descriptor.
  Connection(Caps::Id id, int client, Address address, const Rules& rules, event_base* base,
             Board& board, Host& host, std::uint64_t now_ms);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// What has come so far is read. False: it is still not the whole opening.
  bool has_opened();
  /// Its turn to go inside, after hello(): a place, then the connection. It may have to come again.
  void take_place(const Ref& ref) { ref_ = ref; }
  void come_in();
  /// Whether it has been heard by now.
  void look_proven();
  /// What time and board ask for; call every few milliseconds.
  void look(std::uint64_t now_ms);
  /// Ends it, for a reason that is counted.
  void turn_away(Turned why);

  Caps::Id id() const { return id_; }
  const Address& address() const { return address_; }
  const std::optional<Ref>& ref() const { return ref_; }
  bool is_over() const { return over_; }
  /// Since when it is as far as it is.
  std::uint64_t spent_ms() const { return now_ms_ - since_ms_; }
  /// It was sent inside and has not been answered there.
  bool is_asking() const { return stage_ == Stage::handshake && !answered_; }
  const std::optional<Turned>& why() const { return why_; }

 private:
  enum class Stage { opening, waiting, handshake, open, leaving };
  struct Unhook {
    void operator()(event* hooked) const { event_free(hooked); }
  };
  using Hook = std::unique_ptr<event, Unhook>;
  /// One direction: what could not be sent yet waits in `rest`, and nothing is read meanwhile.
  struct Way {
    int from = -1;
    int to = -1;
    Hook readable;
    Hook writable;
    Bytes rest;
    std::uint64_t stuck_ms = 0;  ///< since when there is a rest
  };
  template <void (Connection::*member)()>
  Hook hook(int fd, short what);

  void client_readable();
  void client_stirs();
  void client_writable() { write_on(out_); }
  void inner_readable();
  void inner_writable() { write_on(in_); }
  void read_opening();
  void hear_answer();
  void count_in(std::size_t octets);
  void pass(Way& way, ByteView octets);
  void write_on(Way& way);
  void end_after(Way& way);
  void end_of_rest(Way& way);
  void leave();
  void silence();
  void pause();
  bool may_go_on(std::uint32_t taken) const;
  void look_open();

  Caps::Id id_;
  Address address_;
  const Rules& rules_;
  event_base* base_;
  Board& board_;
  Host& host_;
  std::uint64_t now_ms_;
  std::uint64_t since_ms_;  // of the stage
  Stage stage_ = Stage::opening;
  Way in_;     // client to inside
  Way out_;    // inside to client
  Hook gone_;  // while it waits, unread, for its turn
  Bytes opening_;
  ServerWatch watch_;
  std::size_t drop_ = kGreeting;  // the server's own, after ours
  std::optional<Ref> ref_;
  bool answered_ = false;
  bool proven_ = false;
  std::uint32_t taken_ = 0;
  std::uint64_t unfinished_ = 0;
  std::uint64_t paused_ms_ = 0;
  std::uint64_t asked_ms_ = 0;  // the feed's bucket: full at this time
  Way* last_ = nullptr;         // over once its rest is sent
  bool over_ = false;
  std::optional<Turned> why_;
};

}  // namespace aeromq::door
