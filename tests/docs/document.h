// Reads what the tests need out of a Markdown document: its tables, its fenced blocks, its words in
// back-ticks. Never judges; a line that is not there is an empty answer.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace aeromq::docs {

using Cells = std::vector<std::string>;

class Document {
 public:
  /// The lines of a file; none if it cannot be read.
  static Document read(const std::string& path);
  explicit Document(std::vector<std::string> lines) : lines_(std::move(lines)) {}

  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }

  /// Index just after the first line that begins with `start`; lines().size() if there is none.
  std::size_t after(std::string_view start) const;
  /// The rows (without the two of the heading) of the first table at or after line `from`.
  std::vector<Cells> table(std::size_t from) const;
  /// The same for the first table whose heading is exactly these cells.
  std::vector<Cells> table_headed(const Cells& heading) const;
  /// The lines of the first fenced block at or after line `from`, joined by newlines.
  std::string block(std::size_t from) const;

 private:
  std::vector<std::string> lines_;
};

/// The cells of a table line, trimmed; `\|` is no border. Empty if it is no table line.
Cells cells_of(std::string_view line);

/// Every text between back-ticks, in order.
std::vector<std::string> quoted_words(std::string_view line);

/// The text without back-ticks.
std::string plain(std::string_view cell);

}  // namespace aeromq::docs
