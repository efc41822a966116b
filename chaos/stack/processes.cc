#include "chaos/stack/processes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace aeromq::chaos {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

pid_t find_process(const std::string& program, const std::string& argument,
                   const std::string& without) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    auto words = read_file(entry.path() / "cmdline");
    std::ranges::replace(words, '\0', ' ');
    if (words.starts_with(program + " ") && words.find(argument) != std::string::npos &&
        words.find(without) == std::string::npos)
      return static_cast<pid_t>(std::stoi(name));
  }
  return -1;
}

bool is_alive(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end = stat.rfind(") ");
  return end != std::string::npos && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

}  // namespace aeromq::chaos
