// One `aeromq up` as a child: a whole control plane with its kernel, for as long as this lives.
// It goes down with the driver, however that ends; its directory is the caller's to remove.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <string>

#include "client/client.h"

namespace aeromq::bench {

class Plane {
 public:
  /// Starts `aeromq up` (from beside this program) in `dir`/plane with nodes a, b and c.
  explicit Plane(const std::string& dir);
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;
  ~Plane() { stop(); }

  /// A connected operator, once every stage lives and the kernel's epoch is open. Error: what it
  /// was that failed last when `patience` was over, or that `aeromq up` has ended.
  Result<client::Client> connect(std::chrono::seconds patience);

 private:
  void start();
  void stop();  ///< SIGTERM, then SIGKILL when it is not gone in time
  bool ended();
  std::string dir_;
  std::string log_;
  pid_t pid_ = -1;
};

}  // namespace aeromq::bench
