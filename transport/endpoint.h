// Endpoints as text: what may be bound or connected, and whether it is free. No zmq in here, so
// that a process without sockets (the supervisor) can ask too.
#pragma once
#include <string>
#include <string_view>

#include "messages/result.h"

namespace aeromq::transport {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";
constexpr std::size_t kMaxSocketPath = 107;  ///< octets of a unix socket's path, without its NUL

/// What is wrong with its form, in words that go on from its name; empty: nothing.
std::string endpoint_fault(const std::string& endpoint);

/// Error INVALID_INPUT, field `endpoint`: not ipc or tcp, not of the form, abstract or too long ipc
/// path, tcp without CURVE.
Result<void> check_endpoint(const std::string& endpoint, bool curve);

/// Error INVALID_INPUT, field `endpoint`: the path of a unix socket is too long for the system.
Result<void> check_socket_path(const std::string& path);

/// Error INVALID_INPUT, field `endpoint`: somebody accepts connections there, a file that is no
/// socket stands in the way, or it is no address of this machine. A dead socket is free. A hint for
/// people: only bind() decides. A name is resolved, which may take seconds.
Result<void> check_free(const std::string& endpoint);

}  // namespace aeromq::transport
