#include "kernel/postgresql/agent/instance.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "kernel/durable.h"
#include "process/clock.h"
#include "process/files.h"

namespace aeromq::postgresql {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kControlDataMs = 10'000;
constexpr std::uint64_t kPromoteMs = 10'000;
constexpr std::uint64_t kAskMs = 10'000;
constexpr std::uint64_t kWalDumpMs = 10'000;
constexpr std::uint64_t kGraceMs = 5'000;  ///< for pg_ctl itself beyond its own -t
constexpr int kLookAgainMs = 5;
constexpr std::uint64_t kSettledMs = 200;  ///< a file written longer ago has one reading

bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

std::uint64_t written_ms(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return 0;
  return static_cast<std::uint64_t>(found.st_mtim.tv_sec) * 1000 +
         static_cast<std::uint64_t>(found.st_mtim.tv_nsec) / kNanosPerMs;
}

constexpr std::size_t kMostLog = 600;
constexpr std::size_t kReadyName = 24 + 6;  // a segment's name and ".ready"

std::string history_name(std::uint64_t timeline) {
  char name[32];
  std::snprintf(name, sizeof name, "%08X.history", static_cast<unsigned>(timeline));
  return name;
}

std::string seconds(std::uint64_t ms) { return std::to_string((ms + 999) / 1000); }

}  // namespace

std::optional<std::uint64_t> history_number(std::string_view file) {
  constexpr std::size_t kDigits = 8;
  if (file.size() <= kDigits || file.substr(kDigits) != ".history") return std::nullopt;
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(file.data(), file.data() + kDigits, value, 16);
  if (error != std::errc{} || at != file.data() + kDigits) return std::nullopt;
  return value;
}

std::optional<HistoryFile> parse_history(std::uint64_t timeline, std::string_view text) {
  std::optional<HistoryFile> last;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto digits = line.find_first_of("0123456789");
    if (digits == std::string_view::npos || line.find('#') < digits) continue;
    const auto tab = line.find_first_of("\t ", digits);
    if (tab == std::string_view::npos) return std::nullopt;
    const auto begin = line.find_first_not_of("\t ", tab);
    if (begin == std::string_view::npos) return std::nullopt;
    const auto position =
        parse_position(line.substr(begin, line.find_first_of("\t ", begin) - begin));
    std::uint64_t parent = 0;
    const auto [at, error] = std::from_chars(line.data() + digits, line.data() + tab, parent);
    if (!position || error != std::errc{} || at != line.data() + tab) return std::nullopt;
    last = HistoryFile{timeline, parent, *position};
  }
  return last;
}

std::optional<std::uint64_t> free_octets(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return std::nullopt;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

std::string as_words(std::string_view output, std::size_t most) {
  std::string text;
  const bool readable = detail::is_utf8(output);
  for (const char c : output) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f)
      text += text.empty() || text.back() == ' ' ? "" : " ";
    else
      text += octet < 0x80 || readable ? c : '?';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  // C1 characters are two octets in UTF-8: rare enough to give all of the others up with them.
  if (has_control_characters(text))
    for (auto& c : text)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return cut(text, most);
}

Instance::Instance(const AgentSettings& settings)
    : data_(settings.data),
      bin_(settings.bin),
      options_(settings.options),
      log_(settings.log),
      aside_(settings.journal + ".aside"),
      start_ms_(settings.start_deadline_ms),
      stop_ms_(settings.stop_deadline_ms),
      foresight_(settings) {
  if (const auto* node = find_node(settings.cluster, settings.node)) {
    host_ = node->host;
    port_ = node->port;
  }
}

LocalServer Instance::local(const ServerProcess& found) const {
  return local_server(found, data_, host_, port_);
}

Result<ControlData> Instance::control() const {
  const auto end =
      run_child({program("pg_controldata"), "-D", data_}, kControlDataMs, Words::in_english);
  if (!end.ok())
    return fail(
        make_error(ErrorCode::kernel_unavailable, "pg_controldata: " + as_words(end.output)));
  const auto parsed = parse_control_data(end.output);
  if (!parsed || end.output.find("WARNING") != std::string::npos)
    return fail(make_error(ErrorCode::kernel_unavailable,
                           "pg_controldata cannot be understood: " + as_words(end.output)));
  return *parsed;
}

Result<ControlData> Instance::control_for_status() const {
  const std::lock_guard lock(kept_mutex_);
  const auto stamp = written_ms(data_ + "/global/pg_control");
  if (kept_ && stamp != 0 && stamp == kept_stamp_) return *kept_;
  kept_.reset();
  const auto read_ms = process::now().wall_ns / kNanosPerMs;
  auto data = control();
  // Two writes can bear one stamp: only a file at rest is read for good.
  if (data && stamp + kSettledMs < read_ms && stamp == written_ms(data_ + "/global/pg_control")) {
    kept_ = *data;
    kept_stamp_ = stamp;
  }
  return data;
}

bool Instance::standby_signal() const { return exists(data_ + "/standby.signal"); }
bool Instance::lock_file() const { return exists(data_ + "/postmaster.pid"); }
bool Instance::promote_signal() const { return exists(data_ + "/promote"); }

std::vector<std::uint64_t> Instance::histories() const {
  std::vector<std::uint64_t> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_ + "/pg_wal", error))
    if (const auto timeline = history_number(entry.path().filename().string()))
      all.push_back(*timeline);
  std::ranges::sort(all);
  if (all.size() > kMaxElements) all.erase(all.begin(), all.end() - kMaxElements);
  return all;
}

HistoryFile Instance::history(std::uint64_t timeline) const {
  if (timeline == 0) return {};
  const auto text = process::read_file(data_ + "/pg_wal/" + history_name(timeline));
  const auto read = text ? parse_history(timeline, *text) : std::nullopt;
  return read.value_or(HistoryFile{timeline, 0, 0});
}

HistoryFile Instance::newest_history() const {
  const auto all = histories();
  return all.empty() ? HistoryFile{} : history(all.back());
}

std::optional<std::uint64_t> Instance::shutdown_record_end(const ControlData& control,
                                                           std::uint64_t timeline,
                                                           std::uint64_t position) const {
  const auto end = run_child({program("pg_waldump"), "-p", data_ + "/pg_wal", "-t",
                              std::to_string(timeline), "-s", position_text(position), "-n", "1"},
                             kWalDumpMs, Words::in_english);
  if (!end.ran || !end.in_time) return std::nullopt;
  const auto record = end.ok() ? parse_wal_record(end.output) : std::nullopt;
  if (!record || !record->shutdown_checkpoint || record->position != position) return 0;
  return record_end(*record, control.wal_page, control.wal_segment);
}

std::uint64_t Instance::ready_segments() const {
  std::uint64_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_ + "/pg_wal/archive_status", error))
    if (entry.path().filename().string().size() == kReadyName &&
        entry.path().extension() == ".ready")
      ++count;
  return count;
}

std::string Instance::log_since(const LogMark& mark) const {
  return as_words(choose_lines(read_logs(log_files(log_, data_), mark)), kMostLog);
}

ChildEnd Instance::pg_ctl(std::vector<std::string> words, std::uint64_t deadline_ms) const {
  std::vector<std::string> all{program("pg_ctl")};
  all.insert(all.end(), words.begin(), words.end());
  all.insert(all.end(), {"-D", data_});
  return run_child(all, deadline_ms);
}

ChildEnd Instance::start() const {
  const auto deadline = after_ms(process::now(), kGraceMs);
  while (awaits_reaping(data_) && process::now().boot_ns < deadline.boot_ns)
    ::poll(nullptr, 0, kLookAgainMs);
  std::vector<std::string> words{"start", "-w", "-t", seconds(start_ms_), "-l", log_};
  if (!options_.empty()) words.insert(words.end(), {"-o", options_});
  return pg_ctl(std::move(words), start_ms_ + kGraceMs);
}

ChildEnd Instance::signal(std::vector<std::string> words, std::uint64_t deadline_ms) const {
  if (process().postmaster != 0) return pg_ctl(std::move(words), deadline_ms);
  ChildEnd end;
  end.output = "no server runs on " + data_;
  return end;
}

ChildEnd Instance::ask_to_stop() const { return signal({"stop", "-m", "fast", "-W"}, kAskMs); }

// pg_ctl is content when postmaster.pid is gone, which is a moment before the process is.
ChildEnd Instance::stop(Stop how) const {
  const auto end = signal(
      {"stop", "-m", how == Stop::fast ? "fast" : "immediate", "-w", "-t", seconds(stop_ms_)},
      stop_ms_ + kGraceMs);
  const auto deadline = after_ms(process::now(), kGraceMs);
  while (end.ok() && process().running() && process::now().boot_ns < deadline.boot_ns)
    ::poll(nullptr, 0, kLookAgainMs);
  return end;
}

bool Instance::end_strays() const {
  constexpr int kTries = 100;
  constexpr int kPauseMs = 20;
  for (int i = 0; i < kTries; ++i) {
    const auto strays = find_pg_ctl(data_);
    if (strays.empty()) return true;
    for (const auto pid : strays) ::kill(pid, SIGKILL);
    ::poll(nullptr, 0, kPauseMs);
  }
  return false;
}

ChildEnd Instance::promote() const { return signal({"promote", "-W"}, kPromoteMs); }

bool Instance::make_standby() const {
  const auto path = data_ + "/standby.signal";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced && kernel::sync_folder(data_);
}

bool Instance::drop_promote_signal() const {
  if (::unlink((data_ + "/promote").c_str()) != 0 && errno != ENOENT) return false;
  return kernel::sync_folder(data_);
}

bool Instance::put_aside_history(std::uint64_t timeline) const {
  const auto name = history_name(timeline);
  const auto folder = data_ + "/pg_wal";
  std::error_code error;
  fs::create_directories(aside_, error);
  if (error) return false;
  fs::copy_file(folder + "/" + name, aside_ + "/" + name, fs::copy_options::overwrite_existing,
                error);
  if (error || !kernel::sync_file(aside_ + "/" + name) || !kernel::sync_folder(aside_))
    return false;
  if (::unlink((folder + "/" + name).c_str()) != 0 && errno != ENOENT) return false;
  // The archiver would go on to look for a file that is not there any more.
  ::unlink((folder + "/archive_status/" + name + ".ready").c_str());
  return kernel::sync_folder(folder);
}

bool Instance::sync_role() const {
  return kernel::sync_file(data_ + "/standby.signal") && kernel::sync_folder(data_) &&
         kernel::sync_folder(data_ + "/pg_wal");
}

}  // namespace aeromq::postgresql
