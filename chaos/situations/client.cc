#include "chaos/situations/client.h"

#include <libpq-fe.h>
#include <poll.h>

#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

constexpr int kPaceMs = 25;
constexpr int kAgainMs = 60;
constexpr int kStepMs = 100;
constexpr std::uint64_t kApart = 1'000'000'000;
constexpr int kHelloMs = 4000;

void note_warning(void* warned, const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::string(severity) == "WARNING") *static_cast<bool*>(warned) = true;
}

void rest(int ms) { ::poll(nullptr, 0, ms); }

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

// The last result, or nothing if the connection broke, `stop` came or the time was over.
Result await(PGconn* connection, const std::stop_token& stop, int most_ms) {
  int waited = 0;
  while (!stop.stop_requested() && (most_ms < 0 || waited < most_ms)) {
    if (PQconsumeInput(connection) == 0) return nullptr;
    if (PQisBusy(connection) == 0) {
      Result last(PQgetResult(connection));
      while (last) {
        Result more(PQgetResult(connection));
        if (!more) break;
        last = std::move(more);
      }
      return last;
    }
    pollfd waits{PQsocket(connection), POLLIN, 0};
    if (::poll(&waits, 1, kStepMs) == 0) waited += kStepMs;
  }
  return nullptr;
}

}  // namespace

void Client::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Client::Client(std::string node, std::string conninfo, std::uint64_t number)
    : node_(std::move(node)),
      conninfo_(std::move(conninfo)),
      next_(number * kApart),
      warned_(std::make_unique<bool>(false)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}
Client::~Client() = default;

std::vector<Acknowledged> Client::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}
std::set<std::uint64_t> Client::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Client::work(const std::stop_token& stop) {
  std::string postmaster;
  while (!stop.stop_requested()) {
    if (!connection_ && !connect(stop, postmaster)) {
      connection_.reset();
      rest(kAgainMs);
      continue;
    }
    if (!write(stop, postmaster)) connection_.reset();
    rest(kPaceMs);
  }
}

// Without libpq's own waiting, so that a server that accepts and is silent holds nobody.
bool Client::connect(const std::stop_token& stop, std::string& postmaster) {
  connection_.reset(PQconnectStart(conninfo_.c_str()));
  auto way = PGRES_POLLING_WRITING;
  for (int waited = 0; way != PGRES_POLLING_OK; way = PQconnectPoll(connection_.get())) {
    if (way == PGRES_POLLING_FAILED || stop.stop_requested() || waited > kHelloMs) return false;
    if (PQsocket(connection_.get()) < 0) return false;
    pollfd waits{PQsocket(connection_.get()),
                 static_cast<short>(way == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    while (::poll(&waits, 1, kStepMs) == 0) {
      waited += kStepMs;
      if (stop.stop_requested() || waited > kHelloMs) return false;
    }
  }
  PQsetNoticeReceiver(connection_.get(), note_warning, warned_.get());
  if (PQsendQuery(connection_.get(), "SELECT pg_postmaster_start_time(), pg_is_in_recovery()") == 0)
    return false;
  const auto told = await(connection_.get(), stop, kHelloMs);
  if (!told || PQresultStatus(told.get()) != PGRES_TUPLES_OK) return false;
  if (std::string(PQgetvalue(told.get(), 0, 1)) == "t") return false;
  postmaster = PQgetvalue(told.get(), 0, 0);
  return true;
}

bool Client::write(const std::stop_token& stop, const std::string& postmaster) {
  const auto id = ++next_;
  *warned_ = false;
  const auto sent = boot_now();
  const auto sql = "INSERT INTO written VALUES (" + std::to_string(id) + ")";
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return false;
  const auto told = await(connection_.get(), stop, -1);
  if (!told || PQresultStatus(told.get()) != PGRES_COMMAND_OK) return false;
  const std::lock_guard lock(mutex_);
  if (*warned_)
    cancelled_.insert(id);
  else
    acknowledged_.push_back({id, node_, postmaster, {sent, boot_now()}});
  return true;
}

}  // namespace aeromq::chaos::situations
