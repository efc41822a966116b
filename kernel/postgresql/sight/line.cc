#include "kernel/postgresql/sight/line.h"

#include <sys/socket.h>

#include <cerrno>

namespace aeromq::postgresql {
namespace {

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

void Line::connect(const NodeSettings& node, const ConnectionSettings& settings,
                   const std::string& address, LineKind kind) {
  close();
  forget_signs();
  words_ = {};
  const auto port = std::to_string(node.port);
  const auto limit = std::to_string(settings.query_deadline_ms);
  const auto options = "-c statement_timeout=" + limit + " -c lock_timeout=" + limit +
                       " -c search_path=pg_catalog -c default_transaction_read_only=on";
  const std::vector<std::pair<const char*, const char*>> all{
      {"host", node.host.c_str()},  // also for an address: what a certificate is compared with
      {"hostaddr", or_null(address)},
      {"port", port.c_str()},
      {"user", settings.user.c_str()},
      {"dbname", settings.database.c_str()},
      {"passfile", or_null(settings.passfile)},
      {"sslmode", settings.sslmode.c_str()},
      {"sslrootcert", or_null(settings.sslrootcert)},
      {"sslcert", or_null(settings.sslcert)},
      {"sslkey", or_null(settings.sslkey)},
      {"gssencmode", "disable"},
      {"replication", kind == LineKind::sender ? "database" : nullptr},
      {"target_session_attrs", "any"},
      {"application_name", kApplicationName},
      {"options", options.c_str()},
      {"client_encoding", "UTF8"},
      {"tcp_user_timeout", "3000"},
      {"keepalives_idle", "2"},
      {"keepalives_interval", "1"},
      {"keepalives_count", "3"}};
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : all) {
    names.push_back(name);
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  state_ = State::connecting;
  events_ = POLLOUT;
  if (connection_ == nullptr) {
    words_.text = "out of memory";
    state_ = State::broken;
    return;
  }
  // What a server says on its own goes nowhere, never to standard error.
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  // The only form in which a refused connection names its SQLSTATE.
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  if (PQstatus(connection_.get()) == CONNECTION_BAD) broken();
}

void Line::ask(const std::string& text) {
  state_ = State::asking;
  results_.clear();
  if (PQsendQuery(connection_.get(), text.c_str()) != 1) return broken();
  const int waiting = PQflush(connection_.get());
  if (waiting < 0) return broken();
  events_ = waiting > 0 ? POLLIN | POLLOUT : POLLIN;
}

void Line::step() {
  note_signs();
  if (state_ == State::connecting)
    step_connecting();
  else if (state_ == State::asking)
    step_asking();
}

void Line::close() {
  connection_.reset();
  results_.clear();
  state_ = State::closed;
}

pollfd Line::waits_for() const {
  return {connection_ == nullptr ? -1 : PQsocket(connection_.get()), events_, 0};
}

const PGresult* Line::error() const {
  for (const auto& result : results_)
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return result.get();
  return nullptr;
}

// Asked of the socket itself, before libpq takes what it holds: what libpq makes of it (no
// password, a certificate that does not verify) is a matter of ours, that somebody spoke is a fact
// of theirs. Of a connection of an earlier look only what is said now counts.
void Line::note_signs() {
  const int fd = connection_ == nullptr ? -1 : PQsocket(connection_.get());
  if (fd < 0) return;
  sockaddr_storage other{};
  socklen_t size = sizeof other;
  // A refused socket keeps its error for who asks first, and that must be libpq.
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&other), &size) != 0) return;
  if (state_ == State::connecting) accepted_ = true;
  char octet = 0;
  if (::recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1) accepted_ = spoke_ = true;
}

bool Line::has_stale_words() const {
  const int fd = connection_ == nullptr ? -1 : PQsocket(connection_.get());
  char octet = 0;
  return fd < 0 || ::recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
         (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Line::step_connecting() {
  switch (PQconnectPoll(connection_.get())) {
    case PGRES_POLLING_OK:
      PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
      PQsetnonblocking(connection_.get(), 1);
      accepted_ = spoke_ = true;
      state_ = State::idle;
      return;
    case PGRES_POLLING_READING:
      events_ = POLLIN;
      return;
    case PGRES_POLLING_WRITING:
      events_ = POLLOUT;
      return;
    default:
      return broken();
  }
}

void Line::step_asking() {
  if (PQconsumeInput(connection_.get()) != 1 || PQflush(connection_.get()) < 0) return broken();
  events_ = POLLIN;
  while (PQisBusy(connection_.get()) == 0) {
    ResultPtr result(PQgetResult(connection_.get()));
    if (PQstatus(connection_.get()) == CONNECTION_BAD) return broken();
    if (result == nullptr) {
      accepted_ = spoke_ = true;
      state_ = State::answered;
      return;
    }
    results_.push_back(std::move(result));
  }
}

void Line::broken() {
  words_ = words_of(PQerrorMessage(connection_.get()));
  connection_.reset();
  state_ = State::broken;
}

}  // namespace aeromq::postgresql
