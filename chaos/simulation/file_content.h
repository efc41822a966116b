// The octets of one simulated file, twice: as the page cache shows them, and as the platters hold
// them. Kept once, since the two are the same but for the sectors that wait for a sync.
#pragma once
#include <cstdint>
#include <vector>

#include "chaos/simulation/random.h"
#include "messages/bytes.h"

namespace aeromq::chaos {

inline constexpr std::size_t kSectorBytes = 512;

/// Reads see the newest octets. A sector that was written and not synced remembers what the
/// platters still hold; a sync forgets that, a failed sync keeps it for ever although the page then
/// counts as clean, as ext4 does.
class FileContent {
 public:
  std::uint64_t size() const { return cache_.size(); }
  ByteView octets() const { return cache_; }
  bool is_durable() const { return old_.empty() && platter_size_ == size(); }

  void write(ByteView octets, std::uint64_t offset);
  /// Zeros in [offset, offset + size).
  void write_zeros(std::uint64_t offset, std::uint64_t size);
  void resize(std::uint64_t size);

  /// Everything waiting reaches the platters.
  void sync();
  /// Nothing waiting reaches them, and no later sync tries again.
  void fail_sync();
  /// Forgets clean pages: those of a failed sync then read as the platters hold them.
  void drop_clean_pages();
  /// Of what waits, each sector arrived or did not, and so did the size.
  void lose_power(Random& random);
  /// What the platters surely hold now, as a reader after a power cut would see it if nothing that
  /// waits had arrived.
  Bytes platters() const;
  /// The first and the end of the octets that wait for a sync; equal: none.
  struct Range {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  Range waiting() const;

  void clear();

 private:
  enum class Page : std::uint8_t { clean, dirty, lost };
  struct Old {
    std::size_t sector;
    std::size_t at;  ///< in pool_; kZeros: the platters hold zeros, or nothing, there
  };
  static constexpr std::size_t kZeros = static_cast<std::size_t>(-1);

  void touch(std::uint64_t offset, std::uint64_t size);
  void restore(const Old& old, Bytes& into) const;
  /// Keeps only what was lost.
  void forget_dirty();

  Bytes cache_;
  std::uint64_t platter_size_ = 0;
  std::vector<Page> pages_;  ///< by sector
  std::vector<Old> old_;     ///< of every sector that is not clean, in the order of the writes
  Bytes pool_;
};

}  // namespace aeromq::chaos
