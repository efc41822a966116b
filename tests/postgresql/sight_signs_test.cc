// What comes back from an address, by what is heard and not by any words: nobody there, somebody
// who accepts and is silent, somebody who says one octet and hangs up.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "kernel/postgresql/sight/probe.h"
#include "process/clock.h"

namespace aeromq::postgresql {
namespace {

std::uint64_t now_ms() { return process::now().boot_ns / kNanosPerMs; }

/// Listens on a port of its own on loopback. `says` is sent to whoever connects; empty: nothing,
/// and the connection is kept.
class Listener {
 public:
  explicit Listener(std::string says, bool accepts = true) : says_(std::move(says)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    if (!accepts) return;
    EXPECT_EQ(::listen(fd_, 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Listener() {
    ::shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    for (const int one : kept_) ::close(one);
    ::close(fd_);
  }
  std::uint64_t port() const { return port_; }

 private:
  void serve() {
    for (;;) {
      const int one = ::accept(fd_, nullptr, nullptr);
      if (one < 0) return;
      if (says_.empty()) {
        kept_.push_back(one);
        continue;
      }
      char question[512];
      (void)::recv(one, question, sizeof question, 0);
      (void)::send(one, says_.data(), says_.size(), MSG_NOSIGNAL);
      ::close(one);
    }
  }
  std::string says_;
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint64_t port_ = 0;
  std::vector<int> kept_;
  std::thread thread_;
};

NodeSample look_at(std::uint64_t port, const std::string& sslmode = "prefer") {
  NodeSettings node;
  node.name = "n1";
  node.host = "127.0.0.1";
  node.port = port;
  ConnectionSettings connection;
  connection.connect_deadline_ms = 500;
  connection.sslmode = sslmode;
  Probe probe(node, connection);
  probe.begin(Depth::facts, now_ms());
  while (!probe.done()) {
    auto item = probe.waits_for();
    const auto now = now_ms();
    ::poll(&item, 1, probe.deadline_ms() > now ? static_cast<int>(probe.deadline_ms() - now) : 0);
    probe.step(now_ms());
  }
  return probe.take();
}

TEST(PostgresqlSigns, NobodyListens) {
  const Listener nobody("", false);
  const auto sample = look_at(nobody.port());
  EXPECT_FALSE(sample.answered);
  EXPECT_FALSE(sample.tcp_accepted);
  EXPECT_FALSE(sample.spoke);
}

TEST(PostgresqlSigns, AcceptedAndSilentIsNoVoice) {
  const Listener hung("");
  const auto sample = look_at(hung.port());
  EXPECT_FALSE(sample.answered);
  EXPECT_TRUE(sample.timed_out);
  EXPECT_TRUE(sample.tcp_accepted);
  EXPECT_FALSE(sample.spoke);
}

TEST(PostgresqlSigns, OneOctetIsAVoiceWhateverLibpqMakesOfIt) {
  // "N": no TLS here, which libpq refuses by itself; "R...": it is asked for a password that it has
  // not; and something that is no PostgreSQL at all.
  const std::string wants_password{'R', 0, 0, 0, 8, 0, 0, 0, 3};
  for (const auto& [says, sslmode] : {std::pair<std::string, std::string>{"N", "require"},
                                      {wants_password, "disable"},
                                      {"SSH-2.0-x", "disable"}}) {
    const Listener speaker(says);
    const auto sample = look_at(speaker.port(), sslmode);
    EXPECT_FALSE(sample.answered);
    EXPECT_TRUE(sample.sqlstate.empty());
    EXPECT_TRUE(sample.tcp_accepted) << says;
    EXPECT_TRUE(sample.spoke) << says << ": " << sample.error;
  }
}

}  // namespace
}  // namespace aeromq::postgresql
