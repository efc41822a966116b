// Records as the audit writer would make them.
#pragma once
#include "messages/record.h"

namespace aeromq::audit {

/// The text of a valid request id.
inline std::string request_text(std::uint32_t counter) {
  RequestId id;
  id.session.epoch = 1;
  id.session.number = 1;
  id.counter = counter;
  id.kernel_action = true;
  return id.text();
}

inline Record make_record(std::uint64_t seq, Stage stage, std::string request = {}) {
  Record record;
  record.seq = seq;
  record.stage = stage;
  record.wall_ns = 1'700'000'000'000'000'000 + seq;
  record.boot_ns = seq;
  record.boot = "00112233445566778899aabbccddeeff";
  record.request = std::move(request);
  record.principal = "ada";
  record.authority = Authority::operator_;
  record.command = "request_promotion";
  record.node = "n2";
  return record;
}

inline std::string row(const Record& record) { return std::string(as_text(encode_row(record))); }

}  // namespace aeromq::audit
