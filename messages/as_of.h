// What a peer of an older version may be told: nobody is told a field of a version that it has not
// named, since it would refuse the whole message.
#pragma once
#include "messages/codec.h"

namespace aeromq {

/// `value` as a program of `version` would have made it: what came later has its default, here and
/// in everything inside, and so is left out.
template <class T>
T as_of(T value, unsigned version) {
  if constexpr (detail::IsVector<T>::value) {
    for (auto& element : value) element = as_of(std::move(element), version);
  } else if constexpr (WireStruct<T>) {
    const auto keep = [&](const auto& field) {
      auto& member = value.*(field.member);
      if (field.since > version)
        member = T{}.*(field.member);
      else
        member = as_of(std::move(member), version);
    };
    std::apply([&](const auto&... field) { (keep(field), ...); }, T::fields());
  }
  return value;
}

}  // namespace aeromq
