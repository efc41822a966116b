#include "chaos/network/site.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "process/settings.h"

namespace aeromq::chaos::network {
namespace {

namespace fs = std::filesystem;

constexpr std::array kBehindTheProxy{"authority-gate",      "explainer",    "audit-reader",
                                     "confirmation-keeper", "audit-writer", "dispatcher"};
constexpr std::array kAsTheyAre{"broker", "door", "feed", "kernel"};
constexpr const char* kControl = "run/control.ipc";
constexpr const char* kControlProxied = "run/proxied-control.ipc";
constexpr const char* kKernel = "run/kernel.sock";
constexpr const char* kKernelProxied = "run/proxied-kernel.sock";
constexpr const char* kSettings = "proxied.toml";

// The program under the name that the supervisor looks for, with other settings once there are any.
void write_wrapper(const fs::path& path, const fs::path& program, const fs::path& settings) {
  std::ofstream(path) << fmt::format(
      "#!/bin/sh\n[ -f '{0}' ] || exec '{1}' \"$@\"\nexec '{1}' --config '{0}'\n",
      settings.string(), program.string());
  fs::permissions(path, fs::perms::owner_all);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

StackOptions quick_options() {
  StackOptions options;
  options.settings = {{"heartbeat_ms", "100"},
                      {"stage_timeout_ms", "500"},
                      {"token_ttl_ms", "2000"},
                      {"lease_ms", "8000"},
                      {"stale_after_ms", "1500"}};
  return options;
}

Site::Site(const fs::path& bin_dir, const fs::path& dir, Chronicle& chronicle)
    : programs_(dir.string() + ".programs"), proxy_(chronicle) {
  fs::create_directories(programs_);
  for (const auto* name : kAsTheyAre) {
    const auto program = fmt::format("aeromq-{}", name);
    fs::create_symlink(bin_dir / program, programs_ / program);
  }
  for (const auto* name : kBehindTheProxy) {
    const auto program = fmt::format("aeromq-{}", name);
    write_wrapper(programs_ / program, bin_dir / program, dir / kSettings);
  }
  auto options = quick_options();
  options.programs = programs_;
  options.prepare = [this](const fs::path& made) {
    std::ifstream file(made / "aeromq.toml");
    std::string text(std::istreambuf_iterator<char>(file), {});
    replace_all(text, kControl, kControlProxied);
    replace_all(text, kKernel, kKernelProxied);
    std::ofstream(made / kSettings) << text;
    proxy_.carry_control(made / kControlProxied, made / kControl);
    proxy_.carry_kernel(made / kKernelProxied, made / kKernel);
  };
  stack_ = std::make_unique<Stack>(bin_dir, dir, options);
  const auto keys = process::read_key_pair(dir / "keys" / "broker.toml");
  if (!keys) throw std::runtime_error(keys.error().message);
  broker_secret_key_ = keys->secret_key;
}

Site::~Site() {
  stack_.reset();
  std::error_code ignored;
  fs::remove_all(programs_, ignored);
}

client::ClientSettings Site::direct(const std::string& who) const {
  auto settings = client::read_settings(stack_->dir() / "clients" / (who + ".toml"));
  if (!settings) throw std::runtime_error(settings.error().message);
  return std::move(*settings);
}

std::optional<client::ClientSettings> Site::through(Door door, const std::string& who) {
  auto settings = direct(who);
  const auto here = stack_->dir() / "run" / fmt::format("door-{}.ipc", ++doors_);
  if (!proxy_.open_door(door, who, settings, broker_secret_key_, here)) return std::nullopt;
  settings.endpoint = "ipc://" + here.string();
  return settings;
}

}  // namespace aeromq::chaos::network
