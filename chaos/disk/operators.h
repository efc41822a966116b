// People at work while the disk fails: connections of their own that look, promote, demote, confirm
// and abandon, by a seed, and note what they asked and what they were told. They try nothing twice.
#pragma once
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

#include "chaos/disk/notebook.h"
#include "client/client.h"

namespace aeromq::chaos::disk {

/// One person with one connection.
class Person {
 public:
  /// `client_file` says as whom; `lane` is their lane of the history.
  Person(const std::filesystem::path& client_file, std::string lane, Notebook& notebook,
         std::uint64_t seed);

  /// False once the connection has ended (or never began).
  bool connected();
  /// inspect_cluster_state; the holder of write authority, empty if nobody has it.
  std::optional<std::string> look();
  /// One promotion or demotion, mostly one that the kernel would execute, mostly confirmed.
  /// Returns the last thing told.
  Event change();
  /// One demotion or promotion, confirmed.
  Event change(const std::string& holder, bool confirmed);
  /// What became of `request`.
  Event outcome(const std::string& request);

 private:
  Event ask(CommandName name, Submit command, const std::string& what, bool confirmed);
  Event tell(Event asked, const Result<client::Answer>& answer);
  std::string lane_;
  Notebook& notebook_;
  std::mt19937_64 random_;
  std::optional<client::Client> client_;
  std::string holder_;
};

/// Two operators and an observer, each in a thread of its own, until stop().
class Operators {
 public:
  Operators(const std::filesystem::path& clients, Notebook& notebook, std::uint64_t seed);
  ~Operators() { stop(); }
  /// Returns when each has been told about what it asked last.
  void stop();

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace aeromq::chaos::disk
