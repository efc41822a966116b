#include "transport/resolver.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "transport/host.h"

namespace aeromq::transport {
namespace {

using Addresses = std::vector<std::string>;

auto not_resolved(const std::string& host, const std::string& why) {
  auto error = make_error(ErrorCode::not_reached);
  error.message = "the name " + host + " is not resolved: " + why;
  return fail(std::move(error));
}

Result<Addresses> ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (fault != 0)
    return not_resolved(host, fault == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(fault));
  Addresses all;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0 &&
        std::ranges::find(all, text.data()) == all.end())
      all.emplace_back(text.data());
  }
  ::freeaddrinfo(found);
  if (all.empty()) return not_resolved(host, "it has no address");
  return all;
}

}  // namespace

struct Resolution::State {
  State() : fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~State() { ::close(fd); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void end(Result<Addresses> with) {
    const std::scoped_lock lock(mutex);
    answer = std::move(with);
    is_done = true;
    const std::uint64_t one = 1;
    (void)!::write(fd, &one, sizeof one);
  }

  const int fd;
  std::mutex mutex;
  bool is_done = false;
  Result<Addresses> answer = Addresses{};
};

namespace {

/// Kept to the very end: a thread that hangs in the resolver outlives main().
struct OpenQuestions {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<void>> all;
};
OpenQuestions& open_questions() {
  static auto* const questions = new OpenQuestions;
  return *questions;
}

}  // namespace

// The thread itself keeps the state, so a question that nobody waits for any more is still joined
// by the next one, and a resolver that hangs costs one thread for each name.
std::shared_ptr<Resolution::State> Resolution::ask(const std::string& host) {
  auto& open = open_questions();
  const std::scoped_lock lock(open.mutex);
  if (const auto at = open.all.find(host); at != open.all.end())
    if (auto asked = std::static_pointer_cast<State>(at->second.lock()))
      if (const std::scoped_lock inner(asked->mutex); !asked->is_done) return asked;
  auto state = std::make_shared<State>();
  open.all[host] = state;
  try {
    std::thread([host, state] {
      auto answer = ask_system(host);
      {
        auto& questions = open_questions();
        const std::scoped_lock inner(questions.mutex);
        questions.all.erase(host);
      }
      state->end(std::move(answer));
    }).detach();
  } catch (const std::exception& fault) {
    open.all.erase(host);
    state->end(not_resolved(host, fault.what()));
  }
  return state;
}

Resolution::Resolution(const std::string& host) {
  if (is_address(host)) {
    state_ = std::make_shared<State>();
    state_->end(Addresses{host});
  } else {
    state_ = ask(host);
  }
}

int Resolution::fd() const { return state_->fd; }

bool Resolution::done() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->is_done;
}

Result<Addresses> Resolution::addresses() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->answer;
}

Result<Addresses> resolve(const std::string& host, int timeout_ms) {
  const Resolution resolution(host);
  pollfd item{resolution.fd(), POLLIN, 0};
  ::poll(&item, 1, timeout_ms);
  if (resolution.done()) return resolution.addresses();
  return not_resolved(host, "no answer within " + std::to_string(timeout_ms) + " ms");
}

}  // namespace aeromq::transport
