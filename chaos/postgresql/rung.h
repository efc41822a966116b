// The rung of PostgreSQL: drills at every step of every action, and the soak.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace aeromq::chaos::postgresql {

struct RungOptions {
  std::filesystem::path bin_dir;
  std::string only;  ///< drills whose name contains this
  std::vector<std::string> verbs{"demote", "promote", "force-promote"};
  bool asynchronous = false;
  unsigned sample = 0;  ///< that many drills, chosen by the seed; 0: all
  unsigned part = 0;
  unsigned parts = 1;
  std::uint64_t seed = 1;
  bool list = false;  ///< print the drills, do none
};

/// 0 only if nothing was found.
int run_drills(const RungOptions& options);

struct SoakOptions {
  std::filesystem::path bin_dir;
  unsigned switchovers = 50;
  bool kills = false;
  bool asynchronous = false;
  std::uint64_t seed = 1;
};

/// Demote and promote the next, again and again. 0 only if nothing was found.
int run_soak(const SoakOptions& options);

}  // namespace aeromq::chaos::postgresql
