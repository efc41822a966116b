#include "kernel/postgresql/agent/start_trial.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "kernel/postgresql/agent/instance.h"
#include "process/files.h"

namespace aeromq::postgresql {
namespace {

constexpr std::uint64_t kTrialMs = 8'000;
constexpr std::size_t kMostWords = 1000;  // StartTrial::refused
constexpr std::size_t kMostValue = 512;   // ServerSetting::value
constexpr std::string_view kMark = "\x01=";

// The first one alone makes PostgreSQL read all of its settings files.
constexpr std::array kAsked{"config_file",
                            "max_connections",
                            "max_worker_processes",
                            "max_wal_senders",
                            "max_prepared_transactions",
                            "max_locks_per_transaction",
                            "wal_level",
                            "archive_mode",
                            "superuser_reserved_connections",
                            "port",
                            "data_directory",
                            "hba_file",
                            "ssl",
                            "ssl_cert_file",
                            "ssl_key_file",
                            "ssl_ca_file",
                            "shared_preload_libraries",
                            "dynamic_library_path",
                            "unix_socket_directories",
                            "shared_buffers"};
// What a status tells; the rest is for the agent's own eyes.
constexpr std::array kTold{"max_connections",
                           "max_worker_processes",
                           "max_wal_senders",
                           "max_prepared_transactions",
                           "max_locks_per_transaction",
                           "wal_level",
                           "archive_mode",
                           "port",
                           "data_directory",
                           "hba_file",
                           "ssl",
                           "ssl_cert_file",
                           "ssl_key_file",
                           "ssl_ca_file",
                           "shared_preload_libraries"};

std::uint64_t number_of(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The parts of a comma separated list, without blanks and quotes.
std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto end = list.find(',');
    auto part = list.substr(0, end);
    list.remove_prefix(end == list.npos ? list.size() : end + 1);
    const auto first = part.find_first_not_of(" \"");
    if (first == part.npos) continue;
    part = part.substr(first, part.find_last_not_of(" \"") - first + 1);
    parts.emplace_back(part);
  }
  return parts;
}

/// "4194304kB", "16384 8kB", "128MB" as octets: what -C prints of shared_buffers.
std::uint64_t octets_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return 0;
  const std::string_view unit(at, static_cast<std::size_t>(text.data() + text.size() - at));
  if (unit == "kB") return value << 10;
  if (unit == "MB") return value << 20;
  if (unit == "GB") return value << 30;
  if (unit == "TB") return value << 40;
  return unit == "B" ? value : value * 8192;
}

/// One line of /proc/meminfo, in octets.
std::uint64_t memory(const std::string& text, std::string_view name) {
  const auto at = text.find(name);
  if (at == text.npos) return 0;
  const auto first = text.find_first_of("0123456789", at);
  return first == text.npos ? 0 : number_of(std::string_view(text).substr(first)) << 10;
}

class Eyes {
 public:
  Eyes(const TriedSettings& tried, const StartPlace& place) : tried_(tried), place_(place) {}
  StartTrial look();

 private:
  const std::string& value(const std::string& name) const {
    static const std::string kNone;
    const auto at = tried_.values.find(name);
    return at == tried_.values.end() ? kNone : at->second;
  }
  std::string in_data(const std::string& path) const {
    return path.starts_with('/') ? path : place_.data + "/" + path;
  }
  void refuse(const std::string& why) {
    if (!why_.empty()) why_ += "; ";
    why_ += why;
  }
  void not_tried(std::string what) { made_.not_tried.push_back(std::move(what)); }
  void look_at_folder();
  void look_at_limits();
  void look_at_levels();
  void look_at_hba();
  void look_at_tls();
  void look_at_key(const std::string& path);
  void look_at_libraries();
  void look_at_sockets();
  void look_at_memory();

  const TriedSettings& tried_;
  const StartPlace& place_;
  StartTrial made_;
  std::string why_;
};

void Eyes::look_at_folder() {
  struct stat own {};
  struct stat other {};
  const auto& named = value("data_directory");
  if (named.empty() || ::stat(place_.data.c_str(), &own) != 0) return;
  if (::stat(named.c_str(), &other) != 0 || own.st_dev != other.st_dev ||
      own.st_ino != other.st_ino)
    refuse("data_directory is " + named + ", which is not " + place_.data);
}

// A standby reads them in CheckRequiredParameterValues(), from the control file on.
void Eyes::look_at_limits() {
  for (const auto& need : place_.needs) {
    const auto& own = value(need.name);
    if (!own.empty() && number_of(own) < number_of(need.value))
      refuse("hot standby is not possible because of insufficient parameter settings: " +
             need.name + " = " + own +
             " is a lower setting than on the primary server, where its "
             "value was " +
             need.value);
  }
}

// What the postmaster itself compares before it listens.
void Eyes::look_at_levels() {
  const auto& level = value("wal_level");
  if (level == "minimal" && number_of(value("max_wal_senders")) > 0)
    refuse("WAL streaming (max_wal_senders > 0) requires wal_level \"replica\" or \"logical\"");
  const auto& archives = value("archive_mode");
  if (level == "minimal" && (archives == "on" || archives == "always"))
    refuse("WAL archival cannot be enabled when wal_level is \"minimal\"");
  const auto connections = number_of(value("max_connections"));
  if (connections != 0 && number_of(value("superuser_reserved_connections")) >= connections)
    refuse("superuser_reserved_connections (" + value("superuser_reserved_connections") +
           ") must be less than max_connections (" + value("max_connections") + ")");
}

// Without pg_ident.conf a server starts; without pg_hba.conf it does not.
void Eyes::look_at_hba() {
  const auto& path = value("hba_file");
  if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
    refuse("could not open the hba_file \"" + path + "\": " + std::strerror(errno));
  not_tried("the lines of pg_hba.conf and pg_ident.conf");
}

void Eyes::look_at_tls() {
  if (value("ssl") != "on") return;
  for (const auto* name : {"ssl_cert_file", "ssl_ca_file"}) {
    const auto& path = value(name);
    if (!path.empty() && ::access(in_data(path).c_str(), R_OK) != 0)
      refuse(std::string(name) + " \"" + in_data(path) + "\": " + std::strerror(errno));
  }
  look_at_key(in_data(value("ssl_key_file")));
  not_tried("what is in the TLS files");
}

void Eyes::look_at_key(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || ::access(path.c_str(), R_OK) != 0) {
    refuse("ssl_key_file \"" + path + "\": " + std::strerror(errno));
    return;
  }
  const bool root = found.st_uid == 0;
  const auto forbidden =
      static_cast<mode_t>(root ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO);
  if (found.st_uid != ::geteuid() && !root)
    refuse("private key file \"" + path + "\" must be owned by the database user or root");
  else if ((found.st_mode & forbidden) != 0)
    refuse("private key file \"" + path + "\" has group or world access");
}

void Eyes::look_at_libraries() {
  const auto libraries = parts_of(value("shared_preload_libraries"));
  if (libraries.empty()) return;
  const auto asked = run_child({place_.bin + "/pg_config", "--pkglibdir"}, kTrialMs);
  auto folder = asked.output.substr(0, asked.output.find('\n'));
  const bool plain =
      value("dynamic_library_path") == "$libdir" || value("dynamic_library_path").empty();
  if (!asked.ok() || folder.empty()) folder = place_.bin + "/../lib";
  for (auto path : libraries) {
    constexpr std::string_view kFolder = "$libdir/";
    const bool bare = path.find('/') == path.npos;
    const bool guessed = !asked.ok() && !path.starts_with('/');
    if (path.starts_with(kFolder))
      path = folder + "/" + path.substr(kFolder.size());
    else if (bare && plain)
      path = folder + "/" + path;
    if (path.starts_with('/') &&
        (::access(path.c_str(), R_OK) == 0 || ::access((path + ".so").c_str(), R_OK) == 0))
      continue;
    // Where the folder is only guessed, a file that is not there says nothing.
    if (path.starts_with('/') && !guessed)
      refuse("could not access file \"" + path + "\": " + std::strerror(errno));
    else
      not_tried("whether the library " + path + " is there");
  }
  not_tried("whether the preloaded libraries can be loaded");
}

void Eyes::look_at_sockets() {
  const auto folders = parts_of(value("unix_socket_directories"));
  const bool some = std::ranges::any_of(folders, [&](const std::string& folder) {
    return folder.starts_with('@') || ::access(in_data(folder).c_str(), W_OK) == 0;
  });
  if (!folders.empty() && !some)
    refuse("could not create any Unix-domain sockets: " + value("unix_socket_directories") +
           " cannot be written");
}

// More than the machine has is refused by the kernel at once; all else only a start would show.
void Eyes::look_at_memory() {
  const auto wanted = octets_of(value("shared_buffers"));
  const auto text = process::read_file("/proc/meminfo");
  const auto there = text ? memory(*text, "MemTotal:") + memory(*text, "SwapTotal:") : 0;
  if (there != 0 && wanted > there)
    refuse("could not map anonymous shared memory: shared_buffers are " + std::to_string(wanted) +
           " octets, the machine has " + std::to_string(there));
  not_tried("the memory that it asks for, and whether its port is free");
}

StartTrial Eyes::look() {
  made_.needs = place_.needs;
  made_.tried = tried_.tried;
  if (!tried_.tried) return made_;
  for (const auto* name : kTold)
    if (const auto& told = value(name); told.size() <= kMostValue)
      made_.settings.push_back({name, as_words(told, kMostValue)});
  if (!tried_.refused.empty()) {
    refuse(tried_.refused);
  } else {
    look_at_folder();
    look_at_limits();
    look_at_levels();
    look_at_hba();
    look_at_tls();
    look_at_libraries();
    look_at_sockets();
    look_at_memory();
  }
  made_.refused = as_words(why_, kMostWords);
  for (auto& line : made_.not_tried) line = cut(line, 256);
  constexpr std::size_t kMostLines = 16;
  if (made_.not_tried.size() > kMostLines) made_.not_tried.resize(kMostLines);
  return made_;
}

/// "include_dir 'conf.d'": the word and its value, without quotes.
std::pair<std::string, std::string> directive_of(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == line.npos) return {};
  line.remove_prefix(first);
  const auto end = line.find_first_of(" \t='");
  std::string word(line.substr(0, end));
  if (end == line.npos || !word.starts_with("include")) return {};
  const auto quote = line.find('\'');
  const auto begin = quote == line.npos ? line.find_first_not_of(" \t=", end) : quote + 1;
  if (begin == line.npos) return {};
  const auto stop =
      quote == line.npos ? line.find_first_of(" \t#\r", begin) : line.find('\'', begin);
  return {std::move(word),
          std::string(line.substr(begin, stop == line.npos ? stop : stop - begin))};
}

void add_settings_file(const std::string& path, std::vector<std::string>& all) {
  constexpr std::size_t kMostFiles = 200;  // also the end of a circle
  if (all.size() >= kMostFiles || std::ranges::find(all, path) != all.end()) return;
  all.push_back(path);
  const auto text = process::read_file(path);
  if (!text) return;
  const auto folder = path.substr(0, path.rfind('/') + 1);
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto [word, named] = directive_of(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (named.empty()) continue;
    const auto at = named.starts_with('/') ? named : folder + named;
    if (word == "include_dir") {
      all.push_back(at);  // the folder's own time changes with what is put into it
      std::error_code error;
      for (const auto& entry : std::filesystem::directory_iterator(at, error))
        if (entry.path().extension() == ".conf") add_settings_file(entry.path().string(), all);
    } else {
      add_settings_file(at, all);
    }
  }
}

}  // namespace

TriedSettings try_settings(const std::string& bin, const std::string& data,
                           const std::string& options) {
  // pg_ctl gives its -o to a shell, and so do we: what it means there it means here. What a server
  // says of settings that it can start with is no value, so it is heard only when it fails.
  const auto one = "\"$0\" -D \"$1\" " + options + " -c log_line_prefix= -C \"$name\"";
  std::string script = "for name in";
  for (const auto* name : kAsked) script += std::string(" ") + name;
  script += "; do printf '\\n\\001=%s\\n' \"$name\"; " + one + " 2>/dev/null || { " + one +
            "; exit 1; }; done";
  return read_trial(run_child({"/bin/sh", "-c", script, bin + "/postgres", data}, kTrialMs));
}

TriedSettings read_trial(const ChildEnd& end) {
  TriedSettings read;
  if (!end.ran || !end.in_time) return read;
  read.tried = true;
  std::string_view rest = end.output;
  std::string last;
  std::string asked;
  for (auto at = rest.find(kMark); at != rest.npos; at = rest.find(kMark)) {
    rest.remove_prefix(at + kMark.size());
    const auto line = rest.find('\n');
    if (line == rest.npos) break;
    asked = rest.substr(0, line);
    rest.remove_prefix(line + 1);
    auto value = rest.substr(0, rest.find("\n\x01="));
    while (!value.empty() && value.back() == '\n') value.remove_suffix(1);
    last = std::string(value);
    read.values[asked] = last;
  }
  if (end.code != 0) {
    read.refused = as_words(last.empty() ? std::string_view(end.output) : last, kMostWords);
    read.values.erase(asked);  // what stands there are those words
  }
  return read;
}

StartTrial judge_start(const TriedSettings& tried, const StartPlace& place) {
  return Eyes(tried, place).look();
}

std::vector<std::string> settings_files(const std::string& config_file, const std::string& data) {
  std::vector<std::string> all;
  add_settings_file(config_file.empty() ? data + "/postgresql.conf" : config_file, all);
  if (std::ranges::find(all, data + "/postgresql.auto.conf") == all.end())
    all.push_back(data + "/postgresql.auto.conf");
  return all;
}

}  // namespace aeromq::postgresql
