#include "door/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

namespace aeromq::door {
namespace {

constexpr std::uint64_t kMagic = 0x3164726f42714d61;  // "aMqBord1"
constexpr std::string_view kName = "aeromq-door.";
constexpr std::size_t kAddress = 56;
constexpr unsigned kHalf = 32;

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 8);

/// A word about one turn of a place: the turn above, a number below.
constexpr std::uint64_t about(std::uint32_t turn, std::uint32_t number) {
  return (std::uint64_t{turn} << kHalf) | number;
}
constexpr std::uint32_t turn_of(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> kHalf);
}
constexpr std::uint32_t number_of(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

struct Place {
  Word turn;   // the door's: the newest, and 1 once it has ended
  Word taken;  // of the process behind: the turn and how much it took
  Word barred;
  std::array<char, kAddress> address;
};

/// Text that another process may be writing: whatever is there, never beyond it.
std::string text_of(const std::array<char, kAddress>& octets) {
  return {octets.data(), ::strnlen(octets.data(), octets.size() - 1)};
}

void put(std::array<char, kAddress>& octets, std::string_view text) {
  const auto size = std::min(text.size(), octets.size() - 1);
  std::memcpy(octets.data(), text.data(), size);
  std::memset(octets.data() + size, 0, octets.size() - size);
}

}  // namespace

struct Board::Memory {
  Word magic;
  Word broker;  // pid above, room below
  std::array<Word, kTurnedText.size()> turned;
  std::array<char, kAddress> last_turned;
  std::array<Place, kPlaces> places;
};

std::string name_of(const Ref& ref, std::uint64_t unguessable) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s%08x.%08x.%016llx", kName.data(), ref.place, ref.turn,
                static_cast<unsigned long long>(unguessable));
  return text.data();
}

std::optional<Ref> ref_of_name(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  if (!name.starts_with(kName) || name.size() < kName.size() + 2 * kDigits + 1) return std::nullopt;
  name.remove_prefix(kName.size());
  Ref ref;
  const auto read = [&](std::size_t at, std::uint32_t& number) {
    const auto* end = name.data() + at + kDigits;
    const auto [stopped, fault] = std::from_chars(name.data() + at, end, number, 16);
    return fault == std::errc{} && stopped == end;
  };
  if (!read(0, ref.place) || name[kDigits] != '.' || !read(kDigits + 1, ref.turn) ||
      ref.place >= Board::kPlaces)
    return std::nullopt;
  return ref;
}

std::optional<Ref> ref_of_peer(int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (fd < 0 || ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sun_family != AF_UNIX)
    return std::nullopt;
  constexpr auto kHead = offsetof(sockaddr_un, sun_path) + 1;
  if (size <= kHead || address.sun_path[0] != '\0') return std::nullopt;
  return ref_of_name({address.sun_path + 1, size - kHead});
}

Result<Board> Board::open(const std::string& path) {
  const auto fault = [&](const std::string& what) {
    return fail(make_error(ErrorCode::invalid_input, path + ": " + what, "board"));
  };
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fault(std::strerror(errno));
  struct stat found {};
  if (::fstat(fd, &found) != 0 || found.st_uid != ::getuid() || !S_ISREG(found.st_mode)) {
    ::close(fd);
    return fault("is no file of ours");
  }
  void* at = MAP_FAILED;
  if (::ftruncate(fd, sizeof(Memory)) == 0)
    at = ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int error = errno;
  ::close(fd);
  if (at == MAP_FAILED) return fault("cannot be shared: " + std::string(std::strerror(error)));
  auto* memory = static_cast<Memory*>(at);
  std::uint64_t none = 0;
  if (!memory->magic.compare_exchange_strong(none, kMagic) && none != kMagic) {
    ::munmap(at, sizeof(Memory));
    return fault("is of another version of aeromq, or not ours");
  }
  return Board(memory);
}

Board::Board(Board&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
Board& Board::operator=(Board&& other) noexcept {
  std::swap(memory_, other.memory_);
  return *this;
}
Board::~Board() {
  if (memory_ != nullptr) ::munmap(memory_, sizeof(Memory));
}

void Board::begin_anew() {
  for (auto& place : memory_->places) {
    const auto turn = turn_of(place.turn.load());
    if (turn != 0) place.turn.store(about(turn, 1));
  }
}

Ref Board::begin(std::uint32_t place, std::string_view address) {
  auto& at = memory_->places[place];
  const Ref ref{place, turn_of(at.turn.load()) + 1};
  put(at.address, address);
  at.turn.store(about(ref.turn, 0));
  return ref;
}

void Board::end(const Ref& ref) { memory_->places[ref.place].turn.store(about(ref.turn, 1)); }

void Board::turned_away(Turned why, std::string_view address) {
  put(memory_->last_turned, address);
  memory_->turned[static_cast<std::size_t>(why)].fetch_add(1);
}

std::uint32_t Board::took(const Ref& ref, std::uint32_t count) {
  if (ref == kNobody) return 0;
  auto& word = memory_->places[ref.place].taken;
  const auto before = word.load();
  const auto sum = (turn_of(before) == ref.turn ? number_of(before) : 0) + count;
  word.store(about(ref.turn, sum));
  return sum;
}

void Board::bar(const Ref& ref) {
  if (ref != kNobody) memory_->places[ref.place].barred.store(about(ref.turn, 1));
}

void Board::broker_lives(std::int32_t pid, std::uint32_t room) {
  memory_->broker.store(about(static_cast<std::uint32_t>(pid), room));
}

std::uint32_t Board::taken(const Ref& ref) const {
  const auto word = memory_->places[ref.place].taken.load();
  return turn_of(word) == ref.turn ? number_of(word) : 0;
}

bool Board::is_barred(const Ref& ref) const {
  return ref != kNobody && memory_->places[ref.place].barred.load() == about(ref.turn, 1);
}

bool Board::has_ended(const Ref& ref) const {
  return ref == kNobody || memory_->places[ref.place].turn.load() != about(ref.turn, 0);
}

std::string Board::address(const Ref& ref) const {
  if (ref == kNobody) return {};
  auto text = text_of(memory_->places[ref.place].address);
  return turn_of(memory_->places[ref.place].turn.load()) == ref.turn ? text : std::string();
}

std::int32_t Board::broker_pid() const {
  return static_cast<std::int32_t>(turn_of(memory_->broker.load()));
}
std::uint32_t Board::broker_room() const { return number_of(memory_->broker.load()); }

std::array<std::uint64_t, kTurnedText.size()> Board::turned() const {
  std::array<std::uint64_t, kTurnedText.size()> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = memory_->turned[i].load();
  return counts;
}

std::string Board::last_turned() const { return text_of(memory_->last_turned); }

}  // namespace aeromq::door
