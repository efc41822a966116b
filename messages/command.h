// The closed set of ten commands (requirements A1-A11): one command = exactly one kernel action.
#pragma once
#include <optional>
#include <span>

#include "messages/codec.h"
#include "messages/routes.h"

namespace aeromq {

enum class Authority : std::uint8_t { none, observer, operator_, auditor };
template <>
struct EnumNames<Authority> {
  static constexpr std::array<std::string_view, 4> value{"none", "observer", "operator", "auditor"};
};

enum class ConfirmationKind : std::uint8_t { never, standard, enhanced };
template <>
struct EnumNames<ConfirmationKind> {
  static constexpr std::array<std::string_view, 3> value{"never", "standard", "enhanced"};
};

enum class CommandName : std::uint8_t {
  inspect_cluster_state,
  inspect_node,
  inspect_replication_status,
  inspect_promotion_state,
  run_diagnostics,
  inspect_wal,
  inspect_snapshots,
  request_promotion,
  request_demotion,
  force_promotion,
};
template <>
struct EnumNames<CommandName> {
  static constexpr std::array<std::string_view, 10> value{
      "inspect_cluster_state",   "inspect_node",      "inspect_replication_status",
      "inspect_promotion_state", "run_diagnostics",   "inspect_wal",
      "inspect_snapshots",       "request_promotion", "request_demotion",
      "force_promotion"};
};

struct CommandRow {
  CommandName name;
  ConfirmationKind confirmation;
  bool operator_only;  ///< else observer, operator and auditor may
  bool takes_node;
  bool takes_reason;
  bool takes_about;      ///< a request id, optional
  bool takes_successor;  ///< a node that is to follow, optional

  /// Promotion, demotion, forced promotion: what the kernel's ledger knows. The class bit.
  constexpr bool kernel_action() const { return takes_reason; }
};

/// The table, in the order of CommandName.
std::span<const CommandRow> command_table();
const CommandRow& command_row(CommandName name);
std::optional<CommandName> find_command(std::string_view text);

/// A command as the client sends it; nothing in it is believed before the gate has checked it.
/// What a command does not take must be empty.
struct Submit {
  static constexpr auto kType = MessageType::submit;
  std::string command;  ///< one of the ten names
  std::string node;
  std::string reason;     ///< why, in the operator's words; recorded, not part of the explanation
  std::string about;      ///< inspect_promotion_state: the request id in question, as text
  std::string successor;  ///< request_demotion: the node that is to be promoted next, optional
  static constexpr auto fields() {
    return std::tuple{Field{"command", &Submit::command, 64}, Field{"node", &Submit::node, 64},
                      Field{"reason", &Submit::reason, 1000}, Field{"about", &Submit::about, 64},
                      Field{"successor", &Submit::successor, 64, 2}};
  }
  friend bool operator==(const Submit&, const Submit&) = default;
};

/// A command that passed the structure check.
struct Command {
  CommandName name = CommandName::inspect_cluster_state;
  std::string node;
  std::string reason;
  RequestId about;
  std::string successor;
  const CommandRow& row() const { return command_row(name); }
};

/// The structure check of a submit: known command, exactly its arguments, no control characters,
/// the id's class bit. Errors: UNKNOWN_COMMAND, or INVALID_INPUT with the field (F8.1, H4).
Result<Command> check_structure(const Submit& submit, const RequestId& request);

/// decode + check_structure, for stages that got the body from an earlier stage.
Result<Command> read_command(ByteView body, const RequestId& request);

/// May this authority ask for this command? (B1; the table of A1-A10)
bool may_submit(Authority authority, const CommandRow& row);

}  // namespace aeromq
