#include "kernel/postgresql/sight/probe.h"

#include "transport/host.h"

namespace aeromq::postgresql {
namespace {

constexpr int kMostRounds = 5;  ///< a node that changes its timeline again and again is not read
/// With fewer ordinary places left than this a look gives its own back when it ends.
constexpr std::uint64_t kPlacesSpared = 3;

const char* field(const PGresult* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text == nullptr ? "" : text;
}

bool is_scarce(const Places& places) {
  return places.connections + places.reserved + kPlacesSpared > places.max_connections;
}

}  // namespace

Probe::Probe(NodeSettings node, ConnectionSettings settings)
    : node_(std::move(node)), settings_(std::move(settings)) {}

void Probe::begin(Depth depth, std::uint64_t now_ms) {
  depth_ = depth;
  now_ms_ = began_ms_ = now_ms;
  allowed_ms_ = settings_.connect_deadline_ms;
  deadline_ms_ = until_ms_ = now_ms + allowed_ms_;
  heard_ = accepted_ = spoke_ = false;
  rounds_ = 0;
  sample_ = blank();
  main_.forget_signs();
  reused_ = main_.state() == Line::State::answered && !main_.has_stale_words();
  if (!reused_) return look_up();
  phase_ = Phase::looking;
  ask(Question::facts);
}

pollfd Probe::waits_for() const {
  if (phase_ == Phase::resolving) return {resolution_->fd(), POLLIN, 0};
  return line().waits_for();
}

void Probe::step(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  if (phase_ == Phase::resolving && resolution_->done()) take_addresses();
  if (phase_ == Phase::looking || phase_ == Phase::asking_timeline) {
    line().step();
    note_signs();
    go_on();
  }
  if (!done() && now_ms_ >= until_ms_) overdue();
}

NodeSample Probe::take() { return std::exchange(sample_, {}); }

NodeSample Probe::blank() const {
  NodeSample sample;
  sample.node = node_.name;
  sample.host = transport::with_port(node_.host, node_.port);
  sample.addresses = addresses_;
  return sample;
}

void Probe::look_up() {
  phase_ = Phase::resolving;
  if (node_.host.starts_with('/')) {
    addresses_ = {""};
    next_ = 0;
    return connect_next();
  }
  resolution_.emplace(node_.host);
  if (resolution_->done()) take_addresses();
}

void Probe::take_addresses() {
  auto addresses = resolution_->addresses();
  resolution_.reset();
  if (!addresses) return failed({"", addresses.error().message});
  addresses_ = std::move(*addresses);
  sample_.addresses = addresses_;
  next_ = 0;
  connect_next();
}

// Each address has an equal part of the time that is left: one that swallows what is sent to it
// must not hide the next.
void Probe::connect_next() {
  const auto left = deadline_ms_ > now_ms_ ? deadline_ms_ - now_ms_ : 0;
  until_ms_ = now_ms_ + left / (addresses_.size() - next_);
  phase_ = Phase::looking;
  main_.connect(node_, settings_, addresses_[next_++], LineKind::sql);
  go_on();
}

// The whole conversation goes over it, so that one server says all of it, as one state.
void Probe::open_sender(std::uint32_t proven) {
  sample_.timeline = proven;
  const auto& places = sample_.places;
  if (places.senders >= places.max_senders)
    return finish_without(
        {"", "all " + std::to_string(places.max_senders) + " of max_wal_senders are taken"});
  phase_ = Phase::asking_timeline;
  sender_.connect(node_, settings_, addresses_[next_ - 1], LineKind::sender);
  go_on();
}

void Probe::ask(Question question) {
  question_ = question;
  line().ask(question == Question::facts     ? facts_query(depth_)
             : question == Question::history ? history_query(sample_.timeline)
                                             : std::string("IDENTIFY_SYSTEM"));
  go_on();
}

void Probe::ask_anew() {
  sample_ = blank();
  ask(phase_ == Phase::asking_timeline ? Question::identity : Question::facts);
}

void Probe::go_on() {
  switch (line().state()) {
    case Line::State::idle:
      heard();
      return ask_anew();
    case Line::State::answered:
      heard();
      return answered();
    case Line::State::broken:
      return broken();
    case Line::State::closed:
    case Line::State::connecting:
    case Line::State::asking:
      return;
  }
}

void Probe::overdue() {
  const Words words{"", "no answer within " + std::to_string(allowed_ms_) + " ms"};
  if (phase_ == Phase::looking && now_ms_ < deadline_ms_) {
    if (next_ == 1) first_words_ = words;
    return connect_next();
  }
  sample_.timed_out = true;
  if (phase_ == Phase::resolving)
    return failed({"", "the name " + node_.host + " is not resolved: " + words.text});
  failed(words);
}

void Probe::answered() {
  if (const auto* error = line().error()) {
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
  const auto identity = read_identity(line().results());
  if (!identity) return failed({"", identity.error().message});
  identity_ = *identity;
  ask(Question::facts);
}

// A promotion between two of its statements would mix two states: then everything is asked anew.
void Probe::take_facts() {
  sample_.at_ms = now_ms_;
  const auto read = read_facts(line().results(), depth_, sample_);
  if (!read) return failed({"", read.error().message});
  word_ = *read;
  if (word_.in_recovery != sample_.in_recovery) {
    if (++rounds_ < kMostRounds) return ask_anew();
    return failed({"", "its role changes faster than it can be read"});
  }
  if (phase_ == Phase::asking_timeline) return ask(Question::identity_again);
  const auto proven = proven_timeline(sample_, word_, known_);
  const auto ancestors = known_ancestors(proven, word_, known_);
  if (proven == 0 || !ancestors) return open_sender(proven);
  sample_.timeline = proven;
  sample_.ancestors = *ancestors;
  finish();
}

void Probe::take_second_identity() {
  const auto again = read_identity(line().results());
  if (!again) return failed({"", again.error().message});
  if (*again != identity_) {
    if (++rounds_ < kMostRounds) return ask_anew();
    return failed({"", "its timeline changes faster than it can be read"});
  }
  known_.timeline = identity_.timeline;
  if (std::exchange(known_.run, word_.run) != word_.run) known_.history_of = 0;
  sample_.system_identifier = identity_.system_identifier;
  sample_.timeline = timeline_of_position(sample_, identity_.timeline);
  const auto ancestors = known_ancestors(sample_.timeline, word_, known_);
  if (!ancestors) return ask(Question::history);
  sample_.ancestors = *ancestors;
  finish();
}

void Probe::take_history() {
  auto ancestors = read_history(line().results());
  if (!ancestors) return failed({"", ancestors.error().message});
  sample_.ancestors = *ancestors;
  known_.history_of = sample_.timeline;
  known_.ancestors = std::move(*ancestors);
  finish();
}

// The rest was seen; what needs the timeline says that it is not known.
void Probe::finish_without(Words words) {
  sample_.timeline_error = words.text;
  if (!words.sqlstate.empty()) sample_.timeline_error += " (" + words.sqlstate + ")";
  finish();
}

void Probe::finish() {
  sample_.answered = true;
  sample_.tcp_accepted = sample_.spoke = true;
  sample_.took_ms = now_ms_ - began_ms_;
  phase_ = Phase::done;
  sender_.close();
  if (is_scarce(sample_.places)) main_.close();
}

void Probe::heard() {
  if (std::exchange(heard_, true)) return;
  allowed_ms_ = settings_.query_deadline_ms;
  deadline_ms_ = until_ms_ = now_ms_ + allowed_ms_;
}

void Probe::note_signs() {
  accepted_ = accepted_ || line().accepted();
  spoke_ = spoke_ || line().spoke();
}

void Probe::failed(Words words) {
  auto silent = blank();
  silent.timed_out = sample_.timed_out;
  silent.tcp_accepted = accepted_ || spoke_ || heard_;
  silent.spoke = spoke_ || heard_;
  silent.sqlstate = std::move(words.sqlstate);
  silent.error = std::move(words.text);
  silent.at_ms = now_ms_;
  silent.took_ms = now_ms_ - began_ms_;
  sample_ = std::move(silent);
  phase_ = Phase::done;
  resolution_.reset();
  // After a failed answer nothing more may be read from this conversation.
  main_.close();
  sender_.close();
}

void Probe::broken() {
  note_signs();
  auto words = line().words();
  if (phase_ == Phase::asking_timeline) {
    // Refused in the server's words: it is there and goes on, but has no place for us or forbids
    // it. One that shuts down (57P..) is not there for long.
    const bool refused = !words.sqlstate.empty() && !words.sqlstate.starts_with("57P");
    return refused ? finish_without(std::move(words)) : failed(std::move(words));
  }
  // The server may have been restarted since the last look. A reading may be asked twice.
  if (std::exchange(reused_, false)) return look_up();
  if (next_ == 1) first_words_ = words;
  // Somebody who spoke was found; where nobody did, the next address is tried.
  if (!main_.spoke() && next_ < addresses_.size()) return connect_next();
  failed(main_.spoke() ? std::move(words) : first_words_);
}

}  // namespace aeromq::postgresql
