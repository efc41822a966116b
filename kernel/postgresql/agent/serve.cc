#include <unistd.h>

#include "kernel/postgresql/agent/server.h"
#include "kernel/postgresql/sight/sampler.h"
#include "process/clock.h"
#include "process/command_line.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/settings.h"

namespace aeromq::postgresql {
namespace {

// A person and an act may wait for what a look of the others may not: those have a second.
constexpr std::uint64_t kPatientMs = 5'000;
constexpr std::uint64_t kHurriedMs = 600;

}  // namespace

AgentStatus status_of(const AgentSettings& settings, const Instance& instance,
                      const Journal& journal, const Hand* hand) {
  AgentStatus status;
  status.protocol = kAgentProtocol;
  status.node = settings.node;
  status.members = members_digest(settings.cluster);
  const auto process = instance.process();
  status.running = process.running() || (hand != nullptr && hand->is_starting());
  status.pid =
      static_cast<std::uint64_t>(process.postmaster != 0 ? process.postmaster : process.orphan);
  status.durable_role = instance.standby_signal() ? NodeRole::replica : NodeRole::primary;
  status.promote_signal = instance.promote_signal();
  if (const auto control = instance.control_for_status()) {
    status.system_identifier = control->system_identifier;
    status.control_state = as_words(control->state, 64);
    status.checkpoint = control->checkpoint;
    status.checkpoint_timeline = control->checkpoint_timeline;
    status.minimum_recovery_end = control->minimum_recovery_end;
    instance.foresight().add_to(status, *control, hand == nullptr ? kPatientMs : kHurriedMs);
  } else {
    status.durable_role = NodeRole::none;
    status.not_started = as_words(control.error().message, 512);
  }
  status.manager = as_words(instance.manager(process), 128);
  status.protocol = kAgentProtocol;
  status.server = instance.local(process);
  status.server.executable = as_words(status.server.executable, 512);
  status.server.data_directory = as_words(status.server.data_directory, 1024);
  if (hand != nullptr && !hand->holds().empty()) status.not_started = hand->holds();
  // What held a server that runs by now is over, noted or not.
  if (status.running) {
    status.not_started.clear();
  } else if (hand != nullptr) {
    status.log_end = as_words(hand->log_end(), 1024);
    status.not_started_ms = hand->held_ms();
    status.way_on = hand->way_on();
  }
  if (const auto note = journal.last_note(); !note.against.empty())
    status.foreign_start =
        as_words("uid " + std::to_string(note.uid) + " started it as a primary (" + note.reason +
                     ") although " + note.against,
                 512);
  status.journal = journal.name();
  status.promised = journal.promised();
  if (const auto history = journal.bound()) {
    status.bound = true;
    status.history = *history;
  }
  if (const auto open = journal.open_claim()) {
    const auto boot_ms = process::now().boot_ns / kNanosPerMs;
    status.open_claim = {open->claim.request};
    status.open_action = text_of(open->claim.action);
    status.phase = hand == nullptr ? "" : hand->phase();
    status.open_ms = boot_ms > open->claim.boot_ms ? boot_ms - open->claim.boot_ms : 0;
  }
  return status;
}

int serve(const AgentSettings& settings) {
  process::StopSignal stop;
  const auto lock = process::LockFile::take(journal_lock_path(settings.journal));
  if (!lock) return process::fail_start(lock.error());
  auto journal = Journal::open(settings.journal, settings.node, Journal::Mode::read_write);
  if (!journal) return process::fail_start(journal.error());
  const auto keys = process::read_key_pair(settings.keys);
  if (!keys) return process::fail_start(keys.error());
  const Instance instance(settings);
  // The journal can be asked even when there is no server beside it.
  if (const auto control = instance.control(); !control)
    process::log_warning("no_server", {{"why", control.error().message}});
  auto curve = CurveSide::bind(settings);
  if (!curve) return process::fail_start(curve.error());
  auto local = kernel::PacketSocket::listen(local_socket_path(settings.journal), false);
  if (!local) return process::fail_start(local.error());
  Sampler sampler(settings.cluster, *keys);
  const auto rules = rules_of(settings.cluster);
  Hand hand(settings, instance, *journal,
            {[&] {
               LookOptions options;
               options.own = status_of(settings, instance, *journal, nullptr);
               return sampler.look(options);
             },
             [&](const ClusterSample& sample, const Intent& intent) {
               return checks(sample, intent, rules);
             }});
  const auto bound = journal->bound();
  process::log_info("serving", {{"node", settings.node},
                                {"history", bound ? to_hex(bound->octets) : "none"},
                                {"promised", journal->promised()}});
  AgentServer server(settings, instance, *journal, hand, std::move(*curve), std::move(*local),
                     stop);
  process::tell_ready();
  return server.run();
}

}  // namespace aeromq::postgresql
