#include "chaos/simulation/file_content.h"

#include <cstring>
#include <utility>

namespace aeromq::chaos {

// Remembers what the platters hold of every sector in the range, before it is written over.
void FileContent::touch(std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return;
  const auto first = static_cast<std::size_t>(offset / kSectorBytes);
  const auto last = static_cast<std::size_t>((offset + size - 1) / kSectorBytes);
  if (pages_.size() <= last) pages_.resize(last + 1, Page::clean);
  for (auto sector = first; sector <= last; ++sector) {
    const auto before = std::exchange(pages_[sector], Page::dirty);
    if (before != Page::clean) continue;
    const auto begin = sector * kSectorBytes;
    if (begin >= cache_.size()) {
      old_.push_back({sector, kZeros});
      continue;
    }
    old_.push_back({sector, pool_.size()});
    const auto end = std::min(begin + kSectorBytes, cache_.size());
    pool_.insert(pool_.end(), cache_.begin() + static_cast<std::ptrdiff_t>(begin),
                 cache_.begin() + static_cast<std::ptrdiff_t>(end));
    pool_.resize(old_.back().at + kSectorBytes);
  }
}

void FileContent::restore(const Old& old, Bytes& into) const {
  const auto begin = old.sector * kSectorBytes;
  if (begin >= into.size()) return;
  const auto size = std::min(kSectorBytes, into.size() - begin);
  if (old.at == kZeros)
    std::memset(&into[begin], 0, size);
  else
    std::memcpy(&into[begin], &pool_[old.at], size);
}

void FileContent::write(ByteView octets, std::uint64_t offset) {
  touch(offset, octets.size());
  if (cache_.size() < offset + octets.size())
    cache_.resize(static_cast<std::size_t>(offset) + octets.size());
  if (!octets.empty())
    std::memcpy(&cache_[static_cast<std::size_t>(offset)], octets.data(), octets.size());
}

void FileContent::write_zeros(std::uint64_t offset, std::uint64_t size) {
  touch(offset, size);
  const auto end = static_cast<std::size_t>(offset + size);
  if (cache_.size() < end) cache_.resize(end);
  if (size > 0)
    std::memset(&cache_[static_cast<std::size_t>(offset)], 0, static_cast<std::size_t>(size));
}

void FileContent::resize(std::uint64_t size) {
  if (size < cache_.size()) touch(size, cache_.size() - size);
  cache_.resize(static_cast<std::size_t>(size));
}

void FileContent::forget_dirty() {
  std::erase_if(old_, [this](const Old& old) {
    if (pages_[old.sector] == Page::lost) return false;
    pages_[old.sector] = Page::clean;
    return true;
  });
  if (old_.empty()) pool_.clear();
}

void FileContent::sync() {
  forget_dirty();
  platter_size_ = size();
}

void FileContent::fail_sync() {
  for (const auto& old : old_) pages_[old.sector] = Page::lost;
}

void FileContent::drop_clean_pages() {
  for (const auto& old : old_) {
    if (pages_[old.sector] != Page::lost) continue;
    restore(old, cache_);
    pages_[old.sector] = Page::clean;
  }
  std::erase_if(old_, [this](const Old& old) { return pages_[old.sector] == Page::clean; });
  if (old_.empty()) pool_.clear();
}

void FileContent::lose_power(Random& random) {
  if (is_durable()) return;
  const auto newest = size();
  auto left = newest;
  if (platter_size_ != newest) {
    const auto low = std::min(newest, platter_size_);
    const auto span = std::max(newest, platter_size_) - low;
    const auto choice = random.below(3);
    left = choice == 0 ? platter_size_ : choice == 1 ? newest : low + random.below(span + 1);
  }
  cache_.resize(static_cast<std::size_t>(std::max(newest, platter_size_)));
  for (const auto& old : old_)
    if (pages_[old.sector] == Page::lost || random.chance(500)) restore(old, cache_);
  cache_.resize(static_cast<std::size_t>(left));
  for (const auto& old : old_) pages_[old.sector] = Page::clean;
  old_.clear();
  pool_.clear();
  platter_size_ = left;
}

Bytes FileContent::platters() const {
  auto held = cache_;
  held.resize(static_cast<std::size_t>(std::max(size(), platter_size_)));
  for (const auto& old : old_) restore(old, held);
  held.resize(static_cast<std::size_t>(platter_size_));
  return held;
}

FileContent::Range FileContent::waiting() const {
  Range range{std::min(size(), platter_size_), size()};
  if (size() <= platter_size_) range.from = range.to = size();
  for (const auto& old : old_) {
    if (pages_[old.sector] != Page::dirty) continue;
    const auto begin = std::min<std::uint64_t>(old.sector * kSectorBytes, size());
    const auto end = std::min<std::uint64_t>(begin + kSectorBytes, size());
    const bool none = range.from == range.to;
    range = none ? Range{begin, end} : Range{std::min(range.from, begin), std::max(range.to, end)};
  }
  return range;
}

void FileContent::clear() {
  cache_.clear();
  platter_size_ = 0;
  pages_.clear();
  old_.clear();
  pool_.clear();
}

}  // namespace aeromq::chaos
