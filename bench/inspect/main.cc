// Measures how long a look at a PostgreSQL cluster takes: as many looks as asked for, one after the
// other, over connections that stay. bench/inspect/run starts the cluster and breaks it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "kernel/postgresql/sight/sampler.h"
#include "process/entry.h"

namespace {

using aeromq::postgresql::ClusterSettings;
using aeromq::postgresql::NodeSettings;
using Clock = std::chrono::steady_clock;

/// "n1=127.0.0.1:5432,n2=..." as `pg_cluster nodes` prints it.
ClusterSettings settings_of(const std::string& text) {
  ClusterSettings settings;
  settings.connection.sslmode = "disable";
  std::istringstream all(text);
  for (std::string one; std::getline(all, one, ',');) {
    const auto equals = one.find('=');
    const auto colon = one.find(':', equals);
    if (equals == one.npos || colon == one.npos) continue;
    NodeSettings node;
    node.name = one.substr(0, equals);
    node.host = one.substr(equals + 1, colon - equals - 1);
    node.port = std::strtoull(one.c_str() + colon + 1, nullptr, 10);
    // No agents here: that nobody listens is part of the look, as after a host's death.
    node.agent = "tcp://" + node.host + ":" + std::to_string(node.port + 2000);
    node.agent_key = aeromq::transport::make_key_pair().public_key;
    settings.nodes.push_back(std::move(node));
  }
  return settings;
}

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

int run_program(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "bench_inspect NODE=HOST:PORT,... LOOKS\n");
    return 2;
  }
  const auto looks = std::strtoull(arguments[2], nullptr, 10);
  const auto settings = settings_of(arguments[1]);
  aeromq::postgresql::Sampler sampler(settings, aeromq::transport::make_key_pair());
  const auto first = Clock::now();
  auto sample = sampler.look();
  const auto connecting = ms_since(first);
  std::vector<double> took;
  for (std::size_t i = 0; i < looks; ++i) {
    const auto begin = Clock::now();
    sample = sampler.look();
    took.push_back(ms_since(begin));
  }
  if (took.empty()) return 2;
  std::ranges::sort(took);
  std::size_t answered = 0;
  for (const auto& node : sample.nodes) answered += node.answered ? 1 : 0;
  std::printf(
      "%zu of %zu answered; first %.1f ms; %zu looks: median %.1f, 99th %.1f, worst %.1f ms\n",
      answered, sample.nodes.size(), connecting, took.size(), took[took.size() / 2],
      took[(took.size() - 1) * 99 / 100], took.back());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return aeromq::process::enter(count, arguments, [&] { return run_program(count, arguments); });
}
