// YAML 1.2 of a JSON value: block style, every doubtful scalar in double quotes.
#pragma once
#include "client/ctl/render/json.h"

namespace aeromq::ctl {

/// The whole document, ending with a new line.
std::string yaml_text(const Json& value);

}  // namespace aeromq::ctl
