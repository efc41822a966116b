// Writes the history of one run: what passed the proxies' sockets, what a raw reading of the
// kernel's register shows, and what people asked and were told. Any thread may write.
#pragma once
#include <atomic>
#include <mutex>

#include "chaos/history/event.h"
#include "chaos/network/proxy.h"
#include "chaos/stack/witness.h"

namespace aeromq::chaos::network {

/// The name of a process in histories, from its link.
std::string lane_of(const std::string& link);

class Chronicle final : public Watcher {
 public:
  /// From here on the register is looked at. The first look is where the history begins.
  void watch_register(const std::filesystem::path& register_file);

  void add(Event event);
  /// Rows and effects that have come since the last look. Whoever was told something looks first,
  /// so that nobody is told of what the history does not have yet.
  void look();
  /// Something of the network's own that happened to no single message.
  void fault(const std::string& what, const std::string& peer);

  void began(const std::string& link) override;
  void ended(const std::string& link) override;
  void message(const std::string& link, Direction direction, const Frames& frames) override;
  void fault(const std::string& link, Direction direction, Fault fault) override;

  History history() const;
  std::uint64_t run_of(const std::string& lane) const;

 private:
  void put(Event event);
  void put_looked();
  void on_control(const std::string& link, Direction direction, const Frames& frames);
  void on_kernel(Direction direction, const Bytes& packet);

  mutable std::mutex mutex_;
  History history_;
  std::filesystem::path register_file_;
  WitnessedRegister known_;
  std::map<std::string, std::uint64_t> runs_;      // lane -> number of its run
  std::map<std::string, std::string> principals_;  // request -> whose, by the broker's stamp
};

}  // namespace aeromq::chaos::network
