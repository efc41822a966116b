// What really became of a request, read from outside: the files of the servers, the journals of the
// agents, the register. No code of the product opens any of them, and nothing is written.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chaos/postgresql/cluster.h"

namespace aeromq::chaos::postgresql {

/// One server as its files and itself show it.
struct ServerFacts {
  bool standby_signal = false;       ///< its durable role: there = a standby
  std::uint64_t newest_history = 0;  ///< the highest NN.history of its pg_wal; 0: none
  bool running = false;
  bool answers = false;
  bool in_recovery = true;          ///< of one that answers
  std::uint64_t timeline = 0;       ///< of one that answers
  std::uint64_t position = 0;       ///< flushed, or greatest(received, replayed)
  std::set<std::string> streaming;  ///< who streams from it
};
using Facts = std::map<std::string, ServerFacts>;

Facts read_facts(const Cluster& cluster);
/// Who is writable; empty: nobody. More than one is no answer: see Observer.
std::string primary_of(const Facts& facts);
std::uint64_t highest_timeline(const Facts& facts);

/// What the journal of one agent has of one request.
struct JournalWord {
  unsigned claims = 0;
  unsigned asked = 0;  ///< times that the server was going to be touched for it
  unsigned results = 0;
  bool executed = false;  ///< of the result
  std::string code;
};
/// Throws std::runtime_error if there is a journal that can't be read.
JournalWord read_journal(const Server& server, const std::string& request);
/// Grants of the register that have no end yet.
unsigned open_grants(const std::filesystem::path& register_file);
/// Claims without a result, of all agents.
unsigned open_claims(const Cluster& cluster);

/// Whether the action had its one effect between the two readings, as the servers' files have it.
bool had_effect(const std::string& verb, const std::string& node, const Facts& before,
                const Facts& after);

/// Two different histories of one timeline, in words; empty: none.
std::vector<std::string> forks(const Cluster& cluster);

}  // namespace aeromq::chaos::postgresql
