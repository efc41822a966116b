#include "audit/export.h"

#include <nlohmann/json.hpp>

namespace aeromq::audit {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return text_of(value);
  } else if constexpr (std::is_unsigned_v<T> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (detail::IsVector<T>::value) {
    Json list = Json::array();
    for (const auto& element : value) list.push_back(to_json(element));
    return list;
  } else {
    static_assert(WireStruct<T>);
    Json object = Json::object();
    std::apply(
        [&](const auto&... field) {
          ((object[std::string(field.name)] = to_json(value.*(field.member))), ...);
        },
        T::fields());
    return object;
  }
}

}  // namespace

std::string to_base64(ByteView bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const auto here = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < here ? std::uint32_t{bytes[i + k]} : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= here ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string json_line(const AuditedRecord& audited) {
  Json line = Json::object();
  line["seq"] = audited.record.seq;
  line["leaf"] = to_hex(audited.leaf.view());
  if (!audited.raw.empty()) line["raw"] = to_base64(audited.raw);
  const auto fields = to_json(audited.record);
  for (const auto& [name, value] : fields.items()) line[name] = value;
  return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace aeromq::audit
