#include "bench/slice.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace aeromq::bench {
namespace {

double quantile_us(const std::vector<std::uint64_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return static_cast<double>(sorted[static_cast<std::size_t>(last * part)]) / 1e3;
}

}  // namespace

void Measured::add(Clock::time_point begin, const std::string& verdict) {
  const auto took = std::chrono::nanoseconds(Clock::now() - begin).count();
  latency_ns_.push_back(static_cast<std::uint64_t>(took));
  if (!verdict.empty()) ++verdicts_[verdict];
}

std::string Measured::to_json(const Slice& slice) const {
  auto sorted = latency_ns_;
  std::ranges::sort(sorted);
  const double seconds = std::chrono::duration<double>(end_ - start_).count();
  nlohmann::json line{{"kind", slice.kind},
                      {"outstanding", slice.outstanding},
                      {"ops", ops()},
                      {"seconds", seconds},
                      {"rate", seconds > 0 ? static_cast<double>(ops()) / seconds : 0},
                      {"p50_us", quantile_us(sorted, 0.5)},
                      {"p99_us", quantile_us(sorted, 0.99)},
                      {"verdicts", verdicts_},
                      {"odd", odd_}};
  return line.dump();
}

int serve(const std::function<Measured(const Slice&)>& load) {
  std::cout << nlohmann::json{{"ready", true}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    Slice slice;
    int duration_ms = 0;
    if (!(words >> slice.kind >> slice.outstanding >> duration_ms) || slice.outstanding < 1) {
      std::cerr << "not a slice: " << line << std::endl;
      return 2;
    }
    slice.duration = std::chrono::milliseconds(duration_ms);
    std::cout << load(slice).to_json(slice) << std::endl;
  }
  return 0;
}

}  // namespace aeromq::bench
