#include "kernel/verbs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "kernel/embedded.h"
#include "kernel/embedded_link.h"
#include "kernel/gone.h"
#include "kernel/node.h"
#include "kernel/postgresql/service/alarms.h"
#include "kernel/postgresql/service/grants.h"
#include "kernel/postgresql/service/member_changes.h"
#include "kernel/postgresql/settings.h"
#include "kernel/server.h"
#include "messages/text.h"
#include "process/clock.h"
#include "process/entropy.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/newest_fact_file.h"

namespace aeromq::kernel {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitReplica = 10;
constexpr int kExitNotExecuted = 10;
constexpr int kExitRejected = 20;
constexpr int kExitUnknown = 30;

/// Octets in decimal, or as position_text() writes them.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  const auto number = [](std::string_view digits, int base) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value, base);
    if (digits.empty() || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return value;
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return number(text, 10);
  const auto high = number(text.substr(0, slash), 16);
  const auto low = number(text.substr(slash + 1), 16);
  constexpr std::uint64_t kMost = 0xFFFFFFFFU;
  if (!high || !low || *high > kMost || *low > kMost) return std::nullopt;
  return *high << 32 | *low;
}

int complain(const Error& error, int code) {
  fmt::print(stderr, "aeromq-kernel: {}: {}\n", error.code, error.message);
  return code;
}

bool is_postgresql(const process::Settings& settings) {
  return settings.kernel.kind == "postgresql";
}
const RegisterKind& kind_of(const process::Settings& settings) {
  return is_postgresql(settings) ? postgresql::kPostgresqlRegister : kEmbeddedRegister;
}

/// The running kernel is asked; a dead one's file is read under its lifetime lock, which the
/// answer outlives only in that no kernel ran while it was made.
template <class FromLink, class FromFile>
auto ask_or_read(const process::Settings& settings, FromLink from_link, FromFile from_file)
    -> decltype(from_file(std::declval<const Store&>())) {
  if (auto link = EmbeddedLink::look(settings.kernel.socket)) return from_link(*link);
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock)
    return fail(make_error(ErrorCode::kernel_unavailable,
                           "it neither answers nor is it dead: " + lock.error().message));
  const auto store =
      Store::open(settings.kernel.register_file, Store::Mode::read_only, kind_of(settings));
  if (!store) return fail(store.error());
  return from_file(*store);
}

void say_bind(const process::Settings& settings, HistoryId history) {
  if (is_postgresql(settings))
    fmt::print(
        "the agents are bound to the old one and refuse every act until a person has run\n"
        "`aeromq-pg-agent bind {} --reason TEXT` on each of their hosts\n",
        to_hex(history.octets));
}

Json json_of(const NodeFacts& node) {
  return {{"node", node.node},
          {"host", node.host},
          {"assigned", text_of(node.assigned)},
          {"reported", text_of(node.reported)},
          {"state", node.state},
          {"stale", node.stale},
          {"report_age_ms", node.report_age_ms},
          {"fencing_epoch", node.fencing_epoch},
          {"timeline", node.timeline},
          {"position", position_text(node.position)},
          {"lag", node.lag}};
}

/// What `show` shows.
struct Shown {
  KernelSnapshot snapshot;
  bool running = false;
  Table member_changes;  ///< PostgreSQL only
};

void print_json(const Shown& shown) {
  const auto& snapshot = shown.snapshot;
  Json json{{"running", shown.running},
            {"cluster", snapshot.cluster},
            {"history", to_hex(snapshot.history.octets)},
            {"snapshot", snapshot.snapshot},
            {"kernel_ms", snapshot.kernel_ms},
            {"wall_ms", snapshot.wall_ms},
            {"holder", snapshot.holder},
            {"fencing_epoch", snapshot.fencing_epoch},
            {"last_primary", snapshot.last_primary},
            {"timeline", snapshot.timeline},
            {"acknowledged", position_text(snapshot.acknowledged)},
            {"nodes", Json::array()}};
  for (const auto& node : snapshot.nodes) json["nodes"].push_back(json_of(node));
  for (const auto& row : shown.member_changes.rows) {
    Json change;
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      change[shown.member_changes.columns.at(i).name] = row.cells[i];
    json["member_changes"].push_back(std::move(change));
  }
  fmt::print("{}\n", json.dump(2));
}

void print_text(const Shown& shown) {
  const auto& snapshot = shown.snapshot;
  fmt::print("cluster {}  history {}  snapshot {}  {}\n", snapshot.cluster,
             to_hex(snapshot.history.octets), snapshot.snapshot,
             shown.running ? "kernel running" : "kernel dead, read from its file: no reports");
  fmt::print("holder {}  fencing epoch {}  last primary {}  timeline {}  acknowledged {}\n",
             snapshot.holder.empty() ? "none" : snapshot.holder, snapshot.fencing_epoch,
             snapshot.last_primary, snapshot.timeline, position_text(snapshot.acknowledged));
  fmt::print("{:<16} {:<9} {:<9} {:<12} {:>3} {:>12} {:>8} {:>8}\n", "node", "assigned", "reported",
             "state", "tl", "position", "lag", "age ms");
  for (const auto& node : snapshot.nodes)
    fmt::print("{:<16} {:<9} {:<9} {:<12} {:>3} {:>12} {:>8} {:>8}{}\n", node.node,
               text_of(node.assigned), text_of(node.reported), node.state, node.timeline,
               position_text(node.position), node.lag, node.report_age_ms,
               node.stale ? "  stale" : "");
  for (const auto& row : shown.member_changes.rows)
    fmt::print("members: {}\n", fmt::join(row.cells, "  "));
}

int exit_code_of(const OutcomeAnswer& answer) {
  switch (answer.verdict) {
    case Verdict::executed:
      return process::kExitOk;
    case Verdict::rejected:
      return kExitRejected;
    case Verdict::not_executed:
      return kExitNotExecuted;
    default:
      return kExitUnknown;
  }
}

void print_json(const OutcomeAnswer& answer) {
  Json json{{"request_id", answer.request.text()},
            {"outcome", text_of(answer.verdict)},
            {"final", answer.final_},
            {"why", answer.why},
            {"kernel_ms", answer.kernel_ms},
            {"until_kernel_ms", answer.until_kernel_ms},
            {"code", answer.code},
            {"text", answer.text},
            {"invariants", answer.invariants},
            {"action", answer.action},
            {"node", answer.node},
            {"principal", answer.principal},
            {"command_digest", answer.command_digest},
            {"effects", Json::array()}};
  for (const auto& effect : answer.effects)
    json["effects"].push_back(
        {{"name", effect.name}, {"before", effect.before}, {"after", effect.after}});
  fmt::print("{}\n", json.dump(2));
}

void print_text(const OutcomeAnswer& answer) {
  fmt::print("{}: {}{}\n{}\n", answer.request.text(), text_of(answer.verdict),
             answer.verdict == Verdict::not_executed ? " (final)" : "", answer.why);
  if (answer.verdict == Verdict::not_yet_decided)
    fmt::print("decided at the latest in {} ms\n", answer.until_kernel_ms > answer.kernel_ms
                                                       ? answer.until_kernel_ms - answer.kernel_ms
                                                       : 0);
  if (!answer.code.empty()) fmt::print("{}: {}\n", answer.code, answer.text);
  if (!answer.action.empty())
    fmt::print("{} {} by {}\n", answer.action, answer.node, answer.principal);
  for (const auto& effect : answer.effects)
    fmt::print("{}: {} -> {}\n", effect.name, effect.before, effect.after);
}

}  // namespace

int show(const process::Settings& settings, Output output) {
  const auto shown = ask_or_read(
      settings,
      [&](EmbeddedLink& link) -> Result<Shown> {
        KernelCall call;
        // The register's own lines are in the longer look.
        if (is_postgresql(settings)) call.kind = CallKind::diagnostics;
        const auto answer = link.ask(call);
        if (!answer) return fail(answer.error());
        Shown told{answer->snapshot, true, {}};
        for (const auto& table : answer->tables)
          if (table.name == "member_changes") told.member_changes = table;
        return told;
      },
      [&](const Store& store) -> Result<Shown> {
        const auto now = process::now();
        const auto changes = postgresql::MemberChanges(store.database()).all();
        return Shown{snapshot_of(store.load(), store.snapshot_limit(), kernel_ms(now),
                                 now.wall_ns / kNanosPerMs),
                     false, postgresql::member_changes_table(changes)};
      });
  if (!shown) return complain(shown.error(), kExitUnknown);
  output == Output::json ? print_json(*shown) : print_text(*shown);
  return process::kExitOk;
}

int tell_outcome(const process::Settings& settings, const std::string& request, Output output) {
  const auto id = RequestId::parse(request);
  if (!id) return complain(id.error(), process::kExitUsage);
  const auto outcome = ask_or_read(
      settings,
      [&](EmbeddedLink& link) -> Result<OutcomeAnswer> {
        KernelCall call;
        call.kind = CallKind::outcome;
        call.about = *id;
        const auto answer = link.ask(call);
        if (!answer) return fail(answer.error());
        if (answer->outcome.size() != 1)
          return fail(make_error(ErrorCode::malformed, "the kernel's answer"));
        return answer->outcome.front();
      },
      [&](const Store& store) -> Result<OutcomeAnswer> {
        const auto now = process::now();
        return is_postgresql(settings) ? postgresql::outcome_of_dead(store, *id, now)
                                       : outcome_of_dead(store, *id, now);
      });
  if (!outcome) return complain(outcome.error(), kExitUnknown);
  output == Output::json ? print_json(*outcome) : print_text(*outcome);
  return exit_code_of(*outcome);
}

int order_fence(const process::Settings& settings, std::uint64_t dispatcher,
                const std::string& reason) {
  auto link = EmbeddedLink::look(settings.kernel.socket);
  if (!link) return complain(link.error(), kExitUnknown);
  const auto fenced = link->fence({dispatcher, reason});
  if (!fenced) return complain(fenced.error(), aeromq::exit_code(fenced.error()));
  fmt::print("dispatcher {} is fenced: epochs below {} are over\n", fenced->dispatcher,
             fenced->epoch);
  return process::kExitOk;
}

int lower_acknowledged(const process::Settings& settings, const std::string& to,
                       const std::string& reason) {
  const auto position = parse_position(to);
  if (!position)
    return complain(
        make_error(ErrorCode::invalid_input,
                   "'" + to + "' is no position: decimal octets, or as `show` prints it", "to"),
        process::kExitUsage);
  auto link = EmbeddedLink::look(settings.kernel.socket);
  if (!link) return complain(link.error(), kExitUnknown);
  const auto lowered = link->lower({*position, reason});
  if (!lowered) return complain(lowered.error(), aeromq::exit_code(lowered.error()));
  fmt::print("acknowledged is {}; reports of {} had raised it to {}\n",
             position_text(lowered->after), lowered->node, position_text(lowered->before));
  return process::kExitOk;
}

int begin_register(const process::Settings& settings, const std::string& reason,
                   const std::string& holder, std::uint64_t least_fencing_epoch) {
  const auto bad = [](std::string what, const char* field) {
    return complain(make_error(ErrorCode::invalid_input, std::move(what), field),
                    process::kExitUsage);
  };
  const auto& file = settings.kernel.register_file;
  if (is_blank(reason) || has_control_characters(reason))
    return bad("a reason is needed, without control characters", "reason");
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return complain(lock.error(), process::kExitFault);
  if (Store::exists(file))
    return bad(file + " is there: renew-history gives it a new history", "register");
  auto nodes = settings.cluster.nodes;
  if (is_postgresql(settings)) {
    const auto cluster = postgresql::read_cluster_settings(settings.kernel.cluster);
    if (!cluster) return complain(cluster.error(), process::kExitUsage);
    nodes.clear();
    for (const auto& node : cluster->nodes) nodes.push_back(node.name);
    if (!holder.empty()) return bad("PostgreSQL itself tells who is primary", "holder");
  } else if (std::ranges::find(nodes, holder) == nodes.end()) {
    return bad("--holder names the node that has write authority: one of the settings' nodes",
               "holder");
  }
  const auto fact = process::read_newest_fact(settings.audit.dir);
  auto first = first_register(kind_of(settings), settings.cluster.name, nodes);
  if (!holder.empty()) first.holder = first.last_primary = holder;
  // Services refuse a fencing epoch that is lower than one that they saw.
  const auto seen = fact && *fact ? **fact : NewestFact{};
  first.fencing_epoch =
      std::max({first.fencing_epoch, least_fencing_epoch, seen.fencing_epoch + 1});
  first.timeline = std::max(first.timeline, seen.timeline);
  auto store = Store::create(file, first, kind_of(settings));
  if (!store) return complain(store.error(), process::kExitFault);
  store->write_beginning(reason, ::geteuid(), wall_ms(process::now()));
  if (!leave_mark(file)) return complain(unmarked(file), process::kExitFault);
  process::log_warning("register_begun",
                       {{"history", to_hex(first.history.octets)}, {"reason", reason}});
  fmt::print("a new register with the history {} at fencing epoch {}\n",
             to_hex(first.history.octets), first.fencing_epoch);
  say_bind(settings, first.history);
  return process::kExitOk;
}

int renew_history(const process::Settings& settings, std::uint64_t least_fencing_epoch) {
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return complain(lock.error(), process::kExitFault);
  auto store =
      Store::open(settings.kernel.register_file, Store::Mode::read_write, kind_of(settings));
  if (!store) return complain(store.error(), process::kExitFault);
  const auto history = process::fresh<HistoryId>();
  store->renew_history(history, least_fencing_epoch);
  fmt::print("the register has the new history {}\n", to_hex(history.octets));
  say_bind(settings, history);
  return process::kExitOk;
}

int forget_journal(const process::Settings& settings, const std::string& node,
                   const std::string& reason) {
  const auto bad = [](std::string what, const char* field) {
    return complain(make_error(ErrorCode::invalid_input, std::move(what), field),
                    process::kExitUsage);
  };
  if (!is_postgresql(settings)) return bad("only a PostgreSQL cluster has agents", "kind");
  if (is_blank(reason) || has_control_characters(reason))
    return bad("a reason is needed, without control characters", "reason");
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return complain(lock.error(), process::kExitFault);
  auto store =
      Store::open(settings.kernel.register_file, Store::Mode::read_write, kind_of(settings));
  if (!store) return complain(store.error(), process::kExitFault);
  postgresql::Journals journals(store->database());
  const auto known = journals.of(node);
  if (known.empty()) return bad("no journal of " + node + " is known", "node");
  postgresql::Grants grants(store->database());
  const auto open = grants.open();
  store->begin();
  if (open && open->act.node == node) grants.set_aside(open->act.request);
  journals.forget(node, ::geteuid(), reason, wall_ms(process::now()));
  store->commit();
  fmt::print("the journal {} of {} is forgotten: the next that its agent shows is the one\n", known,
             node);
  for (const auto& grant : grants.unsettled())
    if (grant.act.node == node)
      fmt::print("what became of {} stays unknown: only that journal could tell\n",
                 grant.act.request.text());
  return process::kExitOk;
}

int clear_alarm(const process::Settings& settings, std::uint64_t number,
                const std::string& reason) {
  const auto bad = [](std::string what, const char* field) {
    return complain(make_error(ErrorCode::invalid_input, std::move(what), field),
                    process::kExitUsage);
  };
  if (!is_postgresql(settings)) return bad("only a PostgreSQL cluster has alarms", "kind");
  if (is_blank(reason) || reason.size() > 1000 || has_control_characters(reason))
    return bad("a reason is 1 to 1000 octets without control characters", "reason");
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return complain(lock.error(), process::kExitFault);
  auto store =
      Store::open(settings.kernel.register_file, Store::Mode::read_write, kind_of(settings));
  if (!store) return complain(store.error(), process::kExitFault);
  postgresql::Alarms alarms(store->database());
  store->begin();
  const bool cleared = alarms.clear(number, ::geteuid(), reason, wall_ms(process::now()));
  store->commit();
  if (!cleared) return bad("no alarm " + std::to_string(number) + " stands", "number");
  fmt::print("alarm {} is cleared\n", number);
  for (const auto& alarm : alarms.standing())
    fmt::print("{}\n", postgresql::finding_of(alarm).text);
  return process::kExitOk;
}

int send_report(const std::string& node_file, NodeReport report) {
  const auto settings = process::read_node_settings(node_file);
  if (!settings) return complain(settings.error(), process::kExitUsage);
  auto link = NodeLink::connect(*settings);
  if (!link) return complain(link.error(), kExitUnknown);
  if (report.fencing_epoch == 0) {
    const auto told = link->role();
    if (!told) return complain(told.error(), kExitUnknown);
    report.fencing_epoch = told->fencing_epoch;
  }
  const auto told = link->report(report);
  if (!told) return complain(told.error(), aeromq::exit_code(told.error()));
  fmt::print("{} {}\n", text_of(told->role), told->fencing_epoch);
  return process::kExitOk;
}

int ask_role(const std::string& node_file) {
  const auto settings = process::read_node_settings(node_file);
  if (!settings) return complain(settings.error(), process::kExitUsage);
  auto link = NodeLink::connect(*settings);
  if (!link) return complain(link.error(), kExitUnknown);
  const auto told = link->role();
  if (!told) return complain(told.error(), kExitUnknown);
  fmt::print("{} {}\n", text_of(told->role), told->fencing_epoch);
  if (told->role == NodeRole::primary) return process::kExitOk;
  return told->role == NodeRole::replica ? kExitReplica : kExitUnknown;
}

}  // namespace aeromq::kernel
