#include "chaos/stack/stack.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "chaos/stack/processes.h"
#include "messages/limits.h"

namespace aeromq::chaos {
namespace {

namespace fs = std::filesystem;

constexpr int kStartMs = 60000;
constexpr int kCommandMs = 30000;
constexpr int kSettleMs = 40000;
constexpr int kEndMs = 10000;
constexpr int kLineMs = 1;
constexpr std::array kPrograms{"aeromq-broker",       "aeromq-authority-gate",
                               "aeromq-explainer",    "aeromq-confirmation-keeper",
                               "aeromq-audit-writer", "aeromq-dispatcher",
                               "aeromq-audit-reader", "aeromq-kernel",
                               "aeromq-ctl"};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  const auto fresh = path.string() + ".new";
  std::ofstream(fresh, std::ios::binary) << text;
  fs::rename(fresh, path);
}

// In every table, or in `table` alone.
void replace_setting(const fs::path& path, const std::string& key, const std::string& value,
                     const std::string& table = {}) {
  std::istringstream lines(read_file(path));
  std::string out;
  std::string now;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) now = line;
    const bool meant = (table.empty() || now == table) && line.starts_with(key + " ");
    out += (meant ? key + " = " + value : line) + "\n";
  }
  write_file(path, out);
}

// What people and programs of the harness ask in a minute is more than one principal may.
void widen_limits(const fs::path& path) {
  const Limits limits;
  each_limit(limits, [&](const std::string& name, std::uint64_t, std::uint64_t least,
                         std::uint64_t most) {
    const bool of_all = name.starts_with("all_") || name == "share" || name.starts_with("open_of");
    if (least > 0 && !of_all) replace_setting(path, name, std::to_string(most), "[limits]");
  });
}

}  // namespace

bool poll_until(int timeout_ms, const std::function<bool()>& condition) {
  constexpr int kStepMs = 10;
  for (int waited = 0; waited <= timeout_ms; waited += kStepMs) {
    if (condition()) return true;
    ::poll(nullptr, 0, kStepMs);
  }
  return false;
}

std::vector<std::string> Stack::environment() const {
  if (!is_traced_) return {};
  return {"AEROMQ_KILL_FILE=" + (dir_ / "kill").string(),
          "AEROMQ_KILL_TRACE=" + (dir_ / "trace").string()};
}

Stack::Stack(const fs::path& bin_dir, fs::path dir, const StackOptions& options)
    : bin_(fs::canonical(bin_dir)),
      dir_(std::move(dir)),
      cluster_(options.cluster),
      programs_(options.programs),
      is_traced_(options.traced) {
  start();  // the first start makes the directory
  if (options.settings.empty() && !options.prepare && !options.wide_limits) return;
  stop();
  if (options.wide_limits) widen_limits(dir_ / "aeromq.toml");
  for (const auto& [key, value] : options.settings)
    replace_setting(dir_ / "aeromq.toml", key, value);
  if (options.prepare) options.prepare(dir_);
  start();
}

Stack::~Stack() {
  stop();
  std::error_code ignored;
  if (!kept_) fs::remove_all(dir_, ignored);
}

void Stack::start() {
  std::vector<std::string> words{bin_ / "aeromq",           "up", "--dir", dir_,
                                 "--most-restart-delay-ms", "20"};
  // The folder that it makes keeps them, and a test may change it.
  if (!fs::exists(dir_ / "aeromq.toml"))
    words.insert(words.end(), cluster_.begin(), cluster_.end());
  if (!programs_.empty()) words.insert(words.end(), {"--bin-dir", programs_});
  up_ = std::make_unique<Child>(words, environment());
  for (;;) {
    const auto line = up_->read_line(kStartMs);
    if (!line) {
      const auto ended = std::exchange(up_, nullptr)->wait(kEndMs);
      throw std::runtime_error("aeromq up did not become ready:\n" + said_ + ended.err);
    }
    said_ += *line + "\n";
    if (*line == "ready") return;
  }
}

void Stack::stop() {
  if (!up_) return;
  up_->kill(SIGTERM);
  up_->kill(SIGCONT);
  said_ += up_->wait(kCommandMs).out;
  up_.reset();
}

void Stack::hold_supervisor() { up_->kill(SIGSTOP); }
void Stack::release_supervisor() { up_->kill(SIGCONT); }

std::vector<std::string> Stack::news() {
  says("\n", 0);
  std::vector<std::string> lines;
  for (auto end = said_.find('\n', told_); end != std::string::npos;
       end = said_.find('\n', told_)) {
    lines.push_back(said_.substr(told_, end - told_));
    told_ = end + 1;
  }
  return lines;
}

bool Stack::says(const std::string& text, int timeout_ms) {
  return poll_until(timeout_ms, [&] {
    while (up_) {
      const auto line = up_->read_line(kLineMs);
      if (!line) break;
      said_ += *line + "\n";
    }
    return said_.find(text) != std::string::npos;
  });
}

std::vector<std::string> Stack::ctl_words(const std::string& who, const std::string& format,
                                          std::vector<std::string> arguments) const {
  std::vector<std::string> words{bin_ / "aeromq-ctl", "-c", dir_ / "clients" / (who + ".toml"),
                                 "-o", format};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Ended Stack::kernel(std::vector<std::string> arguments) {
  std::vector<std::string> words{bin_ / "aeromq-kernel"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--config", dir_ / "aeromq.toml"});
  return run(words, kCommandMs);
}

Ended Stack::ctl(const std::string& who, std::vector<std::string> arguments) {
  return run(ctl_words(who, "json", std::move(arguments)), kCommandMs, environment());
}

std::unique_ptr<Child> Stack::two_step(const std::string& who, std::vector<std::string> arguments) {
  arguments.push_back("--two-step");
  return std::make_unique<Child>(ctl_words(who, "json", std::move(arguments)), environment());
}

std::optional<nlohmann::json> Stack::inspect(std::vector<std::string> arguments) {
  const auto ended = ctl("operator", std::move(arguments));
  if (ended.exit_code != 0) return std::nullopt;
  auto parsed = nlohmann::json::parse(ended.out, nullptr, false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

std::optional<nlohmann::json> Stack::status() { return inspect({"status"}); }

Ended Stack::read_log(std::vector<std::string> arguments) {
  std::vector<std::string> words{bin_ / "aeromq-ctl", "-o", "json", "audit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--log", dir_ / "audit"});
  return run(words, kCommandMs);
}

void Stack::arm(const std::string& point, const std::string& action) {
  write_file(dir_ / "kill", point + " 1 " + action + "\n");
}
bool Stack::armed() const { return fs::exists(dir_ / "kill"); }
void Stack::disarm() {
  std::error_code ignored;
  fs::remove(dir_ / "kill", ignored);
}

std::vector<std::string> Stack::kill_points() const {
  std::vector<std::string> points;
  for (const auto* program : kPrograms) {
    std::istringstream lines(run({bin_ / program, "--list-kill-points"}, kCommandMs).out);
    for (std::string line; std::getline(lines, line);) points.push_back(line);
  }
  return points;
}

std::vector<Pass> Stack::passes() {
  std::ifstream file(dir_ / "trace", std::ios::binary);
  file.seekg(static_cast<std::streamoff>(traced_));
  std::vector<Pass> passed;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    traced_ += line.size() + 1;
    std::istringstream words(line);
    Pass pass;
    if (words >> pass.boot_ns >> pass.pid >> pass.point) passed.push_back(std::move(pass));
  }
  return passed;
}

std::vector<std::string> Stack::hits() {
  std::vector<std::string> points;
  for (auto& pass : passes())
    if (std::ranges::find(points, pass.point) == points.end())
      points.push_back(std::move(pass.point));
  return points;
}

// A part that died a moment ago may still count as alive at the broker: its process tells.
bool Stack::serves() {
  for (const auto* beside : {"aeromq-door", "aeromq-feed"})  // no parts of the broker's word
    if (pid_of(beside) <= 0) return false;
  const auto now = status();
  if (!now) return false;
  for (const auto& part : (*now)["parts"])
    if (!part["alive"].get<bool>() || !is_alive(part["pid"].get<pid_t>())) return false;
  const auto cluster = inspect({"inspect", "cluster"});
  if (!cluster) return false;
  return std::ranges::none_of((*cluster)["nodes"],
                              [](const auto& node) { return node["stale"] == true; });
}

bool Stack::settle() {
  disarm();
  says("\n", 0);  // an unread pipe would stop the supervisor in the end
  return poll_until(kSettleMs, [&] { return serves(); });
}

pid_t Stack::pid_of(const std::string& process) const {
  return find_process((bin_ / process).string(), dir_.string() + "/", " reporter ");
}

bool Stack::end_all_epochs() {
  const auto kernel = pid_of("aeromq-kernel");
  if (kernel > 0) ::kill(kernel, SIGKILL);
  return settle();
}

}  // namespace aeromq::chaos
