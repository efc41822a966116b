// The Merkle tree of RFC 6962 over the stored payloads, kept as its peaks only: appends and roots,
// no proofs. Pure. A leaf is hashed from octets as stored, never from a re-encoding.
#pragma once
#include <optional>
#include <vector>

#include "messages/digest.h"

namespace aeromq::audit {

/// SHA-256(0x00 || payload).
Digest leaf_hash(ByteView payload);

/// SHA-256(0x01 || left || right).
Digest node_hash(const Digest& left, const Digest& right);

/// A tree that grows at its right edge. Holds one digest per set bit of its size.
class MerkleTree {
 public:
  MerkleTree() = default;
  /// The tree of `size` leaves with these peaks, largest subtree first; nullopt if their number is
  /// not the number of set bits of `size`.
  static std::optional<MerkleTree> from(std::uint64_t size, std::vector<Digest> peaks);

  void append(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  /// The tree head; SHA-256 of nothing for the empty tree.
  Digest root() const;
  const std::vector<Digest>& peaks() const { return peaks_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

/// What an auditor remembers of a log: its size and root. Text form "size:hex root".
struct TreeHead {
  std::uint64_t size = 0;
  Digest root;
  std::string text() const;
  /// nullopt unless it is exactly "<decimal>:<64 hex digits>".
  static std::optional<TreeHead> parse(std::string_view text);
  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

}  // namespace aeromq::audit
