#include "kernel/node.h"

#include "process/clock.h"

namespace aeromq::kernel {

Result<NodeLink> NodeLink::connect(const process::NodeSettings& settings, int timeout_ms) {
  transport::PeerOptions options;
  options.endpoint = settings.endpoint;
  options.curve = settings.curve;
  options.connect_timeout_ms = timeout_ms;
  auto peer = transport::Peer::connect(options);
  if (!peer) return fail(peer.error());
  return NodeLink(std::move(*peer));
}

Result<Assignment> NodeLink::role(int timeout_ms) {
  peer_.send({}, AskRole{});
  return answer(timeout_ms);
}

Result<Assignment> NodeLink::report(const NodeReport& report, int timeout_ms) {
  peer_.send({}, report);
  auto told = answer(timeout_ms);
  if (told && !told->refused.empty()) return fail(told->refused.front());
  return told;
}

Result<Assignment> NodeLink::answer(int timeout_ms) {
  const auto deadline = after_ms(process::now(), static_cast<std::uint64_t>(timeout_ms));
  for (;;) {
    if (const auto received = peer_.receive()) {
      if (received->header.type != Assignment::kType)
        return fail(make_error(ErrorCode::malformed, "the kernel's answer to a node"));
      return decode<Assignment>(received->body);
    }
    const auto now = process::now();
    if (!peer_.alive() || now.boot_ns >= deadline.boot_ns)
      return fail(make_error(ErrorCode::answer_lost, "the kernel did not answer this node"));
    peer_.wait(static_cast<int>((deadline.boot_ns - now.boot_ns) / kNanosPerMs) + 1);
  }
}

}  // namespace aeromq::kernel
