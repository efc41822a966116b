// Checks a whole log: frames, padding, COMMIT chain, every tree root, the segment set, recorded
// tails, dense numbers, canonical records and the stages of each request. Never writes.
#pragma once
#include <memory>

#include "audit/log_reader.h"

namespace aeromq::audit {

/// Exit codes of a verification; the highest rank of `severity` wins.
enum class VerifyCode : std::uint8_t {
  ok = 0,
  io = 1,
  corrupt = 40,          ///< damaged or changed, padding too; or a stage is missing
  loss = 41,             ///< shorter than, or another history than, what the auditor remembers
  torn_tail = 43,        ///< only that: octets behind the last COMMIT, nothing acknowledged
  missing_segment = 44,  ///< absent or unchained
  ambiguous = 45,        ///< the last batch is damaged: tear or loss, the log alone can't tell
};

struct VerifyOptions {
  std::filesystem::path watermark;     ///< as in LogReaderOptions
  std::optional<TreeHead> remembered;  ///< what the auditor kept from an earlier verification
};

struct Verification {
  VerifyCode code = VerifyCode::ok;
  std::vector<std::string> findings;  ///< one line each; with code ok they are remarks
  TreeHead head;                      ///< of the verified part: what an auditor keeps
  std::uint64_t segments = 0;
  std::uint64_t commits = 0;
  std::uint64_t epochs = 0;
  std::string summary() const;  ///< one line
};

/// The same in pieces: for whoever must do something else between them, or tell how far it got.
class VerifyJob {
 public:
  VerifyJob(const std::filesystem::path& dir, VerifyOptions options);
  VerifyJob(VerifyJob&&) noexcept;
  VerifyJob& operator=(VerifyJob&&) noexcept;
  ~VerifyJob();
  /// Checks one more segment; false: none is left.
  bool step();
  /// Records that were checked, and that were durable when it began (0: nobody can tell).
  std::uint64_t checked() const;
  std::uint64_t durable() const;
  /// Once step() was false.
  Verification finish();

 private:
  class Verifier;
  std::unique_ptr<Verifier> verifier_;
};

/// Verifies the log in `dir`; what cannot be read at all is code io with its finding.
Verification verify_log(const std::filesystem::path& dir, const VerifyOptions& options);

}  // namespace aeromq::audit
