// The one authenticator of a process (RFC 27): which key or uid may connect where, and as whom.
// Fails closed: with no handler, or an unknown domain, nobody connects (option 93).
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "messages/result.h"

namespace aeromq::transport {

/// Who may connect to listeners of one ZAP domain. Exactly one of the maps is used.
struct ZapRules {
  std::map<std::string, std::string> keys;  ///< CURVE: Z85 public key -> user id
  std::set<unsigned> uids;                  ///< NULL on ipc: uids let in, user id "uid:<n>"
};

/// Owns the zmq context and the ZAP thread. Outlives its Listeners and Publishers (its destructor
/// waits for them).
class Context {
 public:
  /// Seeds libzmq's routing ids from the kernel's randomness, starts ZAP, and proves with a
  /// stranger's key that it refuses (self-test). Error: anything of that failed.
  static Result<std::unique_ptr<Context>> start(std::map<std::string, ZapRules> domains);
  ~Context();
  void* handle() const;  ///< the zmq::context_t
  /// Other rules for a domain, for connections that are made from now on. False: keys or user ids
  /// are no such, and the rules stay as they were. Any thread.
  bool replace(const std::string& domain, ZapRules rules);

 private:
  struct Impl;
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aeromq::transport
