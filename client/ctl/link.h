// How a verb gets its Client: from the client file, with the kill points of this process.
#pragma once
#include "client/client.h"
#include "client/ctl/output.h"

namespace aeromq::ctl {

/// `client.<step>` for every step that the library tells of.
std::vector<std::string> kill_point_names();

/// Reads the client file and connects. Error INVALID_INPUT (field `config`), or the connection's.
Result<client::Client> open_client(const Common& common);

}  // namespace aeromq::ctl
