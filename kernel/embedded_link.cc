#include "kernel/embedded_link.h"

#include <poll.h>

#include "process/clock.h"

namespace aeromq::kernel {

Result<EmbeddedLink> EmbeddedLink::look(const std::string& socket) {
  auto connected = PacketSocket::connect(socket);
  if (!connected) return fail(connected.error());
  return EmbeddedLink(std::move(*connected));
}

Result<EmbeddedLink> EmbeddedLink::open(const std::string& socket, std::uint8_t dispatcher,
                                        int timeout_ms) {
  auto link = look(socket);
  if (!link) return link;
  link->socket_.send(packet(Tag::open, OpenDispatcher{dispatcher, kKernelProtocol}));
  const auto body = link->wait_for(Tag::opened, timeout_ms);
  // A kernel of the first version knows no such field.
  if (!body && body.error().field == "version" &&
      body.error().message.find("known") != std::string::npos)
    return fail(make_error(
        ErrorCode::kernel_unavailable,
        "it is of an older version (1); this program speaks " + std::to_string(kKernelProtocol)));
  if (!body) return fail(body.error());
  auto opened = decode<Opened>(*body);
  if (!opened) return fail(make_error(ErrorCode::kernel_unavailable, opened.error().message));
  link->opened_ = std::move(*opened);
  return link;
}

bool EmbeddedLink::send(const KernelCall& call) {
  if (dead_) return false;
  // A kernel that does not read is as good as gone; a later send could overtake this one.
  if (socket_.send(packet(Tag::call, call)) != PacketSocket::Sending::sent) dead_ = true;
  return !dead_;
}

void EmbeddedLink::drain() {
  while (auto packet = socket_.receive()) waiting_.push_back(std::move(*packet));
  if (socket_.broken()) dead_ = true;
}

std::optional<KernelAnswer> EmbeddedLink::receive() {
  drain();
  if (waiting_.empty()) return std::nullopt;
  const auto packet = std::move(waiting_.front());
  waiting_.pop_front();
  if (packet.front() == static_cast<std::uint8_t>(Tag::answer))
    if (auto answer = decode<KernelAnswer>(ByteView(packet).subspan(1))) return *answer;
  // Not an answer, or not readable: nothing that follows can be trusted.
  dead_ = true;
  waiting_.clear();
  return std::nullopt;
}

bool EmbeddedLink::alive() {
  drain();
  return !dead_;
}

Result<Bytes> EmbeddedLink::wait_for(Tag want, int timeout_ms) {
  const auto deadline = after_ms(process::now(), static_cast<std::uint64_t>(timeout_ms));
  for (;;) {
    drain();
    if (!waiting_.empty()) {
      const auto packet = std::move(waiting_.front());
      waiting_.pop_front();
      Bytes body(packet.begin() + 1, packet.end());
      if (packet.front() == static_cast<std::uint8_t>(want)) return body;
      dead_ = true;
      if (packet.front() == static_cast<std::uint8_t>(Tag::error))
        if (const auto error = decode<Error>(body)) return fail(*error);
      return fail(make_error(ErrorCode::malformed, "the kernel's answer"));
    }
    if (dead_) return fail(make_error(ErrorCode::kernel_unavailable, "it ended the connection"));
    const auto now = process::now();
    if (now.boot_ns >= deadline.boot_ns) {
      dead_ = true;
      return fail(make_error(ErrorCode::kernel_unavailable, "no answer in time"));
    }
    pollfd waiting{socket_.fd(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>((deadline.boot_ns - now.boot_ns) / kNanosPerMs) + 1);
  }
}

Result<KernelAnswer> EmbeddedLink::ask(const KernelCall& call, int timeout_ms) {
  send(call);
  const auto body = wait_for(Tag::answer, timeout_ms);
  if (!body) return fail(body.error());
  return decode<KernelAnswer>(*body);
}

Result<Fenced> EmbeddedLink::fence(const Fence& order, int timeout_ms) {
  socket_.send(packet(Tag::fence, order));
  const auto body = wait_for(Tag::fenced, timeout_ms);
  if (!body) return fail(body.error());
  return decode<Fenced>(*body);
}

Result<Lowered> EmbeddedLink::lower(const LowerAcknowledged& order, int timeout_ms) {
  socket_.send(packet(Tag::lower, order));
  const auto body = wait_for(Tag::lowered, timeout_ms);
  if (!body) return fail(body.error());
  return decode<Lowered>(*body);
}

}  // namespace aeromq::kernel
