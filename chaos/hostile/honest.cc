#include "chaos/hostile/honest.h"

#include <poll.h>

#include <algorithm>

#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kPatienceMs = 5000;
constexpr int kStandingMs = 100;
constexpr int kFreshMs = 250;
constexpr std::uint32_t kLooksOfASession = 500;  // well within a lease

}  // namespace

unsigned Served::failures() const {
  unsigned sum = 0;
  for (const auto& [why, count] : failed) sum += count;
  return sum;
}

double Served::quantile(double part) const {
  if (took_ms.empty()) return 0;
  auto sorted = took_ms;
  std::ranges::sort(sorted);
  const auto last = sorted.size() - 1;
  return sorted[std::min(last,
                         static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

void Served::add(const Served& more) {
  took_ms.insert(took_ms.end(), more.took_ms.begin(), more.took_ms.end());
  for (const auto& [why, count] : more.failed) failed[why] += count;
}

Honest::Honest(Manner manner, Door door, transport::KeyPair keys, std::string source)
    : manner_(manner),
      door_(std::move(door)),
      keys_(std::move(keys)),
      source_(std::move(source)),
      thread_([this](const std::stop_token& stop) { look_on(stop); }) {}

Served Honest::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(served_, {});
}

void Honest::look_on(const std::stop_token& stop) {
  auto context = transport::detail::make_context();
  std::optional<WireClient> client;
  while (!stop.stop_requested()) {
    const auto next = Clock::now() + std::chrono::milliseconds(
                                         manner_ == Manner::standing ? kStandingMs : kFreshMs);
    look_once(client, context);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
    if (left.count() > 0) ::poll(nullptr, 0, static_cast<int>(left.count()));
  }
}

void Honest::look_once(std::optional<WireClient>& client, zmq::context_t& context) {
  static const auto body = look_body();
  const auto began = Clock::now();
  std::string why;
  if (manner_ == Manner::fresh || (client && client->sent() > kLooksOfASession)) client.reset();
  if (!client) {
    WireOptions options;
    options.source = source_;
    options.patience_ms = kPatienceMs;
    client = WireClient::connect(context, door_, keys_, options);
    if (!client) why = "no connection";
  }
  if (client) {
    if (!client->send(MessageType::submit, body, client->next_id(false))) why = "not taken";
    const auto answer = why.empty() ? client->next(kPatienceMs) : std::nullopt;
    if (why.empty() && !answer)
      why = "no answer";
    else if (answer && answer->header.type != MessageType::result) {
      const auto error = decode<ErrorAnswer>(answer->body);
      why = error ? error->error.code : "an answer of another kind";
    }
    if (!why.empty()) client.reset();
  }
  const std::chrono::duration<double, std::milli> took = Clock::now() - began;
  const std::lock_guard lock(mutex_);
  served_.took_ms.push_back(took.count());
  if (!why.empty()) ++served_.failed[why];
}

}  // namespace aeromq::chaos::hostile
