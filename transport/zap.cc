#include "transport/zap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "transport/keys.h"
#include "transport/sockets.h"

namespace aeromq::transport {
namespace {

constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";
constexpr int kSelfTestMs = 2000;
// Frames of a ZAP request (RFC 27), without the envelope that REP takes off.
enum : std::size_t { kVersion, kId, kDomain, kAddress, kIdentity, kMechanism, kCredentials };
constexpr std::size_t kMostFrames = 16;

Error broken(std::string what) {
  return make_error(ErrorCode::invalid_input, std::move(what), "zap");
}

/// The uid in the address of an ipc peer, "localhost:uid:gid:pid".
std::optional<unsigned> peer_uid(std::string_view address) {
  constexpr std::string_view kPrefix = "localhost:";
  if (!address.starts_with(kPrefix)) return std::nullopt;
  address.remove_prefix(kPrefix.size());
  unsigned uid = 0;
  const auto [end, fault] = std::from_chars(address.data(), address.data() + address.size(), uid);
  if (fault != std::errc{} || end == address.data() + address.size() || *end != ':')
    return std::nullopt;
  return uid;
}

bool are_good(const ZapRules& rules) {
  return std::ranges::all_of(
      rules.keys, [](const auto& known) { return is_key(known.first) && !known.second.empty(); });
}

/// The user id of a request that the rules let in.
std::optional<std::string> judge(const std::map<std::string, ZapRules>& domains,
                                 const std::vector<Bytes>& request) {
  if (request.size() <= kMechanism || as_text(request[kVersion]) != "1.0") return std::nullopt;
  const auto rules = domains.find(std::string(as_text(request[kDomain])));
  if (rules == domains.end()) return std::nullopt;
  const auto mechanism = as_text(request[kMechanism]);
  if (mechanism == "CURVE") {
    if (request.size() <= kCredentials || request[kCredentials].size() != 32) return std::nullopt;
    char text[41] = {};
    if (zmq_z85_encode(text, request[kCredentials].data(), 32) == nullptr) return std::nullopt;
    const auto known = rules->second.keys.find(text);
    if (known == rules->second.keys.end() || known->second.empty()) return std::nullopt;
    return known->second;
  }
  if (mechanism != "NULL") return std::nullopt;
  const auto uid = peer_uid(as_text(request[kAddress]));
  if (!uid || !rules->second.uids.contains(*uid)) return std::nullopt;
  return "uid:" + std::to_string(*uid);
}

/// Answers until the context ends. Aborts the process on anything else: a process without its
/// authenticator must not go on.
void serve(zmq::socket_t socket, const std::map<std::string, ZapRules>& domains,
           std::mutex& mutex) {
  void* const sockets[] = {socket.handle()};
  for (;;) {
    auto request = detail::receive_parts(socket, kMostFrames);
    if (!request) {
      const int error = zmq_errno();
      if (error == ETERM) return;
      if (error != EAGAIN) std::abort();
      detail::wait_for(sockets, -1, -1);
      continue;
    }
    const auto user = [&] {
      const std::scoped_lock lock(mutex);
      return judge(domains, *request);
    }();
    const std::string id(request->size() > kId ? as_text((*request)[kId]) : "");
    // 400, not 300: libzmq tells a 400 to the peer, which can then say why it was not let in.
    const std::string status = user ? "200" : "400";
    const std::string text = user ? "OK" : "refused";
    const std::string name = user.value_or("");
    const detail::Part reply[] = {{"1.0", 3},
                                  {id.data(), id.size()},
                                  {status.data(), status.size()},
                                  {text.data(), text.size()},
                                  {name.data(), name.size()},
                                  {"", 0}};
    const int error = detail::send_parts(socket, reply);
    if (error == ETERM) return;
    if (error != 0 && error != EAGAIN) std::abort();
  }
}

/// A directory of our own for one throw-away endpoint.
class ScratchFolder {
 public:
  ScratchFolder() : path_("/tmp/aeromq-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    if (path_.empty()) return;
    ::unlink((path_ + "/s").c_str());
    ::rmdir(path_.c_str());
  }
  std::string endpoint() const { return path_.empty() ? "" : "ipc://" + path_ + "/s"; }

 private:
  std::string path_;
};

/// A stranger with a fresh key knocks at a socket with the options of `domain`: it must be told
/// no by the authenticator, not merely fail somehow.
Result<void> refuse_stranger(zmq::context_t& context, const std::string& domain) {
  const ScratchFolder folder;
  const auto endpoint = folder.endpoint();
  if (endpoint.empty()) return fail(broken("self-test: cannot make a directory in /tmp"));
  const auto server = make_key_pair();
  zmq::socket_t router(context, zmq::socket_type::router);
  detail::set_common(router, 500, 16);
  detail::set_server(router, domain, server.secret_key);
  if (auto bound = detail::bind_socket(router, endpoint); !bound) return bound;

  zmq::socket_t stranger(context, zmq::socket_type::dealer);
  detail::set_common(stranger, 500, 16);
  detail::set_option(stranger, ZMQ_RECONNECT_IVL, -1);
  detail::set_client(stranger, {server.public_key, make_key_pair()});
  detail::Monitor monitor(context, stranger, detail::kConnectorEvents);
  stranger.connect(endpoint);
  const auto deadline = detail::Clock::now() + std::chrono::milliseconds(kSelfTestMs);
  switch (detail::await_handshake(monitor, deadline)) {
    case detail::Handshake::refused:
      return {};
    case detail::Handshake::done:
      return fail(broken("self-test: a stranger's key was let in to domain '" + domain + "'"));
    default:
      return fail(
          broken("self-test: a stranger's key was not answered in domain '" + domain + "'"));
  }
}

}  // namespace

struct Context::Impl {
  std::mutex mutex;  ///< of the domains
  std::map<std::string, ZapRules> domains;
  zmq::context_t context = detail::make_context();
  std::thread authenticator;

  ~Impl() {
    context.shutdown();  // wakes the authenticator with ETERM
    if (authenticator.joinable()) authenticator.join();
  }
};

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::~Context() = default;
void* Context::handle() const { return &impl_->context; }

bool Context::replace(const std::string& domain, ZapRules rules) {
  const std::scoped_lock lock(impl_->mutex);
  const auto known = impl_->domains.find(domain);
  if (known == impl_->domains.end() || !are_good(rules)) return false;
  known->second = std::move(rules);
  return true;
}

Result<std::unique_ptr<Context>> Context::start(std::map<std::string, ZapRules> domains) {
  // libzmq never seeds rand(), from which it draws routing ids: two runs would issue the same.
  unsigned seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
    return fail(broken("no randomness from the system"));
  std::srand(seed);
  for (const auto& [domain, rules] : domains) {
    if (domain.empty()) return fail(broken("a domain needs a name"));
    if (!are_good(rules)) return fail(broken("domain '" + domain + "': bad key"));
  }
  auto impl = std::make_unique<Impl>();
  impl->domains = std::move(domains);
  try {
    zmq::socket_t socket(impl->context, zmq::socket_type::rep);
    detail::set_option(socket, ZMQ_LINGER, 0);
    socket.bind(kZapEndpoint);
    // The thread takes no signals: those are the main thread's.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    impl->authenticator = std::thread([socket = std::move(socket), self = impl.get()]() mutable {
      serve(std::move(socket), self->domains, self->mutex);
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    for (const auto& [domain, rules] : impl->domains)
      if (auto tested = refuse_stranger(impl->context, domain); !tested)
        return fail(tested.error());
    // A domain that nobody declared lets nobody in.
    if (auto tested = refuse_stranger(impl->context, "undeclared"); !tested)
      return fail(tested.error());
  } catch (const zmq::error_t& error) {
    return fail(broken(error.what()));
  }
  return std::unique_ptr<Context>(new Context(std::move(impl)));
}

}  // namespace aeromq::transport
