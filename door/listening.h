// The door's own listening sockets.
#pragma once
#include <string>
#include <vector>

#include "messages/result.h"

namespace aeromq::door {

/// Descriptors that listen at every place of the endpoint, non-blocking. Error INVALID_INPUT, field
/// `endpoint`: it is no endpoint, its name is not resolved, or the system refuses.
Result<std::vector<int>> listen_at(const std::string& endpoint);

/// Closes them; of an ipc endpoint the file goes too, so that nobody waits there.
void stop_listening(const std::string& endpoint, std::vector<int>& descriptors);

/// A non-blocking unix socket, bound to an abstract `name` (if there is one) and on its way to
/// `endpoint`. -1: errno says why; EAGAIN: the other end has too many that it has not accepted.
int connect_inside(const std::string& endpoint, const std::string& name);

}  // namespace aeromq::door
