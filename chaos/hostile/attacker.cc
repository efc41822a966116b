#include "chaos/hostile/attacker.h"

#include <fmt/core.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "process/files.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kNice = 19;
constexpr int kGraceMs = 20000;
constexpr rlim_t kDescriptors = 8192;

nlohmann::json as_json(const Door& door) {
  return {{"endpoint", door.endpoint}, {"server_key", door.server_key}};
}
nlohmann::json as_json(const transport::KeyPair& keys) {
  return {{"public_key", keys.public_key}, {"secret_key", keys.secret_key}};
}
Door door_of(const nlohmann::json& json) { return {json.at("endpoint"), json.at("server_key")}; }
transport::KeyPair keys_of(const nlohmann::json& json) {
  return {json.at("public_key"), json.at("secret_key")};
}

Arena read_arena(const std::string& file) {
  const auto json = nlohmann::json::parse(std::ifstream(file));
  Arena arena;
  arena.clients = door_of(json.at("clients"));
  arena.feed = door_of(json.at("feed"));
  arena.nodes = door_of(json.at("nodes"));
  arena.observer = keys_of(json.at("observer"));
  arena.operator_ = keys_of(json.at("operator"));
  arena.node = keys_of(json.at("node"));
  arena.source = json.at("source");
  return arena;
}

// All attackers share the first core, behind everybody else.
void step_back() {
  ::setpriority(PRIO_PROCESS, 0, kNice);
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  ::sched_setaffinity(0, sizeof first, &first);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<Attack> join_all() {
  std::vector<Attack> all;
  for (const auto some :
       {strangers_attacks(), frames_attacks(), messages_attacks(), feed_attacks(), nodes_attacks()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace

std::span<const Attack> attacks() {
  static const auto all = join_all();
  return all;
}

void write_arena(const std::string& file, const Arena& arena) {
  const nlohmann::json json{{"clients", as_json(arena.clients)},
                            {"feed", as_json(arena.feed)},
                            {"nodes", as_json(arena.nodes)},
                            {"observer", as_json(arena.observer)},
                            {"operator", as_json(arena.operator_)},
                            {"node", as_json(arena.node)},
                            {"source", arena.source}};
  if (auto written = process::write_file(file, json.dump()); !written)
    throw std::runtime_error(written.error().message);
}

int lead_attack(const std::string& name, const std::string& arena_file, int milliseconds) {
  const auto found = std::ranges::find(attacks(), name, &Attack::name);
  if (found == attacks().end()) throw std::runtime_error("no attack is called " + name);
  step_back();
  const auto arena = read_arena(arena_file);
  const auto load = found->lead(arena, Clock::now() + std::chrono::milliseconds(milliseconds));
  fmt::print("{} {} {}\n", load.attempts, load.octets, load.refused);
  return 0;
}

Attacker::Attacker(const std::string& program, const Attack& attack, const std::string& arena_file,
                   int milliseconds)
    : milliseconds_(milliseconds),
      child_(std::make_unique<Child>(std::vector<std::string>{
          program, "hostile-attacker", "--attack", std::string(attack.name), "--arena", arena_file,
          "--milliseconds", std::to_string(milliseconds)})) {}

tl::expected<Load, std::string> Attacker::wait() {
  const auto ended = child_->wait(milliseconds_ + kGraceMs);
  Load load;
  if (ended.exit_code == 0 && std::sscanf(ended.out.c_str(), "%lu %lu %lu", &load.attempts,
                                          &load.octets, &load.refused) == 3)
    return load;
  // libzmq 4.3.4 aborts a client that is cut off while it is not reading: the attack is over.
  if (ended.err.find("Assertion failed: !_io_error") != std::string::npos) return Load{1, 0, 1};
  return tl::unexpected(fmt::format("exit code {}: {}", ended.exit_code, ended.err));
}

}  // namespace aeromq::chaos::hostile
