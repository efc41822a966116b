#include <algorithm>
#include <stdexcept>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {

const std::vector<Fault>& catalogue() {
  static const auto all = [] {
    std::vector<Fault> faults;
    for (const auto& kind :
         {configuration_faults(), name_faults(), address_faults(), right_faults(), limit_faults(),
          disk_faults(), clock_faults(), leftover_faults(), manager_faults(), foreign_faults(),
          member_faults(), hang_faults(), replication_faults(), crash_faults()})
      faults.insert(faults.end(), kind.begin(), kind.end());
    return faults;
  }();
  return all;
}

const Fault& fault_named(const std::string& name) {
  const auto found = std::ranges::find(catalogue(), name, &Fault::name);
  if (found == catalogue().end()) throw std::runtime_error("no fault is called " + name);
  return *found;
}

}  // namespace aeromq::chaos::situations
