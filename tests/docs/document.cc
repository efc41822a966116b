#include "document.h"

#include <fstream>

namespace aeromq::docs {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

}  // namespace

Document Document::read(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return Document(std::move(lines));
}

std::size_t Document::after(std::string_view start) const {
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (lines_[i].starts_with(start)) return i + 1;
  return lines_.size();
}

std::vector<Cells> Document::table(std::size_t from) const {
  while (from < lines_.size() && !lines_[from].starts_with('|')) ++from;
  std::vector<Cells> rows;
  for (std::size_t i = from + 2; i < lines_.size() && lines_[i].starts_with('|'); ++i)
    rows.push_back(cells_of(lines_[i]));
  return rows;
}

std::vector<Cells> Document::table_headed(const Cells& heading) const {
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (cells_of(lines_[i]) == heading) return table(i);
  return {};
}

std::string Document::block(std::size_t from) const {
  while (from < lines_.size() && !lines_[from].starts_with("```")) ++from;
  std::string text;
  for (std::size_t i = from + 1; i < lines_.size() && !lines_[i].starts_with("```"); ++i)
    text += (text.empty() ? "" : "\n") + lines_[i];
  return text;
}

Cells cells_of(std::string_view line) {
  Cells cells;
  if (!line.starts_with('|')) return cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += line[++i];
    } else if (line[i] == '|') {
      cells.push_back(trimmed(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

std::vector<std::string> quoted_words(std::string_view line) {
  std::vector<std::string> words;
  for (auto open = line.find('`'); open != std::string_view::npos;) {
    const auto close = line.find('`', open + 1);
    if (close == std::string_view::npos) break;
    words.emplace_back(line.substr(open + 1, close - open - 1));
    open = line.find('`', close + 1);
  }
  return words;
}

std::string plain(std::string_view cell) {
  std::string text;
  for (char c : cell)
    if (c != '`') text += c;
  return text;
}

}  // namespace aeromq::docs
