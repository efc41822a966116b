// What an audit query answers: records, or findings of a verification.
#pragma once
#include "messages/record.h"

namespace aeromq {

/// A record, with the evidence that lets a reader check it: leaf = SHA-256(0x00 || raw).
struct AuditedRecord {
  Record record;
  Digest leaf;
  Bytes raw;  ///< the stored octets (export only; else empty)
  static constexpr auto fields() {
    return std::tuple{Field{"record", &AuditedRecord::record}, Field{"leaf", &AuditedRecord::leaf},
                      Field{"raw", &AuditedRecord::raw}};
  }
  friend bool operator==(const AuditedRecord&, const AuditedRecord&) = default;
};

struct AuditPage {
  std::vector<AuditedRecord> records;
  std::uint64_t durable = 0;   ///< the log's last durable sequence number
  std::uint64_t next_seq = 0;  ///< ask from here for more; 0 = complete
  std::vector<std::string> gaps;      ///< timeline: stages that are missing, torn tails (G5, G6)
  std::vector<std::string> findings;  ///< verify: one line each; empty with exit 0 = sound
  std::uint64_t exit_code = 0;        ///< verify: 0, 1, 40 to 45
  std::string summary;                ///< verify: one line
  static constexpr auto fields() {
    using P = AuditPage;
    return std::tuple{Field{"records", &P::records},
                      Field{"durable", &P::durable},
                      Field{"next_seq", &P::next_seq},
                      Field{"gaps", &P::gaps},
                      Field{"findings", &P::findings},
                      Field{"exit_code", &P::exit_code},
                      Field{"summary", &P::summary, 1024}};
  }
  friend bool operator==(const AuditPage&, const AuditPage&) = default;
};

}  // namespace aeromq
