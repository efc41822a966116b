#include "kernel/clients.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::kernel {
namespace {

constexpr std::size_t kMostClients = 64;
constexpr std::size_t kMostQueued = 256;  ///< answers that one peer may leave unread
constexpr int kMostPerTurn = 16;          ///< packets of one peer before the next one's turn

}  // namespace

Clients::Clients(PacketSocket listener)
    : listener_(std::move(listener)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  watch(listener_.fd());
}
Clients::~Clients() {
  if (epoll_ >= 0) ::close(epoll_);
}

void Clients::watch(int fd, bool writing, bool first) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (writing) event.events |= EPOLLOUT;
  event.data.fd = fd;
  ::epoll_ctl(epoll_, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

void Clients::serve(RegisterKernel& kernel) {
  accept_all();
  for (auto& client : clients_) serve(client, kernel);
  std::erase_if(clients_, [](const Client& client) { return client.ended; });
}

void Clients::accept_all() {
  while (auto accepted = listener_.accept()) {
    const auto peer = accepted->peer();
    // Ourselves and root, whatever the socket's mode: docs/kernel.md says what each may do.
    const bool ours = peer && (peer->uid == ::geteuid() || peer->uid == 0);
    if (!ours || clients_.size() >= kMostClients) {
      const auto who = peer ? std::to_string(peer->uid) : std::string("?");
      process::log_peer(who, "connection_refused", {{"uid", who}});
      continue;  // closed at once
    }
    watch(accepted->fd());
    const auto number = ++last_number_;
    clients_.push_back(
        {number, std::move(*accepted), Conversation(peer->uid, number, peer->pid), {}, false});
  }
}

void Clients::serve(Client& client, RegisterKernel& kernel) {
  for (int i = 0; i < kMostPerTurn && !client.ended; ++i) {
    const auto packet = client.socket.receive();
    if (!packet) break;
    send(client, client.conversation.take(kernel, *packet));
    if (client.conversation.ended()) client.ended = true;
  }
  if (!flush(client) || client.socket.broken()) client.ended = true;
}

void Clients::answer(std::uint64_t connection, const KernelAnswer& answer, const Act& act) {
  for (auto& client : clients_)
    if (client.number == connection) return send(client, client.conversation.answered(answer, act));
}

void Clients::send(Client& client, Conversation::Reply reply) {
  if (reply.packet.empty()) return;
  client.out.push_back(std::move(reply.packet));
  if (!flush(client) || client.out.size() > kMostQueued) client.ended = true;
  if (reply.sent_point != nullptr) process::kill_point(reply.sent_point);
}

bool Clients::flush(Client& client) {
  while (!client.out.empty()) {
    const auto sending = client.socket.send(client.out.front());
    if (sending == PacketSocket::Sending::broken) return false;
    if (sending == PacketSocket::Sending::full) break;
    client.out.pop_front();
  }
  watch(client.socket.fd(), !client.out.empty(), false);
  return true;
}

}  // namespace aeromq::kernel
