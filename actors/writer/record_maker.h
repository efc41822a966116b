// Fills audit records: sequence number, both clocks, who, what. Pure; it knows nothing of files,
// and never lets a token into a record but as its digest (G4).
#pragma once
#include "messages/catalogue.h"
#include "messages/envelope.h"
#include "messages/record.h"
#include "messages/time.h"

namespace aeromq {

class RecordMaker {
 public:
  RecordMaker(std::uint64_t next_seq, std::string boot)
      : next_seq_(next_seq), boot_(std::move(boot)) {}

  /// A record about no request, or about nothing that is known of it.
  Record make(Stage stage, const Moment& now);

  /// A record about `envelope`'s request. `command`: the submit or audit query body as received;
  /// what of it can be read is filled in, its digest always (unless it is empty).
  Record make(Stage stage, const Envelope& envelope, Authority authority, ByteView command,
              const Moment& now);

 private:
  std::uint64_t next_seq_;
  std::string boot_;
};

/// Writes `error` into the record's error fields and its outcome.
void put_error(Record& record, const Error& error);

/// Writes the kernel's words, verbatim (D3), and the snapshot id of its decision.
void put_answer(Record& record, const ActAnswer& answer);

}  // namespace aeromq
