// Where a client connects and as whom: what a client file (clients/*.toml) says.
#pragma once
#include <string>

#include "messages/result.h"

namespace aeromq::client {

struct ClientSettings {
  std::string endpoint;    ///< ipc://... or tcp://host:port
  std::string server_key;  ///< the broker's public key, Z85
  std::string public_key;  ///< this principal's pair, Z85
  std::string secret_key;
  std::string feed;             ///< the observer feed's endpoint; empty = not told
  std::string name = "client";  ///< for the broker's log
};

/// Reads a client file. Error INVALID_INPUT, field `config`: names every fault at once.
Result<ClientSettings> read_settings(const std::string& path);

}  // namespace aeromq::client
