#include "client/ctl/render/grid.h"

#include <algorithm>

#include "client/ctl/render/escape.h"

namespace aeromq::ctl {
namespace {

using Lines = std::vector<std::string>;

std::string padded(const std::string& text, std::size_t to, bool right) {
  const auto have = width(text);
  const std::string fill(to > have ? to - have : 0, ' ');
  return right ? fill + text : text + fill;
}

std::string border(const std::vector<std::size_t>& widths) {
  std::string line = "+";
  for (const auto columns : widths) line += std::string(columns + 2, '-') + '+';
  return line;
}

/// The title stands over the border's dashes; where it ends, the border goes on.
std::string titled(const std::string& title, const std::string& line) {
  if (title.empty()) return line;
  const auto text = "+ " + title + " ";
  const auto used = width(text);
  return used < line.size() ? text + line.substr(used) : text + '+';
}

}  // namespace

std::string grid_text(const std::string& title, const std::vector<GridColumn>& columns,
                      const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<Lines>> cells;  // of each row and column
  std::vector<std::size_t> widths;
  for (const auto& column : columns) widths.push_back(width(column.heading));
  for (const auto& row : rows) {
    auto& made = cells.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      made.push_back(folded(i < row.size() ? row[i] : "", kMostColumns));
      for (const auto& line : made.back()) widths[i] = std::max(widths[i], width(line));
    }
  }
  const auto line = border(widths);
  std::string text = titled(title, line) + '\n';
  const auto put_row = [&](auto cell_of) {
    text += '|';
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += ' ' + padded(cell_of(i), widths[i], columns[i].right) + " |";
    text += '\n';
  };
  put_row([&](std::size_t i) { return columns[i].heading; });
  text += line + '\n';
  for (const auto& row : cells) {
    const auto height = std::ranges::max(row, {}, &Lines::size).size();
    for (std::size_t at = 0; at < height; ++at)
      put_row([&](std::size_t i) { return at < row[i].size() ? row[i][at] : std::string(); });
  }
  return text + line + '\n';
}

}  // namespace aeromq::ctl
