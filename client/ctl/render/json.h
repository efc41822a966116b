// The JSON value of everything that aeromq-ctl shows. Keys are wire names and column names, in
// their declared order; YAML is made from the same value.
#pragma once
#include <nlohmann/json.hpp>

#include "client/answer.h"

namespace aeromq::ctl {

using Json = nlohmann::ordered_json;

/// A view: its tables stand under their names, one object per row; what is not known is null.
Json to_json(const View& view);

/// Any other wire type, field by field: ids and digests as text, enums as their words.
template <class T>
Json wire_json(const T& value) {
  if constexpr (std::is_same_v<T, View>) {
    return to_json(value);
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(text_of(value));
  } else if constexpr (std::is_unsigned_v<T>) {
    return value;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return to_hex(value);
  } else if constexpr (detail::IsFixed<T>::value) {
    return to_hex(value.view());
  } else if constexpr (std::is_same_v<T, SessionId>) {
    return to_hex(value.octets());
  } else if constexpr (std::is_same_v<T, RequestId>) {
    return value.empty() ? std::string() : value.text();
  } else if constexpr (detail::IsVector<T>::value) {
    auto list = Json::array();
    for (const auto& element : value) list.push_back(wire_json(element));
    return list;
  } else {
    static_assert(WireStruct<T>);
    auto object = Json::object();
    std::apply(
        [&](const auto&... field) {
          ((object[std::string(field.name)] = wire_json(value.*(field.member))), ...);
        },
        T::fields());
    return object;
  }
}

/// An audit page: records flat, the evidence (`leaf`, `raw`) only where it was given.
Json to_json(const AuditPage& page);
Json to_json(const AuditedRecord& audited);

/// One line, or indented over several; no control character in it reaches a terminal.
std::string json_line(const Json& value);
std::string json_text(const Json& value);

}  // namespace aeromq::ctl
