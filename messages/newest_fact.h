// The newest that an audit log knows of its kernel: kept beside the log, so that a register that
// was copied back is noticed without reading the log.
#pragma once
#include "messages/record.h"

namespace aeromq {

/// An epoch that was used, and the newest act that was executed, of one history of the register.
struct NewestFact {
  std::uint64_t seen = 0;  ///< the last record that this is about
  HistoryId history;
  std::uint64_t dispatcher = 0;
  std::uint64_t epoch = 0;   ///< the newest of that dispatcher under which something was sent
  std::uint64_t record = 0;  ///< of the newest execution; 0: none
  std::string request;       ///< its id
  std::uint64_t fencing_epoch = 0;  ///< which it made: no register of this history is below it
  std::uint64_t timeline = 0;       ///< likewise
  static constexpr auto fields() {
    using N = NewestFact;
    return std::tuple{Field{"seen", &N::seen},
                      Field{"history", &N::history},
                      Field{"dispatcher", &N::dispatcher},
                      Field{"epoch", &N::epoch},
                      Field{"record", &N::record},
                      Field{"request", &N::request, 64},
                      Field{"fencing_epoch", &N::fencing_epoch},
                      Field{"timeline", &N::timeline}};
  }
  friend bool operator==(const NewestFact&, const NewestFact&) = default;

  /// Takes in the next record; true if it says something newer. Only of what was sent to the
  /// kernel: a refused request's id is a client's word.
  bool take(const Record& next);
  bool known() const { return !history.empty(); }
};

}  // namespace aeromq
