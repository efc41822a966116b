// A ZMTP stream between two unix sockets.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "chaos/network/wire.h"
#include "chaos/network/zmtp.h"

namespace aeromq::chaos::network {
namespace {

constexpr int kType = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int kBacklog = 64;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("path too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

class StreamWire final : public Wire {
 public:
  StreamWire(Socket near, Socket far) {
    ends_[0].socket = std::move(near);
    ends_[1].socket = std::move(far);
  }

  void watch(std::vector<pollfd>& fds) const override {
    for (const auto& end : ends_) {
      const int events = end.out.empty() ? POLLIN : POLLIN | POLLOUT;
      fds.push_back({end.socket.fd(), static_cast<short>(events), 0});
    }
  }

  std::optional<std::pair<Direction, Frames>> receive() override {
    for (const auto direction : {Direction::up, Direction::down}) {
      auto& end = from(direction);
      fill(end);
      while (auto unit = end.reader.next()) {
        if (auto* frames = std::get_if<Frames>(&*unit)) return {{direction, std::move(*frames)}};
        write(direction, std::get<Bytes>(*unit));
      }
      // What came before the end of an end has been handed out by now.
      if (end.closed || end.reader.broken()) ended_ = true;
    }
    return std::nullopt;
  }

  void send(Direction direction, const Frames& message) override {
    write(direction, zmtp_message(message));
  }
  void silence(Direction direction) override { from(direction).mute = true; }
  bool ended() override {
    for (auto& end : ends_) flush(end);
    return ended_;
  }

 private:
  struct End {
    Socket socket;
    ZmtpReader reader;
    Bytes out;
    bool mute = false;  // what it says goes nowhere
    bool closed = false;
  };
  End& from(Direction direction) { return ends_[direction == Direction::up ? 0 : 1]; }
  End& to(Direction direction) { return ends_[direction == Direction::up ? 1 : 0]; }

  static void fill(End& end) {
    std::uint8_t room[16384];
    for (;;) {
      const auto got = ::recv(end.socket.fd(), room, sizeof room, 0);
      if (got > 0) {
        end.reader.feed(ByteView(room, static_cast<std::size_t>(got)));
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) end.closed = true;
      return;
    }
  }

  void write(Direction direction, const Bytes& octets) {
    if (from(direction).mute) return;
    auto& end = to(direction);
    end.out.insert(end.out.end(), octets.begin(), octets.end());
    flush(end);
  }

  void flush(End& end) {
    while (!end.out.empty()) {
      const auto sent = ::send(end.socket.fd(), end.out.data(), end.out.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (sent <= 0) {
        ended_ = true;
        return;
      }
      end.out.erase(end.out.begin(), end.out.begin() + sent);
    }
  }

  End ends_[2];
  bool ended_ = false;
};

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket Socket::listen(const std::string& path) {
  ::unlink(path.c_str());
  const auto address = address_of(path);
  Socket made(::socket(AF_UNIX, kType, 0));
  if (::bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(made.fd_, kBacklog) != 0)
    throw std::runtime_error(path + ": " + std::strerror(errno));
  return made;
}

Socket Socket::connect(const std::string& path) {
  const auto address = address_of(path);
  Socket made(::socket(AF_UNIX, kType, 0));
  if (::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return made;
}

Socket Socket::accept() const {
  return Socket(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

std::unique_ptr<Wire> make_stream_wire(Socket near, Socket far) {
  return std::make_unique<StreamWire>(std::move(near), std::move(far));
}

}  // namespace aeromq::chaos::network
