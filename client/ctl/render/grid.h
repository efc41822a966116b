// A bordered grid of text with a title in its top border. Knows nothing of what it shows.
#pragma once
#include <string>
#include <vector>

namespace aeromq::ctl {

constexpr std::size_t kMostColumns = 60;

struct GridColumn {
  std::string heading;
  bool right = false;  ///< numbers
};

/// `rows` hold one cell per column; every text is escaped already. A cell of over kMostColumns goes
/// on in the lines below.
std::string grid_text(const std::string& title, const std::vector<GridColumn>& columns,
                      const std::vector<std::vector<std::string>>& rows);

}  // namespace aeromq::ctl
