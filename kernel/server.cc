#include "kernel/server.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <filesystem>

#include "process/clock.h"
#include "process/command_line.h"
#include "process/exit_codes.h"
#include "process/kill_point.h"
#include "process/lock_file.h"
#include "process/log.h"
#include "process/ready.h"

namespace aeromq::kernel {
namespace {

constexpr std::size_t kMostClients = 64;
constexpr std::size_t kMostQueued = 256;  ///< answers that one peer may leave unread
constexpr int kMostPerTurn = 16;          ///< packets of one peer before the next one's turn
constexpr int kTurnMs = 1000;

}  // namespace

Server::Server(Embedded kernel, PacketSocket listener, NodeSide nodes, process::StopSignal& stop)
    : kernel_(std::move(kernel)),
      listener_(std::move(listener)),
      nodes_(std::move(nodes)),
      stop_(stop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  watch(listener_.fd(), false, true);
  watch(stop_.fd(), false, true);
}
Server::~Server() {
  if (epoll_ >= 0) ::close(epoll_);
}

void Server::watch(int fd, bool writing, bool first) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (writing) event.events |= EPOLLOUT;
  event.data.fd = fd;
  ::epoll_ctl(epoll_, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

int Server::run() {
  for (;;) {
    transport::Listener* const listeners[] = {&nodes_.listener()};
    transport::wait_any(listeners, kTurnMs, epoll_);
    if (const auto signal = stop_.next()) {
      process::log_info("stopping", {{"signal", *signal}});
      return process::kExitOk;
    }
    accept_all();
    for (auto& client : clients_) serve(client);
    std::erase_if(clients_, [](const Client& client) { return client.ended; });
    nodes_.listener().saw_disconnect();
    nodes_.serve(kernel_, process::now);
  }
}

void Server::accept_all() {
  while (auto accepted = listener_.accept()) {
    const auto uid = accepted->peer_uid();
    if (!uid || *uid != ::geteuid() || clients_.size() >= kMostClients) {
      process::log_warning("connection_refused", {{"uid", uid ? std::to_string(*uid) : "?"}});
      continue;  // closed at once
    }
    watch(accepted->fd(), false, true);
    clients_.push_back({std::move(*accepted), Conversation(*uid), {}, false});
  }
}

void Server::serve(Client& client) {
  for (int i = 0; i < kMostPerTurn && !client.ended; ++i) {
    const auto packet = client.socket.receive();
    if (!packet) break;
    take(client, *packet);
  }
  if (!flush(client) || client.socket.broken()) client.ended = true;
}

void Server::take(Client& client, ByteView packet) {
  auto reply = client.conversation.take(kernel_, packet);
  send(client, std::move(reply.packet));
  if (reply.sent_point != nullptr) process::kill_point(reply.sent_point);
  if (client.conversation.ended()) client.ended = true;
}

void Server::send(Client& client, Bytes packet) {
  client.out.push_back(std::move(packet));
  if (!flush(client) || client.out.size() > kMostQueued) client.ended = true;
}

bool Server::flush(Client& client) {
  while (!client.out.empty()) {
    const auto sending = client.socket.send(client.out.front());
    if (sending == PacketSocket::Sending::broken) return false;
    if (sending == PacketSocket::Sending::full) break;
    client.out.pop_front();
  }
  watch(client.socket.fd(), !client.out.empty(), false);
  return true;
}

std::string lock_path(const process::Settings& settings) {
  return settings.kernel.register_file + ".lock";
}

int serve(const process::Settings& settings) {
  process::StopSignal stop;
  std::error_code ignored;
  std::filesystem::create_directories(
      std::filesystem::path(settings.kernel.register_file).parent_path(), ignored);
  const auto lock = process::LockFile::take(lock_path(settings));
  if (!lock) return process::fail_start(lock.error());
  auto nodes = NodeSide::bind(settings.kernel);
  if (!nodes) return process::fail_start(nodes.error());
  const EmbeddedOptions options{settings.kernel.register_file, settings.cluster.name,
                                settings.cluster.nodes, nodes->hosts(),
                                settings.kernel.stale_after_ms};
  auto kernel = Embedded::start(options, process::now());
  if (!kernel) return process::fail_start(kernel.error());
  auto listener = PacketSocket::listen(settings.kernel.socket, false);
  if (!listener) return process::fail_start(listener.error());
  process::log_info("serving", {{"history", to_hex(kernel->state().history.octets)},
                                {"fencing_epoch", kernel->state().fencing_epoch},
                                {"holder", kernel->state().holder}});
  Server server(std::move(*kernel), std::move(*listener), std::move(*nodes), stop);
  process::tell_ready();
  return server.run();
}

}  // namespace aeromq::kernel
