#include "chaos/stack.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "messages/ids.h"

namespace aeromq::chaos {
namespace {

namespace fs = std::filesystem;

constexpr int kStartMs = 60000;
constexpr int kCommandMs = 30000;
constexpr int kSettleMs = 40000;
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

void replace_setting(const fs::path& path, const std::string& key, const std::string& value) {
  std::istringstream lines(read_file(path));
  std::string out;
  for (std::string line; std::getline(lines, line);)
    out += (line.rfind(key + " ", 0) == 0 ? key + " = " + value : line) + "\n";
  write_file(path, out);
}

}  // namespace

bool poll_until(int timeout_ms, const std::function<bool()>& condition) {
  constexpr int kStepMs = 20;
  for (int waited = 0; waited <= timeout_ms; waited += kStepMs) {
    if (condition()) return true;
    ::poll(nullptr, 0, kStepMs);
  }
  return false;
}

std::vector<std::string> Stack::environment() const {
  return {"AEROMQ_KILL_FILE=" + (dir_ / "kill").string(),
          "AEROMQ_KILL_TRACE=" + (dir_ / "trace").string()};
}

Stack::Stack(fs::path bin_dir, fs::path dir) : bin_(std::move(bin_dir)), dir_(std::move(dir)) {
  // The first start makes the directory; then the clocks of the drill are shortened.
  for (const bool first : {true, false}) {
    up_ = std::make_unique<Child>(
        std::vector<std::string>{bin_ / "aeromq", "up", "--dir", dir_, "--nodes", "a,b,c",
                                 "--most-restart-delay-ms", "20"},
        environment());
    for (;;) {
      const auto line = up_->read_line(kStartMs);
      if (!line)
        throw std::runtime_error("aeromq up did not become ready:\n" + up_->wait(1000).err);
      if (*line == "ready") break;
    }
    if (!first) break;
    up_->kill(SIGTERM);
    up_->wait(kCommandMs);
    replace_setting(dir_ / "aeromq.toml", "stale_after_ms", "1500");
  }
}

Stack::~Stack() {
  up_->kill(SIGTERM);
  up_->wait(kCommandMs);
  std::error_code ignored;
  fs::remove_all(dir_, ignored);
}

Ended Stack::ctl(const std::string& who, std::vector<std::string> arguments) {
  std::vector<std::string> words{bin_ / "aeromq-ctl", "-c", dir_ / "clients" / (who + ".toml"),
                                 "-o", "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run(words, kCommandMs, environment());
}

std::unique_ptr<Child> Stack::two_step(const std::string& who, std::vector<std::string> arguments) {
  std::vector<std::string> words{bin_ / "aeromq-ctl", "-c", dir_ / "clients" / (who + ".toml"),
                                 "-o", "json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.push_back("--two-step");
  return std::make_unique<Child>(words, environment());
}

std::optional<nlohmann::json> Stack::inspect(std::vector<std::string> arguments) {
  const auto ended = ctl("operator", std::move(arguments));
  if (ended.exit_code != 0) return std::nullopt;
  auto parsed = nlohmann::json::parse(ended.out, nullptr, false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

Ended Stack::read_log(std::vector<std::string> arguments) {
  std::vector<std::string> words{bin_ / "aeromq-ctl", "-o", "json", "audit"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--log", dir_ / "audit"});
  return run(words, kCommandMs);
}

void Stack::arm(const std::string& point) { write_file(dir_ / "kill", point + " 1 kill\n"); }
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

std::vector<std::string> Stack::hits() {
  const auto path = dir_ / "trace";
  std::istringstream lines(read_file(path));
  std::error_code ignored;
  fs::resize_file(path, 0, ignored);
  std::vector<std::string> points;
  for (std::string line; std::getline(lines, line);)
    if (std::ranges::find(points, line) == points.end()) points.push_back(line);
  return points;
}

bool Stack::settle() {
  disarm();
  up_->drain();
  constexpr int kLookEveryMs = 50;
  return poll_until(kSettleMs, [&] {
    ::poll(nullptr, 0, kLookEveryMs);
    const auto status = inspect({"status"});
    if (!status) return false;
    for (const auto& part : (*status)["parts"])
      if (!part["alive"].get<bool>()) return false;
    const auto cluster = inspect({"inspect", "cluster"});
    if (!cluster) return false;
    return std::ranges::none_of((*cluster)["nodes"],
                                [](const auto& node) { return node["stale"] == true; });
  });
}

pid_t Stack::pid_of(const std::string& process) const {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) continue;
    auto words = read_file(entry.path() / "cmdline");
    std::ranges::replace(words, '\0', ' ');
    if (words.rfind((bin_ / process).string() + " ", 0) == 0 &&
        words.find(dir_.string()) != std::string::npos &&
        words.find(" reporter ") == std::string::npos)
      return static_cast<pid_t>(std::stoi(name));
  }
  return -1;
}

bool Stack::end_all_epochs() {
  const auto kernel = pid_of("aeromq-kernel");
  if (kernel > 0) ::kill(kernel, SIGKILL);
  return settle();
}

Stack::Ledger Stack::ledger() const {
  Ledger ledger;
  sqlite3* database = nullptr;
  const auto path = (dir_ / "kernel" / "register.sqlite").string();
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
    throw std::runtime_error("cannot read " + path);
  sqlite3_busy_timeout(database, kCommandMs);
  const auto each = [&](const char* sql, auto take) {
    sqlite3_stmt* query = nullptr;
    if (sqlite3_prepare_v2(database, sql, -1, &query, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(database));
    while (sqlite3_step(query) == SQLITE_ROW) take(query);
    sqlite3_finalize(query);
  };
  each("SELECT request, executed FROM ledger", [&](sqlite3_stmt* row) {
    const auto* octets = static_cast<const std::uint8_t*>(sqlite3_column_blob(row, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, 0));
    const auto id = RequestId::from(ByteView(octets, size));
    const bool executed = sqlite3_column_int(row, 1) != 0;
    if (id) (executed ? ledger.executed : ledger.rejected).insert(id->text());
  });
  each("SELECT value FROM meta WHERE key = 'fencing_epoch'", [&](sqlite3_stmt* row) {
    ledger.fencing_epoch = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0));
  });
  sqlite3_close(database);
  return ledger;
}

}  // namespace aeromq::chaos
