// Strict MessagePack: a struct is a map of exactly its fields, each once; an enum is its text; ids
// are bin. Missing, duplicate, unknown, trailing, oversized or mistyped = refused, field named.
// Only a field that came after the first version may be missing (messages/fields.h).
#pragma once
#include <cstring>
#include <limits>
#include <memory>
#include <optional>

#include "messages/ids.h"

namespace aeromq {

constexpr std::size_t kMaxBody = 60 * 1024;  ///< octets of a message body
constexpr std::size_t kMaxText = 256;        ///< default bound of a text field, octets
constexpr std::size_t kMaxBytes = kMaxBody;  ///< default bound of a bin field, octets
constexpr std::size_t kMaxElements = 512;    ///< default bound of a list
constexpr std::size_t kMaxDepth = 8;         ///< nesting of one body

/// Writes one MessagePack value after the other. Shortest forms only.
class Encoder {
 public:
  explicit Encoder(Bytes& out) : out_(out) {}
  void map(std::size_t size);
  void array(std::size_t size);
  void text(std::string_view value);
  void bin(ByteView value);
  void number(std::uint64_t value);
  void boolean(bool value);

 private:
  Bytes& out_;
};

/// One parsed value; valid while its Parsed lives.
class Node {
 public:
  explicit Node(const void* object) : object_(object) {}
  std::optional<std::uint64_t> number() const;
  std::optional<bool> boolean() const;
  std::optional<std::string_view> text() const;
  std::optional<ByteView> bin() const;
  std::optional<std::size_t> array_size() const;
  std::optional<std::size_t> map_size() const;
  Node element(std::size_t index) const;
  Node key(std::size_t index) const;
  Node value(std::size_t index) const;

 private:
  const void* object_;
};

/// Parses exactly one value out of all of `bytes`, bounded in size and depth.
class Parsed {
 public:
  static Result<Parsed> parse(ByteView bytes);
  Node root() const;
  Parsed(Parsed&&) noexcept;
  ~Parsed();

 private:
  struct Impl;
  explicit Parsed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

namespace detail {

constexpr std::size_t kUsualBody = 512;  ///< octets set aside at once for what is encoded

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsFixed : std::false_type {};
template <std::size_t N, class Tag>
struct IsFixed<FixedBytes<N, Tag>> : std::true_type {};

/// A fault that has no field of its own is the whole body's.
inline Error wrong(std::string field, std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what),
                    field.empty() ? std::string("body") : std::move(field));
}

bool is_utf8(std::string_view text);

/// Could this be a field's name? Only then is it safe to repeat to a terminal or a log.
bool is_field_name(std::string_view text);

/// A struct on the wire is a map, in the audit log an array of its fields in order.
enum class Shape : std::uint8_t { map, array };

/// How many fields a map of `value` has.
template <class T>
std::size_t fields_put(const T& value) {
  return std::apply(
      [&](const auto&... field) {
        return (std::size_t{0} + ... + (field.is_left_out(value) ? 0U : 1U));
      },
      T::fields());
}

/// How many fields every version of a row has. Later ones stand at its end.
template <class T>
constexpr std::size_t least_row() {
  return std::apply(
      [](const auto&... field) { return (std::size_t{0} + ... + (field.is_later() ? 0U : 1U)); },
      T::fields());
}

/// How many elements a row of `value` has: up to the last field that says something.
template <class T>
std::size_t row_size(const T& value) {
  std::size_t size = 0;
  std::size_t at = 0;
  const auto count = [&](const auto& field) {
    ++at;
    if (!field.is_left_out(value)) size = at;
  };
  std::apply([&](const auto&... field) { (count(field), ...); }, T::fields());
  return size;
}

template <Shape shape, class T>
void put(Encoder& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.boolean(value);
  } else if constexpr (std::is_enum_v<T>) {
    out.text(text_of(value));
  } else if constexpr (std::is_unsigned_v<T>) {
    out.number(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    out.text(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    out.bin(value);
  } else if constexpr (IsFixed<T>::value) {
    out.bin(value.octets);
  } else if constexpr (std::is_same_v<T, SessionId>) {
    out.bin(value.octets());
  } else if constexpr (std::is_same_v<T, RequestId>) {
    if (value.empty())
      out.bin({});  // no request
    else
      out.bin(value.octets());
  } else if constexpr (IsVector<T>::value) {
    out.array(value.size());
    for (const auto& element : value) put<shape>(out, element);
  } else {
    static_assert(WireStruct<T>);
    const auto count = shape == Shape::map ? fields_put(value) : row_size(value);
    shape == Shape::map ? out.map(count) : out.array(count);
    std::size_t at = 0;
    const auto put_field = [&](const auto& field) {
      const bool left_out = shape == Shape::map ? field.is_left_out(value) : at >= count;
      ++at;
      if (left_out) return;
      if constexpr (shape == Shape::map) out.text(field.name);
      put<shape>(out, value.*(field.member));
    };
    std::apply([&](const auto&... field) { (put_field(field), ...); }, T::fields());
  }
}

/// Where in a body a value stands. Its text is only made for an error: a decode that succeeds
/// builds no string for it.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;             ///< of a field, or empty
  std::optional<std::size_t> index;  ///< of a list's element
  std::string text() const {
    auto made = parent == nullptr ? std::string() : parent->text();
    if (index) return made + "[" + std::to_string(*index) + "]";
    if (!made.empty() && !name.empty()) made += '.';
    return made += name;
  }
};

template <Shape shape, class T>
std::optional<Error> get(Node node, T& value, const Path& path, std::size_t max);

template <class T, class F>
std::optional<Error> get_field(Node map, T& owner, const F& field, const Path& path,
                               std::size_t size) {
  const Path own{&path, field.name, {}};
  std::optional<Error> error;
  bool seen = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (map.key(i).text() != field.name) continue;
    if (seen) return wrong(own.text(), "the field stands twice");
    seen = true;
    error = get<Shape::map>(map.value(i), owner.*(field.member), own, field.max);
  }
  return seen || field.is_later() ? error : wrong(own.text(), "the field is missing");
}

/// True if the map's keys are the fields of T in their order, as our own encoder writes them: then
/// none is missing, unknown or there twice.
template <class T>
bool is_in_order(Node map, std::size_t size) {
  std::size_t at = 0;
  const auto stands = [&](const auto& field) {
    if (at >= size || map.key(at).text() != field.name) return field.is_later();
    ++at;
    return true;
  };
  const bool all =
      std::apply([&](const auto&... field) { return (true && ... && stands(field)); }, T::fields());
  return all && at == size;
}

/// Precondition: is_in_order().
template <class T>
std::optional<Error> get_in_order(Node map, T& value, const Path& path, std::size_t size) {
  std::optional<Error> error;
  std::size_t at = 0;
  const auto get_one = [&](const auto& field) {
    if (field.is_later() && (at >= size || map.key(at).text() != field.name)) return false;
    const Path own{&path, field.name, {}};
    error = get<Shape::map>(map.value(at++), value.*(field.member), own, field.max);
    return error.has_value();
  };
  std::apply([&](const auto&... field) { (void)(false || ... || get_one(field)); }, T::fields());
  return error;
}

template <class T>
std::optional<Error> get_struct(Node node, T& value, const Path& path) {
  static_assert(WireStruct<T>);
  const auto size = node.map_size();
  if (!size) return wrong(path.text(), "must be a map");
  if (is_in_order<T>(node, *size)) return get_in_order(node, value, path, *size);
  constexpr auto fields = T::fields();
  for (std::size_t i = 0; i < *size; ++i) {
    const auto key = node.key(i).text();
    if (!key) return wrong(path.text(), "a field name must be text");
    const bool known = std::apply(
        [&](const auto&... field) { return (false || ... || (field.name == *key)); }, fields);
    if (!known) {
      const auto shown = is_field_name(*key) ? *key : std::string_view("?");
      return wrong(Path{&path, shown, {}}.text(), "the field is not known");
    }
  }
  std::optional<Error> error;
  std::apply(
      [&](const auto&... field) {
        (void)(... || (error = get_field(node, value, field, path, *size)).has_value());
      },
      fields);
  return error;
}

template <class T>
std::optional<Error> get_row(Node node, T& value, const Path& path) {
  static_assert(WireStruct<T>);
  const auto size = node.array_size().value_or(0);
  if (size < least_row<T>() || size > std::tuple_size_v<decltype(T::fields())>)
    return wrong(path.text(), "must be an array of the fields");
  std::optional<Error> error;
  std::size_t at = 0;
  const auto get_one = [&](const auto& field) {
    if (at >= size) return true;
    error = get<Shape::array>(node.element(at++), value.*(field.member),
                              Path{nullptr, field.name, {}}, field.max);
    return error.has_value();
  };
  std::apply([&](const auto&... field) { (void)(... || get_one(field)); }, T::fields());
  return error;
}

template <Shape shape, class T>
std::optional<Error> get(Node node, T& value, const Path& path, std::size_t max) {
  if constexpr (std::is_same_v<T, bool>) {
    const auto read = node.boolean();
    if (!read) return wrong(path.text(), "must be a boolean");
    value = *read;
  } else if constexpr (std::is_enum_v<T>) {
    const auto read = node.text();
    constexpr auto& names = EnumNames<T>::value;
    const auto at = read ? std::ranges::find(names, *read) : names.end();
    if (at == names.end()) return wrong(path.text(), "is not one of the known words");
    value = static_cast<T>(at - names.begin());
  } else if constexpr (std::is_unsigned_v<T>) {
    const auto read = node.number();
    if (!read || *read > std::numeric_limits<T>::max())
      return wrong(path.text(), "must be an unsigned integer in range");
    value = static_cast<T>(*read);
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto read = node.text();
    if (!read || !is_utf8(*read)) return wrong(path.text(), "must be UTF-8 text");
    if (read->size() > (max == 0 ? kMaxText : max))
      return wrong(path.text(), "the text is too long");
    value = *read;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    const auto read = node.bin();
    if (!read) return wrong(path.text(), "must be binary");
    if (read->size() > (max == 0 ? kMaxBytes : max))
      return wrong(path.text(), "the binary is too long");
    value.assign(read->begin(), read->end());
  } else if constexpr (IsFixed<T>::value) {
    const auto read = node.bin();
    if (!read || read->size() != T::kSize)
      return wrong(path.text(), "must be binary of " + std::to_string(T::kSize) + " octets");
    value = T::from(*read);
  } else if constexpr (std::is_same_v<T, SessionId>) {
    const auto read = node.bin();
    if (!read || read->size() != SessionId::kSize)
      return wrong(path.text(), "must be binary of 15 octets");
    value = SessionId::from(*read);
  } else if constexpr (std::is_same_v<T, RequestId>) {
    const auto read = node.bin();
    if (!read) return wrong(path.text(), "must be binary");
    value = {};
    if (read->empty()) return std::nullopt;
    auto id = RequestId::from(*read);
    if (!id) {
      id.error().field = path.text();
      return id.error();
    }
    value = *id;
  } else if constexpr (IsVector<T>::value) {
    const auto size = node.array_size();
    if (!size) return wrong(path.text(), "must be an array");
    if (*size > (max == 0 ? kMaxElements : max)) return wrong(path.text(), "the array is too long");
    value.clear();
    value.resize(*size);
    for (std::size_t i = 0; i < *size; ++i)
      if (auto error = get<shape>(node.element(i), value[i], Path{&path, {}, i}, 0)) return error;
  } else {
    if constexpr (shape == Shape::map)
      return get_struct(node, value, path);
    else
      return get_row(node, value, path);
  }
  return std::nullopt;
}

}  // namespace detail

/// The body of `message`: fields in their declared order, so equal values are equal octets.
template <class T>
requires WireStruct<T> Bytes encode(const T& message) {
  Bytes out;
  out.reserve(detail::kUsualBody);
  Encoder encoder(out);
  detail::put<detail::Shape::map>(encoder, message);
  return out;
}

/// Reads exactly one T out of all of `bytes`. Error INVALID_INPUT names the field at fault.
template <class T>
requires WireStruct<T> Result<T> decode(ByteView bytes) {
  auto parsed = Parsed::parse(bytes);
  if (!parsed) return fail(parsed.error());
  T value{};
  if (auto error = detail::get_struct(parsed->root(), value, {})) return fail(*error);
  return value;
}

/// The same as an array of the fields in order, without their names: audit records.
template <class T>
requires WireStruct<T> Bytes encode_row(const T& value) {
  Bytes out;
  out.reserve(detail::kUsualBody);
  Encoder encoder(out);
  detail::put<detail::Shape::array>(encoder, value);
  return out;
}

/// Reads exactly one T out of encode_row's octets; anything that would not encode to the same
/// octets again is refused (canonical form).
template <class T>
requires WireStruct<T> Result<T> decode_row(ByteView bytes) {
  auto parsed = Parsed::parse(bytes);
  if (!parsed) return fail(parsed.error());
  T value{};
  if (auto error = detail::get_row(parsed->root(), value, {})) return fail(*error);
  const auto again = encode_row(value);
  if (!std::ranges::equal(again, bytes))
    return fail(detail::wrong("", "the octets are not in canonical form"));
  return value;
}

}  // namespace aeromq
