// What a wire type says about itself: its fields once, by name; codec, printer and docs derive.
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace aeromq {

/// One field of a wire type. `max`: the most octets of text or elements of a list; 0 = the default
/// of its kind (kMaxText, kMaxBytes, kMaxElements in codec.h). `since`: the version of its format
/// (wire minor, record schema, protocol) that brought it. A field that came later is left out while
/// it has its default, and what is not there is the default: so whoever says nothing new sends the
/// octets of the first version, and those are read for ever (docs/decisions/0014).
template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  std::size_t max = 0;
  unsigned since = 1;
  constexpr bool is_later() const { return since > 1; }
  /// A later field that says nothing.
  bool is_left_out(const Owner& value) const {
    if (!is_later()) return false;
    static const Owner kFresh{};
    return value.*member == kFresh.*member;
  }
};
template <class Owner, class Member>
Field(const char*, Member Owner::*) -> Field<Owner, Member>;
template <class Owner, class Member>
Field(const char*, Member Owner::*, std::size_t) -> Field<Owner, Member>;
template <class Owner, class Member>
Field(const char*, Member Owner::*, std::size_t, unsigned) -> Field<Owner, Member>;

/// The wire texts of an enum, in the order of its values 0, 1, 2 ...
template <class E>
struct EnumNames;

template <class E>
constexpr std::string_view text_of(E value) {
  return EnumNames<E>::value[static_cast<std::size_t>(value)];
}

namespace detail {
struct AnyField {
  template <class T>
  operator T() const;  // never defined: only counts
};
template <class T, class... Counted>
constexpr std::size_t arity() {
  if constexpr (requires { T{Counted{}..., AnyField{}}; })
    return arity<T, Counted..., AnyField>();
  else
    return sizeof...(Counted);
}
}  // namespace detail

/// A struct whose fields() names every one of its members: a forgotten one does not compile.
template <class T>
concept WireStruct = std::is_aggregate_v<T> && requires {
  T::fields();
} && std::tuple_size_v<decltype(T::fields())>
== detail::arity<T>();

}  // namespace aeromq
