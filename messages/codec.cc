#include "messages/codec.h"

#include <msgpack.hpp>

namespace aeromq {
namespace {

// Appends a type octet and `octets` octets of a number, big-endian, then room for `body`; returns
// where the body goes. One growth for each value: this is the hot end of every encode.
std::uint8_t* append(Bytes& out, std::uint8_t type, std::uint64_t number, std::size_t octets,
                     std::size_t body = 0) {
  const auto at = out.size();
  out.resize(at + 1 + octets + body);
  auto* to = &out[at];
  *to++ = type;
  for (auto shift = octets * 8; shift > 0; *to++ = static_cast<std::uint8_t>(number >> shift))
    shift -= 8;
  return to;
}

void copy(ByteView from, std::uint8_t* to) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

const msgpack::object& object(const void* pointer) {
  return *static_cast<const msgpack::object*>(pointer);
}

// msgpack's own container limits bound the memory that a hostile length could claim.
const msgpack::unpack_limit& limits() {
  static const msgpack::unpack_limit bound(4096, 256, kMaxBody, kMaxBody, 0, kMaxDepth);
  return bound;
}

}  // namespace

// The shortest form of each value, as the MessagePack specification lists them.
void Encoder::map(std::size_t size) {
  if (size < 16)
    append(out_, static_cast<std::uint8_t>(0x80 | size), 0, 0);
  else
    append(out_, size < 0x10000 ? 0xDE : 0xDF, size, size < 0x10000 ? 2 : 4);
}
void Encoder::array(std::size_t size) {
  if (size < 16)
    append(out_, static_cast<std::uint8_t>(0x90 | size), 0, 0);
  else
    append(out_, size < 0x10000 ? 0xDC : 0xDD, size, size < 0x10000 ? 2 : 4);
}
void Encoder::text(std::string_view value) {
  const auto size = value.size();
  std::uint8_t* to = nullptr;
  if (size < 32)
    to = append(out_, static_cast<std::uint8_t>(0xA0 | size), 0, 0, size);
  else if (size < 0x100)
    to = append(out_, 0xD9, size, 1, size);
  else
    to = append(out_, size < 0x10000 ? 0xDA : 0xDB, size, size < 0x10000 ? 2 : 4, size);
  copy(as_bytes(value), to);
}
void Encoder::bin(ByteView value) {
  const auto size = value.size();
  std::uint8_t* to = nullptr;
  if (size < 0x100)
    to = append(out_, 0xC4, size, 1, size);
  else
    to = append(out_, size < 0x10000 ? 0xC5 : 0xC6, size, size < 0x10000 ? 2 : 4, size);
  copy(value, to);
}
void Encoder::number(std::uint64_t value) {
  if (value < 0x80)
    append(out_, static_cast<std::uint8_t>(value), 0, 0);
  else if (value < 0x100)
    append(out_, 0xCC, value, 1);
  else if (value < 0x10000)
    append(out_, 0xCD, value, 2);
  else if (value < 0x100000000)
    append(out_, 0xCE, value, 4);
  else
    append(out_, 0xCF, value, 8);
}
void Encoder::boolean(bool value) { append(out_, value ? 0xC3 : 0xC2, 0, 0); }

std::optional<std::uint64_t> Node::number() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::POSITIVE_INTEGER) return std::nullopt;
  return o.via.u64;
}
std::optional<bool> Node::boolean() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::BOOLEAN) return std::nullopt;
  return o.via.boolean;
}
std::optional<std::string_view> Node::text() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::STR) return std::nullopt;
  return std::string_view(o.via.str.ptr, o.via.str.size);
}
std::optional<ByteView> Node::bin() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::BIN) return std::nullopt;
  return as_bytes(std::string_view(o.via.bin.ptr, o.via.bin.size));
}
std::optional<std::size_t> Node::array_size() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::ARRAY) return std::nullopt;
  return o.via.array.size;
}
std::optional<std::size_t> Node::map_size() const {
  const auto& o = object(object_);
  if (o.type != msgpack::type::MAP) return std::nullopt;
  return o.via.map.size;
}
Node Node::element(std::size_t index) const { return Node(&object(object_).via.array.ptr[index]); }
Node Node::key(std::size_t index) const { return Node(&object(object_).via.map.ptr[index].key); }
Node Node::value(std::size_t index) const { return Node(&object(object_).via.map.ptr[index].val); }

struct Parsed::Impl {
  msgpack::zone zone{2048};
  msgpack::object root;
};
Parsed::Parsed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Parsed::Parsed(Parsed&&) noexcept = default;
Parsed::~Parsed() = default;
Node Parsed::root() const { return Node(&impl_->root); }

Result<Parsed> Parsed::parse(ByteView bytes) {
  if (bytes.size() > kMaxBody) return fail(detail::wrong("body", "the body is too long"));
  auto impl = std::make_unique<Impl>();
  // The octets outlive the Parsed in decode(), so strings may point into them.
  const auto reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    std::size_t offset = 0;
    bool referenced = false;
    impl->root = msgpack::unpack(impl->zone, reinterpret_cast<const char*>(bytes.data()),
                                 bytes.size(), offset, referenced, reference, nullptr, limits());
    if (offset != bytes.size()) return fail(detail::wrong("body", "octets follow the body"));
  } catch (const msgpack::unpack_error&) {
    return fail(detail::wrong("body", "not one MessagePack value within the limits"));
  } catch (const std::bad_alloc&) {
    return fail(detail::wrong("body", "not one MessagePack value within the limits"));
  }
  return Parsed(std::move(impl));
}

namespace detail {

bool is_utf8(std::string_view text) {
  const auto octets = as_bytes(text);
  for (std::size_t i = 0; i < octets.size();) {
    const auto lead = octets[i];
    std::size_t extra = 0;
    std::uint32_t code = 0;
    if (lead < 0x80) {
      code = lead;
    } else if (lead >> 5 == 0x6) {
      extra = 1, code = lead & 0x1FU;
    } else if (lead >> 4 == 0xE) {
      extra = 2, code = lead & 0x0FU;
    } else if (lead >> 3 == 0x1E) {
      extra = 3, code = lead & 0x07U;
    } else {
      return false;
    }
    if (i + extra >= octets.size() && extra > 0) return false;
    for (std::size_t k = 1; k <= extra; ++k) {
      if (octets[i + k] >> 6 != 0x2) return false;
      code = code << 6 | (octets[i + k] & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
    if (code < kLeast[extra] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    i += extra + 1;
  }
  return true;
}

bool is_field_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace detail
}  // namespace aeromq
