// People with honest work while others attack: one who stays connected and looks ten times a
// second, and one who connects anew for each look, as aeromq-ctl does. What they were served, and
// how long it took, is the measure of everything here.
#pragma once
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "chaos/hostile/arena.h"
#include "chaos/hostile/wire_client.h"

namespace aeromq::chaos::hostile {

struct Served {
  std::vector<double> took_ms;             ///< of each look, also of one that failed
  std::map<std::string, unsigned> failed;  ///< why, and how often

  unsigned failures() const;
  double quantile(double part) const;  ///< of took_ms, in milliseconds; 0 if there is none
  void add(const Served& more);
};

enum class Manner { standing, fresh };

class Honest {
 public:
  /// Begins to look, from `source`.
  Honest(Manner manner, Door door, transport::KeyPair keys, std::string source);
  ~Honest() = default;  // the thread is told to stop and waited for
  /// What was served since the last call.
  Served take();

 private:
  void look_on(const std::stop_token& stop);
  void look_once(std::optional<WireClient>& client, zmq::context_t& context);
  Manner manner_;
  Door door_;
  transport::KeyPair keys_;
  std::string source_;
  std::mutex mutex_;
  Served served_;
  std::jthread thread_;
};

}  // namespace aeromq::chaos::hostile
