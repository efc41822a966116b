#include "messages/command.h"

#include "messages/kernel.h"
#include "messages/text.h"

namespace aeromq {
namespace {

using enum CommandName;
using enum ConfirmationKind;

// name, confirmation, operator only, node, reason, about, successor
constexpr std::array kCommands{
    CommandRow{inspect_cluster_state, never, false, false, false, false, false},
    CommandRow{inspect_node, never, false, true, false, false, false},
    CommandRow{inspect_replication_status, never, false, false, false, false, false},
    CommandRow{inspect_promotion_state, never, false, false, false, true, false},
    CommandRow{run_diagnostics, standard, true, false, false, false, false},
    CommandRow{inspect_wal, never, false, false, false, false, false},
    CommandRow{inspect_snapshots, never, false, false, false, false, false},
    CommandRow{request_promotion, standard, true, true, true, false, false},
    CommandRow{request_demotion, standard, true, true, true, false, true},
    CommandRow{force_promotion, enhanced, true, true, true, false, false},
};

Error bad(const char* field, std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what), field);
}

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::optional<Error> check_text(const char* field, bool taken, const std::string& value) {
  if (!taken && !value.empty()) return bad(field, "this command does not take it");
  if (taken && value.empty()) return bad(field, "this command needs it");
  if (has_control_characters(value)) return bad(field, "control characters are not allowed");
  return std::nullopt;
}

}  // namespace

std::span<const CommandRow> command_table() { return kCommands; }

const CommandRow& command_row(CommandName name) {
  return kCommands[static_cast<std::size_t>(name)];
}

std::optional<CommandName> find_command(std::string_view text) {
  for (const auto& row : kCommands)
    if (text_of(row.name) == text) return row.name;
  return std::nullopt;
}

Result<Command> check_structure(const Submit& submit, const RequestId& request) {
  const auto name = find_command(submit.command);
  if (!name) {
    return fail(make_error(ErrorCode::unknown_command,
                           has_control_characters(submit.command) ? "" : submit.command,
                           std::string("command")));
  }
  const auto& row = command_row(*name);
  if (auto error = check_text("node", row.takes_node, submit.node)) return fail(*error);
  if (!is_name(submit.node))
    return fail(bad("node", "a node name has only letters, digits, dots, - and _"));
  if (auto error = check_text("reason", row.takes_reason, submit.reason)) return fail(*error);
  if (row.takes_reason && is_blank(submit.reason))
    return fail(bad("reason", "it shows as nothing; this command needs one that can be read"));
  if (!row.takes_about && !submit.about.empty())
    return fail(bad("about", "this command does not take it"));
  if (!row.takes_successor && !submit.successor.empty())
    return fail(bad("successor", "this command does not take it"));
  if (!is_name(submit.successor))
    return fail(bad("successor", "a node name has only letters, digits, dots, - and _"));
  if (!submit.successor.empty() && submit.successor == submit.node)
    return fail(bad("successor", "it is the node that is to be demoted"));
  Command command{*name, submit.node, submit.reason, {}, submit.successor};
  if (!submit.about.empty()) {
    auto about = RequestId::parse(submit.about);
    if (!about) return fail(bad("about", "not a request id: " + about.error().message));
    command.about = *about;
  }
  if (request.kernel_action != row.kernel_action())
    return fail(bad("request_id", "its class bit does not fit the command"));
  return command;
}

Result<Command> read_command(ByteView body, const RequestId& request) {
  auto submit = decode<Submit>(body);
  if (!submit) return fail(submit.error());
  return check_structure(*submit, request);
}

Action action_of(CommandName name) {
  switch (name) {
    case request_demotion:
      return Action::demote;
    case force_promotion:
      return Action::force_promote;
    default:
      return Action::promote;
  }
}

bool may_submit(Authority authority, const CommandRow& row) {
  switch (authority) {
    case Authority::none:
      return false;
    case Authority::operator_:
      return true;
    case Authority::observer:
    case Authority::auditor:
      return !row.operator_only;
  }
  return false;
}

}  // namespace aeromq
