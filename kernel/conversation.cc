#include "kernel/conversation.h"

#include "messages/as_of.h"
#include "messages/text.h"
#include "process/clock.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::kernel {
namespace {

Error invalid(const Error& why) {
  return make_error(ErrorCode::invalid_input, why.message, why.field);
}

}  // namespace

Conversation::Reply Conversation::take(RegisterKernel& kernel, ByteView packet) {
  if (packet.empty()) return end(make_error(ErrorCode::malformed, "no such packet"));
  const auto body = packet.subspan(1);
  switch (static_cast<Tag>(packet.front())) {
    case Tag::open:
      return open(kernel, body);
    case Tag::call:
      return call(kernel, body);
    case Tag::fence:
      return fence(kernel, body);
    case Tag::lower:
      return lower(kernel, body);
    default:
      return end(make_error(ErrorCode::malformed, "no such packet"));
  }
}

Conversation::Reply Conversation::open(RegisterKernel& kernel, ByteView body) {
  process::kill_point("kernel.open.received");
  const auto wanted = decode<OpenDispatcher>(body);
  if (!wanted) return end(invalid(wanted.error()));
  // A connection is at most one epoch: whoever wants another connects again.
  if (standing_.epoch != 0)
    return end(make_error(ErrorCode::invalid_input, "this connection has its epoch"));
  if (wanted->version > kKernelProtocol)
    return end(make_error(ErrorCode::invalid_input,
                          "the dispatcher speaks version " + std::to_string(wanted->version) +
                              ", this kernel speaks up to " + std::to_string(kKernelProtocol),
                          "version"));
  const auto opened = kernel.open(wanted->dispatcher, process::now());
  if (!opened) return end(opened.error());
  version_ = std::max(1U, static_cast<unsigned>(wanted->version));
  standing_ = {opened->dispatcher, static_cast<std::uint32_t>(opened->epoch)};
  process::log_info(
      "epoch_opened",
      {{"dispatcher", opened->dispatcher}, {"epoch", opened->epoch}, {"uid", uid_}, {"pid", pid_}});
  return {kernel::packet(Tag::opened, as_of(*opened, version_)), "kernel.open.answered"};
}

Conversation::Reply Conversation::call(RegisterKernel& kernel, ByteView body) {
  process::kill_point("kernel.call.received");
  const auto wanted = decode<KernelCall>(body);
  if (!wanted) return end(invalid(wanted.error()));
  const auto answer = kernel.take(*wanted, {standing_, connection_}, process::now());
  return answer ? answered(*answer, wanted->act) : Reply{};
}

Conversation::Reply Conversation::answered(const KernelAnswer& answer, const Act& act) const {
  const auto packet = kernel::packet(Tag::answer, as_of(answer, version_));
  if (answer.kind != CallKind::act) return {packet, "kernel.call.answered"};
  process::log_info("act", {{"request", act.request.text()},
                            {"action", text_of(act.action)},
                            {"node", act.node},
                            {"status", text_of(answer.act.status)},
                            {"code", answer.act.code},
                            {"principal", act.principal},
                            {"pid", pid_}});
  return {packet, "kernel.act.answered"};
}

Conversation::Reply Conversation::fence(RegisterKernel& kernel, ByteView body) {
  process::kill_point("kernel.fence.received");
  const auto order = decode<Fence>(body);
  if (!order) return end(invalid(order.error()));
  const auto fenced = kernel.fence(*order, uid_, process::now());
  if (!fenced) return end(fenced.error());
  process::log_warning("fenced", {{"dispatcher", fenced->dispatcher},
                                  {"epoch", fenced->epoch},
                                  {"uid", uid_},
                                  {"reason", order->reason}});
  return {kernel::packet(Tag::fenced, *fenced)};
}

Conversation::Reply Conversation::lower(RegisterKernel& kernel, ByteView body) {
  const auto order = decode<LowerAcknowledged>(body);
  if (!order) return end(invalid(order.error()));
  const auto lowered = kernel.lower(*order, uid_, process::now());
  if (!lowered) return end(lowered.error());
  process::log_warning("acknowledged_lowered", {{"raised_by", lowered->node},
                                                {"before", position_text(lowered->before)},
                                                {"after", position_text(lowered->after)},
                                                {"uid", uid_},
                                                {"reason", order->reason}});
  return {kernel::packet(Tag::lowered, *lowered)};
}

Conversation::Reply Conversation::end(const Error& error) {
  ended_ = true;
  return {packet(Tag::error, error)};
}

}  // namespace aeromq::kernel
