// A record as one line of JSON, for people and programs far from the log. Pure. Only `seq`, `leaf`
// and `raw` are evidence (leaf = SHA-256(0x00 || raw)); the rest is a view of the same octets.
#pragma once
#include "messages/audit_page.h"

namespace aeromq::audit {

/// {"seq", "leaf" (hex), "raw" (base64; absent if `audited.raw` is empty), then every field}.
/// ASCII only: control characters and everything beyond are escaped. No line feed at the end.
std::string json_line(const AuditedRecord& audited);

/// RFC 4648 with padding.
std::string to_base64(ByteView bytes);

}  // namespace aeromq::audit
