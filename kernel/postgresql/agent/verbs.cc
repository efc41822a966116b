#include "kernel/postgresql/agent/verbs.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "kernel/packet_socket.h"
#include "kernel/postgresql/agent/server.h"
#include "messages/text.h"
#include "process/clock.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"

namespace aeromq::postgresql {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitNotExecuted = 10;
constexpr int kExitRejected = 20;
constexpr int kExitUnknown = 30;
constexpr std::uint64_t kQuestionMs = 10'000;

int complain(const Error& error, int code) {
  fmt::print(stderr, "aeromq-pg-agent: {}: {}\n", error.code, error.message);
  return code;
}

/// Error ANSWER_LOST: it may or may not have been done. Any other: it was not.
Result<OrderAnswer> ask_agent(const AgentSettings& settings, const Order& order,
                              std::uint64_t deadline_ms) {
  auto socket = kernel::PacketSocket::connect(local_socket_path(settings.journal));
  if (!socket)
    return fail(
        kernel_rejection("NO_AGENT", "no agent serves here: " + detail_of(socket.error()), {}));
  const auto lost = [] {
    auto error = make_error(ErrorCode::answer_lost);
    error.message = "the agent on this host did not answer; the order may still be carried out";
    return fail(std::move(error));
  };
  if (socket->send(encode(order)) != kernel::PacketSocket::Sending::sent) return lost();
  const auto deadline = after_ms(process::now(), deadline_ms);
  for (;;) {
    if (const auto packet = socket->receive()) return decode<OrderAnswer>(*packet);
    const auto now = process::now();
    if (socket->broken() || now.boot_ns >= deadline.boot_ns) return lost();
    pollfd item{socket->fd(), POLLIN, 0};
    ::poll(&item, 1, static_cast<int>((deadline.boot_ns - now.boot_ns) / kNanosPerMs) + 1);
  }
}

/// A dead agent's journal, under its lock.
template <class Read>
int with_dead_journal(const AgentSettings& settings, Journal::Mode mode, Read read) {
  const auto lock = process::LockFile::take(journal_lock_path(settings.journal));
  if (!lock) return complain(lock.error(), kExitUnknown);
  auto journal = Journal::open(settings.journal, settings.node, mode);
  if (!journal) return complain(journal.error(), kExitUnknown);
  return read(*journal);
}

// Whoever is about to start one counts as running for the others, and is not.
std::string server_words(const AgentStatus& status) {
  if (!status.running) return "down";
  return status.pid == 0 ? "not up yet, its agent asks the others whether it may start it"
                         : "running, pid " + std::to_string(status.pid);
}

void print(const AgentStatus& status, bool json, bool alive) {
  if (json) {
    Json made{{"node", status.node},
              {"agent_running", alive},
              {"running", status.running},
              {"pid", status.pid},
              {"durable_role", text_of(status.durable_role)},
              {"promote_signal", status.promote_signal},
              {"system_identifier", std::to_string(status.system_identifier)},
              {"control_state", status.control_state},
              {"checkpoint", position_text(status.checkpoint)},
              {"checkpoint_timeline", status.checkpoint_timeline},
              {"minimum_recovery_end", position_text(status.minimum_recovery_end)},
              {"manager", status.manager},
              {"not_started", status.not_started},
              {"not_started_ms", status.not_started_ms},
              {"way_on", status.way_on},
              {"log_end", status.log_end},
              {"foreign_start", status.foreign_start},
              {"promised", status.promised},
              {"history", status.bound ? to_hex(status.history.octets) : ""},
              {"open_claim", status.open_claim.empty() ? "" : status.open_claim[0].text()},
              {"open_action", status.open_action},
              {"phase", status.phase},
              {"open_ms", status.open_ms}};
    fmt::print("{}\n", made.dump(2));
    return;
  }
  fmt::print("node {}  agent {}  server {}  role on disk {}{}\n", status.node,
             alive ? "running" : "not running, read from its files", server_words(status),
             status.durable_role == NodeRole::replica ? "standby" : text_of(status.durable_role),
             status.promote_signal ? "  a promote signal waits" : "");
  fmt::print("control file: {}, checkpoint {} on timeline {}\n", status.control_state,
             position_text(status.checkpoint), status.checkpoint_timeline);
  fmt::print("bound to history {}  promised term {}\n",
             status.bound ? to_hex(status.history.octets) : "none", status.promised);
  if (!status.open_claim.empty())
    fmt::print("open claim {}: {}, {} for {} ms\n", status.open_claim[0].text(), status.open_action,
               status.phase, status.open_ms);
  if (!status.not_started.empty())
    fmt::print("not started: {}, for {} s\n", status.not_started, status.not_started_ms / 1000);
  if (!status.way_on.empty()) fmt::print("to start it: {}\n", status.way_on);
  if (!status.log_end.empty()) fmt::print("its log: {}\n", status.log_end);
  if (!status.foreign_start.empty()) fmt::print("{}\n", status.foreign_start);
  if (!status.manager.empty()) fmt::print("another manager: {}\n", status.manager);
}

int exit_code_of(const AgentClaim& claim) {
  switch (claim.state) {
    case ClaimState::executed:
      return process::kExitOk;
    case ClaimState::rejected:
      return kExitRejected;
    default:
      return kExitUnknown;
  }
}

int print(const AgentClaim& claim, bool json) {
  if (json) {
    Json made{{"request_id", claim.request.text()},
              {"claim", text_of(claim.state)},
              {"promised", claim.promised},
              {"term", claim.term},
              {"node", claim.node},
              {"action", claim.action},
              {"principal", claim.principal},
              {"phase", claim.phase},
              {"code", claim.code},
              {"text", claim.text},
              {"invariants", claim.invariants},
              {"timeline", claim.timeline},
              {"shutdown_checkpoint", position_text(claim.shutdown_checkpoint)},
              {"effects", Json::array()}};
    for (const auto& effect : claim.effects)
      made["effects"].push_back(
          {{"name", effect.name}, {"before", effect.before}, {"after", effect.after}});
    fmt::print("{}\n", made.dump(2));
  } else if (claim.state == ClaimState::none) {
    fmt::print("{}: no claim here; promised term {}\n", claim.request.text(), claim.promised);
  } else {
    fmt::print("{}: {} ({} {}, term {}) {} {}\n", claim.request.text(), text_of(claim.state),
               claim.action, claim.node, claim.term, claim.code, claim.text);
  }
  return exit_code_of(claim);
}

int print(const AgentSettings& settings, const Result<OrderAnswer>& told) {
  if (!told)
    return complain(told.error(),
                    told.error().outcome == Outcome::unknown ? kExitUnknown : kExitNotExecuted);
  if (!told->refused.empty())
    return complain(told->refused[0],
                    told->refused[0].outcome == Outcome::unknown ? kExitUnknown : kExitNotExecuted);
  fmt::print("{}: {}\n", settings.node, told->done);
  return process::kExitOk;
}

std::string words(const BindingEntry& entry) {
  return fmt::format("binding  history {}{}", to_hex(entry.history.octets),
                     entry.by_person ? fmt::format(" by uid {}: {}", entry.uid, entry.reason) : "");
}
std::string words(const PromiseEntry& entry) { return fmt::format("promise  term {}", entry.term); }
std::string words(const ClaimEntry& entry) {
  return fmt::format("claim    {} {} {} term {} by {}: {}", entry.request.text(),
                     text_of(entry.action), entry.node, entry.term, entry.principal, entry.reason);
}
std::string words(const StepEntry& entry) {
  return fmt::format("step     {} {}{}", entry.request.text(), text_of(entry.name),
                     entry.value == 0 ? "" : " " + position_text(entry.value));
}
std::string words(const ResultEntry& entry) {
  return fmt::format("result   {} {} {} {}", entry.request.text(),
                     entry.executed ? "executed" : "rejected", entry.code, entry.text);
}
std::string words(const NoteEntry& entry) {
  return fmt::format("note     {} by uid {}: {}{}", entry.what, entry.uid, entry.reason,
                     entry.against.empty() ? "" : ", although " + entry.against);
}

}  // namespace

int show_status(const AgentSettings& settings, bool json) {
  const auto told = ask_agent(settings, {}, kQuestionMs);
  if (told && told->status.size() == 1) {
    print(told->status[0], json, true);
    return process::kExitOk;
  }
  return with_dead_journal(settings, Journal::Mode::read_only, [&](const Journal& journal) {
    const Instance instance(settings);
    print(status_of(settings, instance, journal, nullptr), json, false);
    return process::kExitOk;
  });
}

int tell_outcome(const AgentSettings& settings, const std::string& request, bool json) {
  const auto id = RequestId::parse(request);
  if (!id) return complain(id.error(), process::kExitUsage);
  Order order;
  order.kind = OrderKind::outcome;
  order.request = *id;
  const auto told = ask_agent(settings, order, kQuestionMs);
  if (told && told->claim.size() == 1) return print(told->claim[0], json);
  return with_dead_journal(settings, Journal::Mode::read_only, [&](const Journal& journal) {
    return print(journal.word_on(*id, process::now().boot_ns / kNanosPerMs), json);
  });
}

// Whoever sits at a terminal is asked for the sentence; a program must have been given it.
int order_start(const AgentSettings& settings, const std::string& reason,
                const std::string& accepted) {
  Order order;
  order.kind = OrderKind::start;
  order.reason = reason;
  order.accepted = accepted;
  const auto deadline_ms = settings.start_deadline_ms + 3 * kQuestionMs;
  auto told = ask_agent(settings, order, deadline_ms);
  if (told && !told->sentence.empty()) {
    const auto& sentence = told->sentence;
    complain(told->refused.at(0), kExitNotExecuted);
    if (accepted.empty() && ::isatty(STDIN_FILENO) != 0) {
      fmt::print(stderr, "To start it all the same, type: {}\n", sentence);
      std::getline(std::cin, order.accepted);
      if (order.accepted == sentence)
        return print(settings, ask_agent(settings, order, deadline_ms));
    } else {
      fmt::print(stderr,
                 "To start it all the same: aeromq-pg-agent start --reason TEXT --i-accept "
                 "\"{}\"\n",
                 sentence);
    }
    return kExitNotExecuted;
  }
  return print(settings, told);
}

int order_stop(const AgentSettings& settings, const std::string& reason) {
  return print(settings, ask_agent(settings, {OrderKind::stop, {}, {}, reason, {}},
                                   settings.stop_deadline_ms + 2 * kQuestionMs));
}

int begin_journal(const AgentSettings& settings, const std::string& reason) {
  if (is_blank(reason) || reason.size() > 1000 || has_control_characters(reason))
    return complain(
        make_error(ErrorCode::invalid_input,
                   "a reason is 1 to 1000 octets of UTF-8 without control characters", "reason"),
        process::kExitUsage);
  const auto lock = process::LockFile::take(journal_lock_path(settings.journal));
  if (!lock) return complain(lock.error(), kExitUnknown);
  auto journal = Journal::begin(settings.journal, settings.node);
  if (!journal) return complain(journal.error(), process::kExitUsage);
  // What held its server is not known any more: a person starts it.
  journal->note({"stop", ::getuid(), "a new journal was begun: " + reason.substr(0, 960), {}});
  fmt::print("{}: a new journal {}; what the one before claimed or promised is not known here\n",
             settings.node, journal->name());
  return process::kExitOk;
}

int bind_history(const AgentSettings& settings, const std::string& history,
                 const std::string& reason) {
  HistoryId id;
  const auto wrong = [] {
    return complain(make_error(ErrorCode::invalid_input, "a history is 8 hexadecimal digits"),
                    process::kExitUsage);
  };
  if (history.size() != 2 * HistoryId::kSize) return wrong();
  for (std::size_t i = 0; i < HistoryId::kSize; ++i) {
    const auto* begin = history.data() + 2 * i;
    const auto [at, error] = std::from_chars(begin, begin + 2, id.octets[i], 16);
    if (error != std::errc{} || at != begin + 2) return wrong();
  }
  if (id.empty()) return wrong();
  if (!decode<BindingEntry>(encode(BindingEntry{id, true, 0, reason})) || is_blank(reason) ||
      has_control_characters(reason))
    return complain(
        make_error(ErrorCode::invalid_input,
                   "a reason is 1 to 1000 octets of UTF-8 without control characters", "reason"),
        process::kExitUsage);
  if (::access(local_socket_path(settings.journal).c_str(), F_OK) == 0) {
    const auto told = ask_agent(settings, {OrderKind::bind, {}, id, reason, {}}, kQuestionMs);
    if (told) {
      fmt::print("{}: {}\n", settings.node, told->done);
      return process::kExitOk;
    }
    if (told.error().outcome == Outcome::unknown) return complain(told.error(), kExitUnknown);
  }
  return with_dead_journal(settings, Journal::Mode::read_write, [&](Journal& journal) {
    journal.bind(id, ::getuid(), reason);
    fmt::print("{}: bound to the history {}\n", settings.node, history);
    return process::kExitOk;
  });
}

// Read beside the running agent, too: entries are only ever added.
int list_journal(const AgentSettings& settings, bool json) {
  const auto journal = Journal::open(settings.journal, settings.node, Journal::Mode::read_only);
  if (!journal) return complain(journal.error(), kExitUnknown);
  auto list = Json::array();
  for (const auto& entry : journal->entries()) {
    const auto text = std::visit([](const auto& body) { return words(body); }, entry.body);
    if (json)
      list.push_back({{"number", entry.number}, {"wall_ms", entry.wall_ms}, {"entry", text}});
    else
      fmt::print("{:>5}  {}  {}\n", entry.number, entry.wall_ms, text);
  }
  if (json) fmt::print("{}\n", list.dump(2));
  return process::kExitOk;
}

}  // namespace aeromq::postgresql
