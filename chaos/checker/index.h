// A history by request, by kind and by audit log, made in one pass, so that no predicate searches.
// Positions are addresses: of two events of one history the earlier has the smaller address.
#pragma once
#include <optional>
#include <unordered_map>

#include "chaos/history/event.h"

namespace aeromq::chaos {

using Events = std::vector<const Event*>;

inline bool before(const Event* first, const Event* second) { return first < second; }

/// "b/" of "b/keeper"; empty for the first control plane.
std::string_view plane_of(std::string_view lane);

/// "keeper" of "b/keeper".
std::string_view part_of(std::string_view lane);

/// Everything about one request, each kind in order.
struct RequestEvents {
  std::string_view text;
  std::optional<RequestId> id;  ///< none: no well-formed request id
  std::array<Events, EnumNames<EventKind>::value.size()> by_kind;

  const Events& of(EventKind kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
};

/// The audit log of one control plane.
struct Log {
  std::string_view plane;
  Events durable;                      ///< in order
  std::vector<std::uint64_t> highest;  ///< after each of `durable`: the most that was promised
  Events kept;                         ///< in order

  std::uint64_t promised() const { return highest.empty() ? 0 : highest.back(); }
  /// The first promise that covers the record, or nullptr.
  const Event* covering(std::uint64_t number) const;
  /// The record as it was read back, or nullptr.
  const Event* record(std::uint64_t number) const;
};

class Index {
 public:
  explicit Index(const History& history);
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  const History& history() const { return history_; }
  const Events& of(EventKind kind) const { return by_kind_[static_cast<std::size_t>(kind)]; }
  bool has(EventKind kind) const { return !of(kind).empty(); }
  /// In the order in which they are first spoken of.
  const std::vector<RequestEvents>& requests() const { return requests_; }
  const std::vector<Log>& logs() const { return logs_; }
  /// The log of the plane that the lane belongs to; empty if nothing was seen of it.
  const Log& log_of(std::string_view lane) const;

  /// The audit log was read back at the end. A log is never empty, so its records tell.
  bool audit_read_back() const { return has(EventKind::kept) || has(EventKind::verified); }
  /// The ledger was read back at the end; it may have been found empty.
  bool ledger_read_back() const { return has(EventKind::stands) || audit_read_back(); }
  /// Acts of the kernel were seen when they happened, not only at the end.
  bool sees_kernel() const { return has(EventKind::row) || has(EventKind::effect); }
  bool sees_keeper() const { return has(EventKind::issued) || has(EventKind::spent); }
  /// Whether clients' words carry these digests anywhere: a person at a terminal sees fewer.
  bool sees_command_digests() const { return command_digests_; }
  bool sees_explanation_digests() const { return explanation_digests_; }
  bool sees_tokens() const { return tokens_; }
  /// People's questions "do you confirm?" were seen.
  bool sees_questions() const { return questions_; }

 private:
  RequestEvents& request(std::string_view text);
  Log& log(std::string_view lane);

  const History& history_;
  std::array<Events, EnumNames<EventKind>::value.size()> by_kind_;
  std::vector<RequestEvents> requests_;
  std::unordered_map<std::string_view, std::size_t> places_;  // only looked up
  std::vector<Log> logs_;
  bool command_digests_ = false;
  bool explanation_digests_ = false;
  bool tokens_ = false;
  bool questions_ = false;
};

/// One execution of a request and the row that tells whose it is (nullptr: none).
struct Execution {
  const Event* effect = nullptr;
  const Event* row = nullptr;  ///< of the effect's own transaction
};

/// Every execution of the request, in order. Where the kernel was only read back at the end, what
/// stands there as executed takes the place of both.
std::vector<Execution> executions(const Index& index, const RequestEvents& request);

/// What is claimed about a request for ever: executed, rejected, not_executed.
bool is_end(std::string_view verdict);

/// `event` earlier than `limit`, by `principal`, with this `what`.
bool is_word_of(const Event& event, std::string_view what, std::string_view principal,
                const Event& limit);

}  // namespace aeromq::chaos
