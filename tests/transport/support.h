// What the transport tests share: a scratch directory, bounded waiting, a listener with a known
// client key, and child processes that are always cleaned up.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "messages/catalogue.h"
#include "transport/listener.h"
#include "transport/peer.h"
#include "transport/zap.h"

namespace aeromq::transport {

constexpr int kPatienceMs = 5000;

/// Looks until `done`, for at most 5 s. A look may itself wait (Peer::wait).
inline bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    ::poll(nullptr, 0, 2);
  }
  return done();
}

class ScratchFolder {
 public:
  ScratchFolder() {
    char name[] = "/tmp/aeromq-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  std::string ipc(const std::string& name = "s") const { return "ipc://" + path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A process of its own with a pipe at its output; killed and reaped at the end.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::vector<char*> raw;
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, raw[0], &actions, nullptr, raw.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Child(const Child&) = delete;
  ~Child() {
    stop(SIGKILL);
    ::close(out_);
  }
  void signal(int number) const { ::kill(pid_, number); }
  /// Sends the signal and waits for the end; the wait status.
  int stop(int number) {
    if (pid_ <= 0) return 0;
    ::kill(pid_, number);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  /// The next line of output, without its end; nothing if none comes within `timeout_ms`.
  std::optional<std::string> line(int timeout_ms = kPatienceMs) {
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        auto found = text_.substr(0, end);
        text_.erase(0, end + 1);
        return found;
      }
      pollfd item{out_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&item, 1, timeout_ms) <= 0) return std::nullopt;
      const auto got = ::read(out_, buffer, sizeof buffer);
      if (got <= 0) return std::nullopt;
      text_.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

/// A listener on ipc or tcp that knows one client key as "alice".
struct Server {
  KeyPair server = make_key_pair();
  KeyPair alice = make_key_pair();
  std::unique_ptr<Context> context;
  std::optional<Listener> listener;

  explicit Server(const std::string& endpoint, int hwm = 1000) {
    auto started = Context::start(
        {{"clients", {{{alice.public_key, "alice"}}, {}}}, {"actors", {{}, {::getuid()}}}});
    if (!started) throw std::runtime_error(started.error().message);
    context = std::move(*started);
    ListenerOptions options{"clients", server.secret_key};
    options.hwm = hwm;
    auto bound = Listener::bind(*context, endpoint, options);
    if (!bound) throw std::runtime_error(bound.error().message);
    listener.emplace(std::move(*bound));
  }
  PeerOptions client(const std::string& endpoint, std::optional<KeyPair> key = {}) const {
    PeerOptions options{endpoint, CurveClient{server.public_key, key.value_or(alice)}};
    return options;
  }
  std::optional<Incoming> receive() {
    std::optional<Incoming> incoming;
    eventually([&] { return (incoming = listener->receive()).has_value(); });
    return incoming;
  }
};

inline std::optional<Received> receive(Peer& peer) {
  std::optional<Received> received;
  eventually([&] {
    if ((received = peer.receive())) return true;
    if (!peer.alive()) {
      received = peer.receive();
      return true;
    }
    peer.wait(50);
    return false;
  });
  return received;
}

inline std::vector<Bytes> ping_frames(std::uint64_t seq, std::uint64_t nonce = 0,
                                      std::uint8_t boot = 7) {
  BootId id;
  id.octets[0] = boot;
  return to_frames({MessageType::ping, id, seq, {}, {}}, encode(Ping{nonce}));
}

}  // namespace aeromq::transport
