// The kernel's local socket: unix SOCK_SEQPACKET, one packet = one message. Never blocks after the
// connection is made, never connects twice.
#pragma once
#include <optional>
#include <string>

#include "messages/bytes.h"
#include "messages/result.h"

namespace aeromq::kernel {

/// Owns one file descriptor.
class PacketSocket {
 public:
  PacketSocket() = default;
  explicit PacketSocket(int fd) : fd_(fd) {}
  PacketSocket(PacketSocket&& other) noexcept;
  PacketSocket& operator=(PacketSocket&& other) noexcept;
  ~PacketSocket();

  /// Error KERNEL_UNAVAILABLE: nobody listens at `path`.
  static Result<PacketSocket> connect(const std::string& path);
  /// Replaces a dead socket file; mode 0600, or 0660 if others than us may connect. The caller
  /// holds the kernel's lifetime lock. Error INVALID_INPUT, field `socket`.
  static Result<PacketSocket> listen(const std::string& path, bool group_may);

  std::optional<PacketSocket> accept();
  /// Who connected, as the system says (SO_PEERCRED).
  struct PeerUser {
    unsigned uid = 0;
    int pid = 0;
  };
  std::optional<PeerUser> peer() const;
  std::optional<unsigned> peer_uid() const;

  enum class Sending { sent, full, broken };
  Sending send(ByteView packet);
  /// The next packet. Nothing and `broken()` false: none waits.
  std::optional<Bytes> receive();
  bool broken() const { return broken_ || fd_ < 0; }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  bool broken_ = false;
};

}  // namespace aeromq::kernel
