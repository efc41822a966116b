// The board: memory that the door shares with the processes behind it. CURVE hides from the door
// where a message ends, and an inner connection hides from them where it came from; here each side
// leaves word for the other without a message, so that a flood has no queue to fill. Each word has
// one writer and names the connection that it is about, so that a late one is about nobody.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/result.h"

namespace aeromq::door {

/// Why the door turned a connection away, or closed it.
enum class Turned : std::uint8_t {
  no_handshake,  ///< not the beginning of a CURVE handshake
  refused_key,   ///< the authenticator's no, or a handshake that was broken off
  too_slow,      ///< no whole handshake, or no first message, in time
  crowded,       ///< a cap: too many of this address, or in all
  unfinished,    ///< too much since the last whole message
  asked_much,    ///< more questions than the feed takes
  barred,        ///< a process behind the door asked for it
};
constexpr std::array<std::string_view, 7> kTurnedText{
    "no handshake",       "refused key",    "too slow", "crowded",
    "unfinished message", "asked too much", "barred"};

/// One connection through the door, never two the same within 2^32 of one place.
struct Ref {
  std::uint32_t place = 0;
  std::uint32_t turn = 0;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

/// A connection that the door does not know, or knows no more: it counts as ended.
constexpr Ref kNobody{UINT32_MAX, 0};

/// The name that the door gives its end of an inner connection (an abstract unix address, without
/// the leading NUL): the process behind finds the connection by it.
std::string name_of(const Ref& ref, std::uint64_t unguessable);
std::optional<Ref> ref_of_name(std::string_view name);
/// The same of an inner connection's descriptor; nothing if the door is not at its other end.
std::optional<Ref> ref_of_peer(int fd);

class Board {
 public:
  static constexpr std::uint32_t kPlaces = 4096;

  /// Maps the file, made if there is none. Error INVALID_INPUT, field `board`.
  static Result<Board> open(const std::string& path);
  Board(Board&& other) noexcept;
  Board& operator=(Board&& other) noexcept;
  ~Board();

  // The door's words.
  /// Nothing of an earlier door lives.
  void begin_anew();
  Ref begin(std::uint32_t place, std::string_view address);
  void end(const Ref& ref);
  void turned_away(Turned why, std::string_view address);

  // The words of the processes behind it.
  /// `count` whole messages (or octets of questions) more; their sum.
  std::uint32_t took(const Ref& ref, std::uint32_t count = 1);
  void bar(const Ref& ref);
  /// The broker lives, as this process, and has descriptors for so many connections.
  void broker_lives(std::int32_t pid, std::uint32_t room);

  // What each reads of the other's.
  std::uint32_t taken(const Ref& ref) const;
  bool is_barred(const Ref& ref) const;
  bool has_ended(const Ref& ref) const;
  std::string address(const Ref& ref) const;
  std::int32_t broker_pid() const;
  std::uint32_t broker_room() const;
  /// How many were turned away, by reason, and the address of the last.
  std::array<std::uint64_t, kTurnedText.size()> turned() const;
  std::string last_turned() const;

 private:
  struct Memory;
  explicit Board(Memory* memory) : memory_(memory) {}
  Memory* memory_;
};

}  // namespace aeromq::door
