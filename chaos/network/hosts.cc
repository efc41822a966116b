#include "chaos/network/hosts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "chaos/network/runs.h"
#include "chaos/stack/child.h"

namespace aeromq::chaos::network {
namespace {

constexpr const char* kIp = "/sbin/ip";
constexpr const char* kClients = "10.177.0.1";
constexpr const char* kBroker = "10.177.0.2";
constexpr int kIpMs = 5000;

// A namespace belongs to threads, not to the process.
int own_namespace() {
  const auto path = fmt::format("/proc/{}/task/{}/ns/net", ::getpid(), ::gettid());
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

int fresh_namespace() {
  int made = -1;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) == 0) made = own_namespace();
  }).join();
  return made;
}

void enter(int fd) {
  if (::setns(fd, CLONE_NEWNET) != 0)
    throw std::runtime_error(std::string("setns: ") + std::strerror(errno));
}

void ip(std::vector<std::string> words) {
  words.insert(words.begin(), kIp);
  const auto ended = run(words, kIpMs);
  if (ended.exit_code == 0) return;
  std::string line;
  for (const auto& word : words) line += word + " ";
  throw std::runtime_error(line + ": " + ended.err);
}

}  // namespace

bool namespaces_permitted() {
  try {
    const Hosts hosts;
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

const char* Hosts::broker_address() { return kBroker; }

Hosts::Hosts() : home_(own_namespace()), clients_(fresh_namespace()), broker_(fresh_namespace()) {
  if (home_ < 0 || clients_ < 0 || broker_ < 0)
    throw std::runtime_error("network namespaces are not permitted");
  const auto far = fmt::format("/proc/{}/fd/{}", ::getpid(), broker_);
  // The thread goes where the cable is laid, and back.
  try {
    enter(clients_);
    ip({"link", "add", "east", "type", "veth", "peer", "name", "west", "netns", far});
    ip({"addr", "add", fmt::format("{}/24", kClients), "dev", "east"});
    ip({"link", "set", "lo", "up"});
    ip({"link", "set", "east", "up"});
    enter(broker_);
    ip({"addr", "add", fmt::format("{}/24", kBroker), "dev", "west"});
    ip({"link", "set", "lo", "up"});
    ip({"link", "set", "west", "up"});
    enter(home_);
  } catch (...) {
    (void)::setns(home_, CLONE_NEWNET);
    for (const int fd : {clients_, broker_, home_}) ::close(fd);
    throw;
  }
}

Hosts::~Hosts() {
  (void)::setns(home_, CLONE_NEWNET);
  for (const int fd : {clients_, broker_, home_}) ::close(fd);
}

void Hosts::enter_clients() const { enter(clients_); }
void Hosts::enter_broker() const { enter(broker_); }

// A route that swallows: the host itself notices nothing.
void Hosts::route(int host, const char* to, bool lost) {
  std::string fault;
  std::thread([&] {
    try {
      enter(host);
      ip({"route", lost ? "add" : "del", "blackhole", fmt::format("{}/32", to)});
    } catch (const std::runtime_error& error) {
      fault = error.what();
    }
  }).join();
  if (!fault.empty()) throw std::runtime_error(fault);
}

void Hosts::lose_requests(bool lost) {
  if (std::exchange(requests_lost_, lost) != lost) route(clients_, kBroker, lost);
}
void Hosts::lose_answers(bool lost) {
  if (std::exchange(answers_lost_, lost) != lost) route(broker_, kClients, lost);
}
void Hosts::heal() {
  lose_requests(false);
  lose_answers(false);
}

}  // namespace aeromq::chaos::network
