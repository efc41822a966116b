#include "audit/merkle_tree.h"

#include <bit>
#include <charconv>

namespace aeromq::audit {

Digest leaf_hash(ByteView payload) {
  // sha256() takes one piece; copying a few hundred octets is cheaper than a second interface.
  thread_local Bytes prefixed;
  prefixed.assign(1, 0x00);
  prefixed.insert(prefixed.end(), payload.begin(), payload.end());
  return sha256(prefixed);
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 1 + 2 * Digest::kSize> both{0x01};
  std::copy(left.octets.begin(), left.octets.end(), both.begin() + 1);
  std::copy(right.octets.begin(), right.octets.end(), both.begin() + 1 + Digest::kSize);
  return sha256(both);
}

std::optional<MerkleTree> MerkleTree::from(std::uint64_t size, std::vector<Digest> peaks) {
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
  MerkleTree tree;
  tree.size_ = size;
  tree.peaks_ = std::move(peaks);
  return tree;
}

void MerkleTree::append(const Digest& leaf) {
  auto merged = leaf;
  // Each set low bit of the size is a complete subtree on the right that now finds its sibling.
  for (auto bits = size_; (bits & 1U) != 0; bits >>= 1) {
    merged = node_hash(peaks_.back(), merged);
    peaks_.pop_back();
  }
  peaks_.push_back(merged);
  ++size_;
}

Digest MerkleTree::root() const {
  if (peaks_.empty()) return sha256({});
  auto root = peaks_.back();
  for (auto i = peaks_.size() - 1; i > 0; --i) root = node_hash(peaks_[i - 1], root);
  return root;
}

std::string TreeHead::text() const { return std::to_string(size) + ":" + to_hex(root.view()); }

std::optional<TreeHead> TreeHead::parse(std::string_view text) {
  TreeHead head;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.size() - colon - 1 != 2 * Digest::kSize)
    return std::nullopt;
  const auto* end = text.data() + colon;
  const auto [stop, error] = std::from_chars(text.data(), end, head.size);
  if (error != std::errc{} || stop != end) return std::nullopt;
  const auto hex = text.substr(colon + 1);
  for (std::size_t i = 0; i < Digest::kSize; ++i) {
    const auto* at = hex.data() + 2 * i;
    const auto read = std::from_chars(at, at + 2, head.root.octets[i], 16);
    if (read.ec != std::errc{} || read.ptr != at + 2) return std::nullopt;
  }
  return head;
}

}  // namespace aeromq::audit
