// The kill matrix as a document: which point is reached by which classes of command, and what the
// person saw. Made from a run, never by hand.
#pragma once
#include <map>
#include <set>
#include <string>

#include "chaos/stack/person.h"

namespace aeromq::chaos {

class KillDocument {
 public:
  void add(const std::string& point, const std::string& command_class, const Attempt& attempt);
  void add_unreached(const std::string& point, const std::string& why);
  std::string text(const std::vector<std::string>& classes) const;

 private:
  std::map<std::string, std::map<std::string, std::set<std::string>>> seen_;  // point, class, what
  std::map<std::string, std::string> unreached_;
};

}  // namespace aeromq::chaos
