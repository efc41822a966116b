#include "kernel/postgresql/service/serve.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "kernel/clients.h"
#include "kernel/gone.h"
#include "kernel/postgresql/service/cluster_sight.h"
#include "kernel/postgresql/service/kernel.h"
#include "kernel/postgresql/service/mailbox.h"
#include "kernel/postgresql/sight/sampler.h"
#include "kernel/wait_for_room.h"
#include "process/clock.h"
#include "process/command_line.h"
#include "process/exit_codes.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/ready.h"
#include "process/signals.h"

namespace aeromq::postgresql {
namespace {

constexpr int kTurnMs = 200;

/// Errands to threads, answers to the clients of the main thread.
class Threads final : public Outside {
 public:
  Threads(const ClusterSettings& cluster, const transport::KeyPair& own, kernel::Clients& clients)
      : clients_(clients),
        connect_(connect_with(cluster, own)),
        sampler_(std::make_shared<Sampler>(cluster, own)),
        mailbox_(std::make_shared<Mailbox>()) {}

  /// Once: an errand waits for it. One is sent by the start itself, for a grant that it finds open.
  void know(HistoryId history) { known_.set_value(history); }
  Mailbox& mailbox() { return *mailbox_; }

  void look(Depth depth) override {
    looking_.put([sampler = sampler_, mailbox = mailbox_, depth] {
      mailbox->put([sample = sampler->look({depth, {}})](PostgresqlKernel& kernel) {
        kernel.looked(sample, process::now());
      });
    });
  }
  void act(const AgentAct& act, const std::string& journal) override {
    acting_.put([connect = connect_, mailbox = mailbox_, history = history_, act, journal] {
      mailbox->put(
          [request = act.act.request, word = carry_out(connect, history.get(), act, journal)](
              PostgresqlKernel& kernel) { kernel.acted(request, word, process::now()); });
    });
  }
  void find_out(const Inquiry& inquiry) override {
    finding_.put([connect = connect_, mailbox = mailbox_, history = history_, inquiry] {
      mailbox->put(
          [request = inquiry.request, word = postgresql::find_out(connect, history.get(), inquiry)](
              PostgresqlKernel& kernel) { kernel.found_out(request, word, process::now()); });
    });
  }
  void ask(std::uint64_t question, const Inquiry& inquiry) override {
    asking_.put([connect = connect_, mailbox = mailbox_, question, inquiry] {
      mailbox->put([question, word = postgresql::find_out(connect, {}, inquiry)](
                       PostgresqlKernel& kernel) { kernel.asked(question, word, process::now()); });
    });
  }
  void answer(std::uint64_t connection, const KernelAnswer& answer, const Act& act) override {
    clients_.answer(connection, answer, act);
  }

 private:
  kernel::Clients& clients_;
  Connect connect_;
  std::shared_ptr<Sampler> sampler_;
  std::shared_ptr<Mailbox> mailbox_;
  std::promise<HistoryId> known_;
  std::shared_future<HistoryId> history_{known_.get_future().share()};
  Runner looking_{"look"};
  Runner acting_{"act"};
  Runner finding_{"find"};
  Runner asking_{"ask"};
};

int run(PostgresqlKernel& kernel, kernel::Clients& clients, Threads& threads,
        process::StopSignal& stop) {
  clients.watch(stop.fd());
  clients.watch(threads.mailbox().fd());
  for (;;) {
    pollfd item{clients.fd(), POLLIN, 0};
    ::poll(&item, 1, kTurnMs);
    if (const auto signal = stop.next()) {
      process::log_info("stopping", {{"signal", *signal}});
      return process::kExitOk;
    }
    for (const auto& letter : threads.mailbox().take_all()) letter(kernel);
    clients.serve(kernel);
    kernel.tick(process::now());
  }
}

Result<void> check_key(const ClusterSettings& cluster, const transport::KeyPair& own,
                       const process::Settings& settings) {
  if (cluster.kernel_key == own.public_key) return {};
  return fail(make_error(ErrorCode::invalid_input,
                         settings.kernel.cluster + ": kernel.key is not the public key of " +
                             settings.kernel.keys + ": the agents would refuse this kernel",
                         "settings"));
}

Result<void> check_nodes(const ClusterSettings& cluster, const process::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& node : cluster.nodes) names.push_back(node.name);
  auto wanted = settings.cluster.nodes;
  std::ranges::sort(wanted);
  if (wanted.empty() || wanted == names) return {};
  return fail(make_error(ErrorCode::invalid_input,
                         "cluster.nodes are not the nodes of " + settings.kernel.cluster,
                         "settings"));
}

}  // namespace

int serve(const process::Settings& settings) {
  process::StopSignal stop;
  const auto cluster = read_cluster_settings(settings.kernel.cluster);
  if (!cluster) return process::fail_start(cluster.error());
  const auto own = process::read_key_pair(settings.kernel.keys);
  if (!own) return process::fail_start(own.error());
  if (auto same = check_key(*cluster, *own, settings); !same)
    return process::fail_start(same.error());
  if (auto same = check_nodes(*cluster, settings); !same) return process::fail_start(same.error());
  std::error_code ignored;
  std::filesystem::create_directories(
      std::filesystem::path(settings.kernel.register_file).parent_path(), ignored);
  const auto lock = process::LockFile::take(settings.kernel.register_file + ".lock");
  if (!lock) return process::fail_start(lock.error());
  if (auto there = kernel::check_not_gone(settings); !there)
    return process::fail_start(there.error());
  if (!kernel::wait_for_room(settings.kernel.register_file, stop)) return process::kExitOk;
  auto listener = kernel::PacketSocket::listen(settings.kernel.socket, false);
  if (!listener) return process::fail_start(listener.error());
  kernel::Clients clients(std::move(*listener));
  Threads threads(*cluster, *own, clients);
  const ClusterSight sight(*cluster);
  KernelOptions options{settings.kernel.register_file,
                        settings.cluster.name,
                        {},
                        cluster->watch_every_ms,
                        members_digest(*cluster)};
  for (const auto& node : cluster->nodes) options.nodes.push_back(node.name);
  auto made = PostgresqlKernel::start(options, threads, sight, process::now());
  if (!made) return process::fail_start(made.error());
  if (!kernel::leave_mark(settings.kernel.register_file))
    return process::fail_start(kernel::unmarked(settings.kernel.register_file));
  (*made)->admit_only(settings.kernel.dispatchers);
  threads.know((*made)->state().history);
  process::log_info("serving", {{"history", to_hex((*made)->state().history.octets)},
                                {"fencing_epoch", (*made)->state().fencing_epoch},
                                {"holder", (*made)->state().holder}});
  process::tell_ready();
  const int code = run(**made, clients, threads, stop);
  made->reset();  // the register is closed in order
  ::_exit(code);
}

}  // namespace aeromq::postgresql
