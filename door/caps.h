// Who may stay: counts connections by address and in all. A newcomer that finds no room takes the
// place of the oldest that has proven nothing yet, first of its own address, then of the address
// that has the most; who has been heard is never sent away for one that has not. Pure.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace aeromq::door {

/// How far a connection has come.
enum class Standing : std::uint8_t {
  silent,    ///< no whole greeting and HELLO yet
  waiting,   ///< said HELLO; still known to the door alone
  unproven,  ///< it went inside, and no whole message was taken from it
  proven,
};

struct CapNumbers {
  std::size_t silent = 1024;
  std::size_t waiting = 512;
  std::size_t unproven_per_address = 256;
  std::size_t unproven = 512;
  std::size_t per_address = 512;  ///< unproven and proven together
  std::size_t all = 1024;
};

class Caps {
 public:
  /// Grows with each connection: the smaller, the older.
  using Id = std::uint64_t;
  struct Verdict {
    bool stays = true;
    std::optional<Id> leaves;  ///< another one, which the caller closes, and then says left()
  };

  explicit Caps(const CapNumbers& numbers) : numbers_(numbers) {}

  /// A new connection, silent. It always stays.
  Verdict arrives(Id id, const std::string& address);
  /// It has said HELLO. It stays.
  Verdict waits(Id id);
  /// One that waits would go inside: who would have to go for it, and whether it may stay at all.
  Verdict who_goes_for(Id id) const;
  void goes_inside(Id id);
  /// The first whole message of it was taken.
  void proves(Id id);
  void left(Id id);

  /// Another greatest number of connections in all, for newcomers.
  void set_all(std::size_t all) { numbers_.all = all; }

  std::size_t count(Standing standing) const { return counts_[index(standing)]; }
  std::size_t addresses() const { return by_address_.size(); }

 private:
  static constexpr std::size_t kStandings = 4;
  static std::size_t index(Standing standing) { return static_cast<std::size_t>(standing); }
  using Ids = std::array<std::set<Id>, kStandings>;
  struct Known {
    std::string address;
    Standing standing = Standing::silent;
  };
  bool is_full(const std::string& address) const;
  bool is_full() const;
  void move(Id id, Known& known, Standing to);
  /// The oldest of this standing of the address that has the most of them.
  std::optional<Id> oldest_of_most(Standing standing) const;

  CapNumbers numbers_;
  std::map<Id, Known> known_;
  std::map<std::string, Ids> by_address_;
  std::array<std::size_t, kStandings> counts_{};
};

}  // namespace aeromq::door
