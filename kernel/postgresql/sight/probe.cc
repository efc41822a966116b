#include "kernel/postgresql/sight/probe.h"

#include <cstring>

#include "transport/host.h"

namespace aeromq::postgresql {
namespace {

constexpr int kMostRounds = 5;  ///< a node that changes its timeline again and again is not read

const char* field(const PGresult* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text == nullptr ? "" : text;
}

}  // namespace

Probe::Probe(NodeSettings node, ConnectionSettings settings)
    : node_(std::move(node)), settings_(std::move(settings)) {}

void Probe::begin(Depth depth, std::uint64_t now_ms) {
  depth_ = depth;
  now_ms_ = began_ms_ = now_ms;
  allowed_ms_ = settings_.connect_deadline_ms;
  deadline_ms_ = now_ms + allowed_ms_;
  heard_ = false;
  rounds_ = 0;
  sample_ = {};
  sample_.node = node_.name;
  sample_.host = transport::with_port(node_.host, node_.port);
  reused_ = connection_ != nullptr;
  if (reused_)
    ask_anew();
  else
    connect();
}

pollfd Probe::waits_for() const {
  return {connection_ == nullptr ? -1 : PQsocket(connection_.get()), events_, 0};
}

void Probe::step(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  if (phase_ == Phase::connecting)
    step_connecting();
  else if (phase_ == Phase::asking)
    step_asking();
  if (done() || now_ms_ < deadline_ms_) return;
  sample_.timed_out = true;
  connection_.reset();
  failed({"", "no answer within " + std::to_string(allowed_ms_) + " ms"});
}

NodeSample Probe::take() { return std::exchange(sample_, {}); }

void Probe::connect() {
  const auto port = std::to_string(node_.port);
  const auto limit = std::to_string(settings_.query_deadline_ms);
  const auto options = "-c statement_timeout=" + limit + " -c lock_timeout=" + limit +
                       " -c search_path=pg_catalog -c default_transaction_read_only=on";
  const std::vector<std::pair<const char*, const char*>> all{
      {"host", node_.host.c_str()},  // also for an address: what a certificate is compared with
      {"hostaddr", transport::is_address(node_.host) ? node_.host.c_str() : nullptr},
      {"port", port.c_str()},
      {"user", settings_.user.c_str()},
      {"dbname", settings_.database.c_str()},
      {"passfile", settings_.passfile.empty() ? nullptr : settings_.passfile.c_str()},
      {"sslmode", settings_.sslmode.c_str()},
      {"gssencmode", "disable"},
      {"replication", "database"},
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
  history_.reset();
  connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  phase_ = Phase::connecting;
  events_ = POLLOUT;
  if (connection_ == nullptr) return failed({"", "out of memory"});
  // What a server says on its own goes nowhere, never to standard error.
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  // The only form in which a refused connection names its SQLSTATE.
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  if (PQstatus(connection_.get()) == CONNECTION_BAD) broken();
}

void Probe::step_connecting() {
  switch (PQconnectPoll(connection_.get())) {
    case PGRES_POLLING_OK:
      PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
      PQsetnonblocking(connection_.get(), 1);
      heard();
      return ask_anew();
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

void Probe::ask(Question question) {
  question_ = question;
  phase_ = Phase::asking;
  results_.clear();
  const auto text = question == Question::facts     ? facts_query(depth_)
                    : question == Question::history ? history_query(sample_.timeline)
                                                    : std::string("IDENTIFY_SYSTEM");
  if (PQsendQuery(connection_.get(), text.c_str()) != 1) return broken();
  const int waiting = PQflush(connection_.get());
  if (waiting < 0) return broken();
  events_ = waiting > 0 ? POLLIN | POLLOUT : POLLIN;
}

void Probe::step_asking() {
  if (PQconsumeInput(connection_.get()) != 1 || PQflush(connection_.get()) < 0) return broken();
  events_ = POLLIN;
  while (phase_ == Phase::asking && PQisBusy(connection_.get()) == 0) {
    ResultPtr result(PQgetResult(connection_.get()));
    if (PQstatus(connection_.get()) == CONNECTION_BAD) return broken();
    if (result != nullptr) {
      results_.push_back(std::move(result));
      continue;
    }
    heard();
    answered();
  }
}

const PGresult* Probe::error_result() const {
  for (const auto& result : results_)
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return result.get();
  return nullptr;
}

void Probe::answered() {
  if (const auto* error = error_result()) {
    const std::string sqlstate = field(error, PG_DIAG_SQLSTATE);
    // Promoted between two calls of the same question: what was read is of no use, the rest is.
    if (question_ == Question::facts && sqlstate == "55000" && ++rounds_ < kMostRounds)
      return ask_anew();
    // A server may have lost the file; then nothing is known of its ancestors, and it counts so.
    if (question_ == Question::history && sqlstate == "58P01") return finish();
    return failed({sqlstate, words_of(field(error, PG_DIAG_MESSAGE_PRIMARY)).text});
  }
  switch (question_) {
    case Question::identity:
      return take_identity();
    case Question::facts:
      return take_facts();
    case Question::identity_again:
      return take_second_identity();
    case Question::history:
      return take_history();
  }
}

void Probe::take_identity() {
  const auto identity = read_identity(results_);
  if (!identity) return failed({"", identity.error().message});
  identity_ = *identity;
  ask(Question::facts);
}

void Probe::take_facts() {
  sample_.system_identifier = identity_.system_identifier;
  sample_.timeline = identity_.timeline;
  sample_.at_ms = now_ms_;
  if (const auto read = read_facts(results_, depth_, sample_); !read)
    return failed({"", read.error().message});
  ask(Question::identity_again);
}

// A promotion between the two questions would mix two states: then everything is asked anew.
void Probe::take_second_identity() {
  const auto again = read_identity(results_);
  if (!again) return failed({"", again.error().message});
  if (*again != identity_) {
    if (++rounds_ < kMostRounds) return ask_anew();
    return failed({"", "its timeline changes faster than it can be read"});
  }
  // The first timeline has no history file.
  if (sample_.timeline <= 1) return finish();
  if (!history_ || history_->first != sample_.timeline) return ask(Question::history);
  sample_.ancestors = history_->second;
  finish();
}

void Probe::take_history() {
  auto ancestors = read_history(results_);
  if (!ancestors) return failed({"", ancestors.error().message});
  sample_.ancestors = *ancestors;
  history_ = {sample_.timeline, std::move(*ancestors)};
  finish();
}

void Probe::ask_anew() {
  auto fresh = NodeSample{};
  fresh.node = sample_.node;
  fresh.host = sample_.host;
  sample_ = std::move(fresh);
  ask(Question::identity);
}

void Probe::finish() {
  sample_.answered = true;
  sample_.took_ms = now_ms_ - began_ms_;
  phase_ = Phase::done;
}

void Probe::heard() {
  if (std::exchange(heard_, true)) return;
  allowed_ms_ = settings_.query_deadline_ms;
  deadline_ms_ = now_ms_ + allowed_ms_;
}

void Probe::failed(Words words) {
  const bool timed_out = sample_.timed_out;
  NodeSample silent;
  silent.node = sample_.node;
  silent.host = sample_.host;
  silent.timed_out = timed_out;
  silent.sqlstate = std::move(words.sqlstate);
  silent.error = std::move(words.text);
  silent.at_ms = now_ms_;
  silent.took_ms = now_ms_ - began_ms_;
  sample_ = std::move(silent);
  phase_ = Phase::done;
  // After a failed answer nothing more may be read from this conversation.
  connection_.reset();
}

void Probe::broken() {
  auto words = words_of(PQerrorMessage(connection_.get()));
  connection_.reset();
  // The server may have been restarted since the last look. A reading may be asked twice.
  if (std::exchange(reused_, false)) return connect();
  failed(std::move(words));
}

}  // namespace aeromq::postgresql
