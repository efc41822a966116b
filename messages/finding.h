// Something that a snapshot shows and that a person must not overlook.
#pragma once
#include "messages/codec.h"

namespace aeromq {

enum class Severity : std::uint8_t { info, warning, alarm };
template <>
struct EnumNames<Severity> {
  static constexpr std::array<std::string_view, 3> value{"info", "warning", "alarm"};
};

/// Something that the snapshot shows and an operator must not overlook; a fact, no advice.
struct Finding {
  std::string code;  ///< "TWO_PRIMARIES", "NODE_SILENT" ...
  Severity severity = Severity::info;
  std::string text;
  static constexpr auto fields() {
    return std::tuple{Field{"code", &Finding::code, 64}, Field{"severity", &Finding::severity},
                      Field{"text", &Finding::text, 512}};
  }
  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace aeromq
