#include "chaos/hostile/hostile_run.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "chaos/hostile/attacker.h"
#include "chaos/hostile/dummy.h"
#include "chaos/hostile/honest.h"
#include "chaos/hostile/vitals.h"
#include "client/settings.h"
#include "process/settings.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHome = "127.0.0.1";
constexpr const char* kAbroad = "127.0.0.2";  // where the attackers come from
constexpr const char* kNode = "c";            // whose key is in hostile hands
constexpr int kReadyMs = 20000;
constexpr int kAnswerMs = 5000;
constexpr int kBackMs = 2000;  // a new session from the attackers' address, after they are gone
constexpr int kSettleMs = 10000;
constexpr double kControlPart = 0.2;
constexpr double kTogetherPart = 0.3;

// Two ports side by side that nobody has: the feed takes the next one.
unsigned free_port() {
  for (unsigned tries = 0; tries < 100; ++tries) {
    const int first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int second = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    bool free = ::bind(first, plain, size) == 0 && ::getsockname(first, plain, &size) == 0;
    const auto port = static_cast<unsigned>(ntohs(address.sin_port));
    address.sin_port = htons(static_cast<std::uint16_t>(port + 1));
    free = free && port < 65534 && ::bind(second, plain, size) == 0;
    ::close(first);
    ::close(second);
    if (free) return port;
  }
  throw std::runtime_error("no two free ports side by side");
}

void let_in(const fs::path& dir, const std::string& name, const transport::KeyPair& keys,
            const std::string& authority) {
  std::ofstream(dir / "principals.toml", std::ios::app)
      << fmt::format("\n[[principal]]\nname = \"{}\"\nkey = \"{}\"\nauthority = \"{}\"\n", name,
                     keys.public_key, authority);
}

transport::KeyPair keys_of(const client::ClientSettings& file) {
  return {file.public_key, file.secret_key};
}

struct Measured {
  Served standing;
  Served fresh;
};

class HostileRun {
 public:
  HostileRun(const HostileOptions& options, fs::path dir)
      : options_(options), port_(free_port()), stack_(options.bin_dir, std::move(dir), stack_of()) {
    const auto file = client::read_settings(stack_.dir() / "clients/operator.toml");
    const auto node =
        process::read_node_settings(stack_.dir() / "nodes" / (std::string(kNode) + ".toml"));
    if (!file || !node) throw std::runtime_error("the folder of the control plane cannot be read");
    honest_ = keys_of(*file);
    arena_.clients = {file->endpoint, file->server_key};
    arena_.feed = {file->feed, file->server_key};
    arena_.nodes = {node->endpoint, node->curve.server_key};
    arena_.observer = hostile_observer_;
    arena_.operator_ = hostile_operator_;
    arena_.node = node->curve.own;
    arena_.source = kAbroad;
    for (const auto& attack : attacks())
      if (options_.only.empty() ||
          std::ranges::find(options_.only, attack.name) != options_.only.end())
        chosen_.push_back(&attack);
  }

  int run() {
    const auto seconds = options_.minutes * 60;
    const auto alone =
        seconds * (1 - kControlPart - kTogetherPart) / static_cast<double>(chosen_.size());
    const auto audit_before = audit_octets(stack_.dir() / "audit");
    const auto began = Clock::now();
    Vitals vitals(stack_);
    control(seconds * kControlPart);
    for (const auto* attack : chosen_) phase(vitals, {attack}, alone);
    phase(vitals, chosen_, seconds * kTogetherPart);
    const std::chrono::duration<double> took = Clock::now() - began;
    const auto grown = static_cast<double>(audit_octets(stack_.dir() / "audit") - audit_before);
    judge(grown / took.count());
    if (options_.keep) stack_.keep();
    return failed_ ? 1 : 0;
  }

 private:
  StackOptions stack_of() {
    StackOptions options;
    options.settings.clear();
    options.traced = false;
    options.wide_limits = false;
    options.cluster = {"--nodes", "a,b,c", "--listen", fmt::format("tcp://{}:{}", kHome, port_)};
    options.prepare = [this](const fs::path& dir) {
      let_in(dir, "hostile-observer", hostile_observer_, "observer");
      let_in(dir, "hostile-operator", hostile_operator_, "operator");
      let_in(dir, "neighbour", neighbour_, "operator");
    };
    return options;
  }

  std::string arena_file(const Arena& arena, const char* name) {
    const auto file = stack_.dir() / name;
    write_arena(file, arena);
    return file;
  }

  std::vector<tl::expected<Load, std::string>> lead(const std::vector<const Attack*>& some,
                                                    const Arena& arena, double seconds) {
    const auto file = arena_file(arena, "arena.json");
    const auto program = (options_.bin_dir / "aeromq-chaos").string();
    std::vector<Attacker> attackers;
    for (const auto* attack : some)
      attackers.emplace_back(program, *attack, file, static_cast<int>(seconds * 1000));
    std::vector<tl::expected<Load, std::string>> loads;
    for (auto& attacker : attackers) loads.push_back(attacker.wait());
    return loads;
  }

  void control(double seconds) {
    const auto server = transport::make_key_pair();
    const auto folder = stack_.dir().string();
    const auto port = free_port();
    Child dummy({(options_.bin_dir / "aeromq-chaos").string(), "hostile-dummy", "--folder", folder,
                 "--port", std::to_string(port), "--public", server.public_key, "--secret",
                 server.secret_key});
    if (dummy.read_line(kReadyMs) != "ready") throw std::runtime_error("the dummy did not start");
    Honest standing(Manner::standing, arena_.clients, honest_, kHome);
    Honest fresh(Manner::fresh, arena_.clients, honest_, kHome);
    const auto loads = lead(chosen_, dummy_arena(arena_, folder, port, server), seconds);
    control_ = {standing.take(), fresh.take()};
    tell("control run, all at a dummy", loads, control_, {}, {});
  }

  void phase(Vitals& vitals, const std::vector<const Attack*>& some, double seconds) {
    vitals.begin();
    auto pending = ask_honestly();
    Honest standing(Manner::standing, arena_.clients, honest_, kHome);
    Honest fresh(Manner::fresh, arena_.clients, honest_, kHome);
    Honest neighbour(Manner::standing, arena_.clients, neighbour_, kAbroad);
    const auto loads = lead(some, arena_, seconds);
    const Measured served{standing.take(), fresh.take()};
    const auto beside = neighbour.take();
    const auto peaks = vitals.peaks();
    const auto deaths = vitals.deaths();
    const auto name = some.size() == 1
                          ? fmt::format("{} ({})", some.front()->name, some.front()->who)
                          : std::string("all at once");
    tell(name, loads, served, peaks, deaths);
    under_attack_.standing.add(served.standing);
    under_attack_.fresh.add(served.fresh);
    expect(served.standing.failures() == 0, name,
           fmt::format("standing: {}", served.standing.failed));
    expect(served.fresh.failures() == 0, name, fmt::format("fresh: {}", served.fresh.failed));
    expect(beside.failures() == 0, name,
           fmt::format("standing, from the attackers' address: {}", beside.failed));
    expect(deaths.empty(), name, fmt::format("ended: {}", fmt::join(deaths, "; ")));
    if (const auto broker = peaks.find("aeromq-broker"); broker != peaks.end())
      expect(broker->second <= options_.most_rss_mib, name,
             fmt::format("the broker had {:.0f} MiB", broker->second));
    for (std::size_t i = 0; i < some.size(); ++i)
      expect(loads[i].has_value(), name,
             fmt::format("the attacker {} ended by {}", some[i]->name,
                         loads[i] ? std::string() : loads[i].error()));
    expect(stands(pending), name, "a confirmation that was pending is gone");
    expect(back_within(kBackMs), name,
           "no new session from the attackers' address after they left");
  }

  // An honest demotion, asked for and not decided.
  struct Pending {
    std::optional<WireClient> client;
    RequestId request;
    Token token;
  };
  Pending ask_honestly() {
    Pending pending;
    WireOptions options;
    options.source = kHome;
    pending.client = WireClient::connect(context_, arena_.clients, honest_, options);
    if (!pending.client) return pending;
    pending.request = pending.client->next_id(true);
    pending.client->send(MessageType::submit, demotion_body("a", 10), pending.request);
    const auto answer = pending.client->next(kAnswerMs);
    const auto asked = answer && answer->header.type == MessageType::confirmation_asked
                           ? decode<ConfirmationAsked>(answer->body)
                           : Result<ConfirmationAsked>(fail(make_error(ErrorCode::malformed, "")));
    if (asked)
      pending.token = asked->token;
    else
      pending.client.reset();
    return pending;
  }
  bool stands(Pending& pending) {
    if (!pending.client) return false;
    pending.client->send(MessageType::abandon, encode(Abandon{pending.token}), pending.request);
    const auto answer = pending.client->next(kAnswerMs);
    if (!answer || answer->header.type != MessageType::error) return false;
    const auto error = decode<ErrorAnswer>(answer->body);
    return error && error->error.code == "ABANDONED";
  }

  bool back_within(int milliseconds) {
    const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
    WireOptions options;
    options.source = kAbroad;
    options.patience_ms = milliseconds;
    do {
      if (WireClient::connect(context_, arena_.clients, neighbour_, options)) return true;
    } while (Clock::now() < end);
    return false;
  }

  void tell(const std::string& name, const std::vector<tl::expected<Load, std::string>>& loads,
            const Measured& served, const std::map<std::string, double>& peaks,
            const std::vector<std::string>& deaths) {
    Load sum;
    for (const auto& load : loads) {
      if (!load) continue;
      sum.attempts += load->attempts;
      sum.octets += load->octets;
      sum.refused += load->refused;
    }
    const auto broker = peaks.find("aeromq-broker");
    fmt::print(
        "{:30} {:>9} offered {:>7.1f} MiB {:>7} refused | standing {}/{} p50 {:.1f} p99 {:.0f} ms "
        "| fresh {}/{} "
        "p50 {:.1f} p99 {:.0f} ms | broker {:.0f} MiB{}\n",
        name, sum.attempts, static_cast<double>(sum.octets) / (1024 * 1024), sum.refused,
        served.standing.took_ms.size() - served.standing.failures(), served.standing.took_ms.size(),
        served.standing.quantile(0.5), served.standing.quantile(0.99),
        served.fresh.took_ms.size() - served.fresh.failures(), served.fresh.took_ms.size(),
        served.fresh.quantile(0.5), served.fresh.quantile(0.99),
        broker == peaks.end() ? 0.0 : broker->second,
        deaths.empty() ? "" : " | ENDED " + fmt::format("{}", fmt::join(deaths, "; ")));
    std::fflush(stdout);
  }

  void expect(bool good, const std::string& phase, const std::string& what) {
    if (good) return;
    failed_ = true;
    fmt::print("  FAIL {}: {}\n", phase, what);
  }

  void judge(double grown_a_second) {
    const auto ratio = [](const Served& attacked, const Served& control) {
      return attacked.quantile(0.99) / std::max(1.0, control.quantile(0.99));
    };
    const auto standing = ratio(under_attack_.standing, control_.standing);
    const auto fresh = ratio(under_attack_.fresh, control_.fresh);
    fmt::print(
        "p99 under attack over the control run's: standing {:.1f}, fresh {:.1f}; the audit log "
        "grew by {:.0f} octets a second\n",
        standing, fresh, grown_a_second);
    expect(standing <= options_.most_ratio, "p99", fmt::format("standing {:.1f} times", standing));
    expect(fresh <= options_.most_ratio, "p99", fmt::format("fresh {:.1f} times", fresh));
    if (options_.audit_bound > 0)
      expect(grown_a_second <= static_cast<double>(options_.audit_bound), "audit log",
             fmt::format("{:.0f} octets a second", grown_a_second));
    expect(poll_until(kSettleMs, [this] { return stack_.serves(); }), "afterwards",
           "it does not serve");
    const auto now = stack_.status();
    expect(now && now->value("unrecorded", 1) == 0, "afterwards", "reports wait unrecorded");
    const auto dropped = stack_.read_log({"query", "--stage", "control_plane"});
    expect(dropped.out.find("reports were dropped") == std::string::npos, "afterwards",
           "reports were dropped");
    const auto ledger = stack_.ledger();
    expect(ledger.executed.empty() && ledger.rejected.empty(), "afterwards",
           "the register holds a decided request");
    stack_.stop();
    expect(stack_.read_log({"verify"}).exit_code == 0, "afterwards", "the audit log is not sound");
  }

  HostileOptions options_;
  transport::KeyPair hostile_observer_ = transport::make_key_pair();
  transport::KeyPair hostile_operator_ = transport::make_key_pair();
  transport::KeyPair neighbour_ = transport::make_key_pair();  // honest, at the attackers' address
  unsigned port_;
  Stack stack_;
  zmq::context_t context_ = transport::detail::make_context();
  transport::KeyPair honest_;
  Arena arena_;
  std::vector<const Attack*> chosen_;
  Measured control_;
  Measured under_attack_;
  bool failed_ = false;
};

}  // namespace

int run_hostile(const HostileOptions& options) {
  const auto dir = fs::temp_directory_path() / fmt::format("aeromq-hostile-{}", ::getpid());
  return HostileRun(options, dir).run();
}

}  // namespace aeromq::chaos::hostile
