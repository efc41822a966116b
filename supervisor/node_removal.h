// Whether a node may leave a PostgreSQL cluster: what one look and the register say against it, and
// what nobody could tell. Pure.
#pragma once
#include "kernel/postgresql/sample.h"
#include "kernel/postgresql/service/grants.h"

namespace aeromq::supervisor {

/// All that is known beside the look.
struct RemovalFacts {
  std::string node;
  std::string holder;  ///< as the register has it
  std::string last_primary;
  std::vector<postgresql::Grant> unsettled;
  std::string synchronous_standby_names;  ///< as the settings declare it
};

/// Both empty: it may leave.
struct RemovalWords {
  std::vector<std::string> against;  ///< whatever a person says
  std::vector<std::string> unknown;  ///< a person may know better
};
RemovalWords removal_words(const postgresql::ClusterSample& sample, const RemovalFacts& facts);

}  // namespace aeromq::supervisor
