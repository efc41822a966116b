// The network of a run: one thread that stands between every actor and the broker, the dispatcher
// and the kernel, and each client and the broker. Each peer has a connection of its own to the far
// side, and when one end goes, so does the other: who is connected to whom stays as it was.
#pragma once
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "chaos/network/wire.h"

namespace aeromq::chaos::network {

/// Told of everything, in the order of happening, before anything is delivered. Called on the
/// proxy's thread.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void began(const std::string& link) = 0;
  virtual void ended(const std::string& link) = 0;
  /// An end has sent this; nothing was done to it yet.
  virtual void message(const std::string& link, Direction direction, const Frames& frames) = 0;
  virtual void fault(const std::string& link, Direction direction, Fault fault) = 0;
};

/// What of a client's connection the faults reach.
enum class Door : std::uint8_t {
  inside,   ///< its messages, within CURVE
  outside,  ///< the encrypted stream
};

class Proxy {
 public:
  explicit Proxy(Watcher& watcher);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  /// Actors connect to `here`, the broker listens at `there`: paths of unix sockets.
  void carry_control(const std::string& here, const std::string& there);
  /// The same for the dispatcher and the kernel.
  void carry_kernel(const std::string& here, const std::string& there);
  /// A way to the broker for one connection of `who`, bound at the ipc path `here`. False: the
  /// broker was not reached.
  bool open_door(Door door, const std::string& who, const client::ClientSettings& to_broker,
                 const std::string& broker_secret_key, const std::string& here);

  /// From here on messages meet their fate.
  void begin(const Plan& plan);
  /// No more faults: what is held arrives, what is silent ends.
  void heal();
  /// Ends every connection of these links.
  void cut(const std::string& link);

 private:
  enum class Kind : std::uint8_t { control, kernel, client };
  struct Conversation {
    Kind kind = Kind::client;
    std::unique_ptr<Wire> wire;
    LinkMemory* memory = nullptr;  // an actor's is known from its first message on
    Lane lanes[2];
    bool over = false;
  };
  struct Entrance {
    Socket listener;
    std::string link;  // empty: told by the HELLO
    std::string there;
    bool once = false;
  };

  void run();
  void accept();
  void turn(std::uint64_t now_ms);
  void take(Conversation& one, Direction direction, Frames frames, std::uint64_t now_ms);
  void carry_out(Conversation& one, Direction direction, const Outcome& outcome);
  void add(Kind kind, std::unique_ptr<Wire> wire, const std::string& link, Spoil spoil);
  void name(Conversation& one, const std::string& link);
  void wake() const;
  int pause_ms(std::uint64_t now_ms) const;

  Watcher& watcher_;
  std::mutex mutex_;
  std::list<Entrance> entrances_;
  std::optional<kernel::PacketSocket> kernel_listener_;
  std::string kernel_there_;
  std::list<Conversation> conversations_;
  std::map<std::string, LinkMemory> links_;
  std::optional<Plan> plan_;
  bool stopping_ = false;
  int wake_fd_ = -1;
  std::thread thread_;
};

}  // namespace aeromq::chaos::network
