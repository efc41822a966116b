// One aeromq-ctl --two-step that waits for its word, and the words that a program may give it.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "chaos/stack/child.h"

namespace aeromq::system_tests {

struct Asked {
  std::unique_ptr<chaos::Child> child;
  nlohmann::json pending;  ///< its first line
  std::string request;     ///< empty if it never asked

  /// Gives it `line` and waits for its end.
  chaos::Ended answer(const std::string& line);
  chaos::Ended yes() { return answer(yes_line()); }
  /// Confirms with all that was asked for.
  std::string yes_line() const;
  /// The object of yes_line, to be spoilt.
  nlohmann::json reply() const;
};

}  // namespace aeromq::system_tests
