// What happened in one situation, as it was seen from outside: samples of the servers, what clients
// were told, what the person asked and was told, what foreign hands did. Values only; judge.h
// judges them.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace aeromq::chaos::situations {

/// A stretch of the boot clock.
struct Window {
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
};

/// One server asked once, as superuser.
struct Sample {
  Window window;           ///< the question left, the answer had come
  std::string postmaster;  ///< pg_postmaster_start_time(): which one answered
  bool writable = false;
  std::uint64_t timeline = 0;
  std::uint64_t position = 0;     ///< flushed, or greatest(received, replayed)
  bool position_known = true;     ///< false: more than this may lie in its pg_wal
  std::set<std::string> streams;  ///< application_name of each sender in state streaming
  bool manager = false;           ///< a session of another manager is there
};

/// The server's process and the address that the settings name, looked at once.
struct Outside {
  Window window;
  bool runs = false;   ///< a postmaster of this PGDATA
  bool agent = false;  ///< its agent's process
  bool spoke = false;  ///< at the address in the settings: a byte of the protocol came
};

/// A row that a server told a client to be committed, without a warning.
struct Acknowledged {
  std::uint64_t id = 0;
  std::string node;
  std::string postmaster;
  Window window;  ///< the statement left, the answer had come
};

struct Server {
  std::vector<Sample> samples;
  std::vector<Outside> outside;
};

struct Check {
  std::string code;
  bool passes = false;
  bool overridable = false;
};

/// The durable role of one server, read from its files.
struct Files {
  bool standby_signal = false;
  std::uint64_t newest_history = 0;
  std::string state;             ///< of pg_controldata
  std::uint64_t checkpoint = 0;  ///< "Latest checkpoint location"
  /// Of all history files: a copied one may have any number.
  std::set<std::uint64_t> histories = {};
};
using Cluster = std::map<std::string, Files>;

/// One request of a person: shown, confirmed, answered, asked about until its answer was final.
struct Deed {
  std::string verb;     ///< demote, promote, force-promote
  std::string command;  ///< what the person typed: the verb, or switchover
  std::string node;
  std::string request;
  Window explained;              ///< asked, and the explanation had come
  Window acted;                  ///< confirmed, and the answer had come; 0: never confirmed
  std::uint64_t settled_ns = 0;  ///< when the answer was final
  std::uint64_t looked_ns = 0;   ///< when `after` was read
  std::vector<Check> checks;
  std::set<std::string> acknowledged;  ///< codes of failed checks that the person took on
  int exit_code = -1;
  std::string verdict;  ///< executed, rejected, not_executed, unknown; empty: nobody was told
  bool final = false;
  std::string code;
  std::string text;
  std::vector<std::string> verdicts;  ///< every final answer that was ever given of it
  Cluster before;
  Cluster after;
  bool disturbed = false;  ///< a foreign hand was at that server meanwhile: its files prove nothing
  bool overdue = false;    ///< the command did not end within its bound
  std::set<std::string> faults;  ///< that were at work
};

/// `inspect cluster`.
struct Look {
  Window window;
  int exit_code = -1;
  bool overdue = false;
  std::set<std::string> answered;  ///< nodes that it shows as having answered
};

/// Something that was done past the product.
struct ForeignAct {
  std::uint64_t at_ns = 0;
  std::string fault;
  std::string node;        ///< empty: no one server
  bool may_write = false;  ///< it can make this server writable
  bool may_lose = false;   ///< it can take acknowledged rows away
};

struct Story {
  std::map<std::string, Server> servers;
  std::vector<Acknowledged> acknowledged;
  std::set<std::uint64_t>
      cancelled;  ///< commits that were cancelled while they waited for a standby
  std::vector<Deed> deeds;
  std::vector<Look> looks;
  std::vector<ForeignAct> foreign;
  std::set<std::string> unlisted;  ///< nodes that stood in no settings at some time
  std::vector<Window> unlisted_at;
  bool rows_read = false;           ///< the end was reached where the rows could be read
  std::set<std::uint64_t> present;  ///< at the end
  std::map<std::string, std::uint64_t>
      discarded;  ///< servers that a person made anew, and since when their rows count for nothing
  bool whole = false;     ///< after the cures the cluster became whole again
  bool switched = false;  ///< and an ordinary switchover worked
  std::string way;        ///< what stood in the way, if not
};

}  // namespace aeromq::chaos::situations
