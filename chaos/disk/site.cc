#include "chaos/disk/site.h"

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "chaos/disk/cleaner.h"
#include "process/settings.h"

namespace aeromq::chaos::disk {

namespace fs = std::filesystem;

namespace {
constexpr int kServeMs = 20000;
constexpr std::size_t kMostOutcomes = 6;
}  // namespace

Site::Site(const SiteOptions& options) {
  cleaner().remember_folder(options.dir);
  StackOptions stack;
  stack.settings = options.settings;
  stack.settings["dir"] = "\"disk/audit\"";
  stack.settings["register"] = "\"disk/kernel/register.sqlite\"";
  // On the same disk and never synced: a power cut may leave any older one.
  stack.settings["watermark"] = "\"disk/audit.watermark\"";
  stack.prepare = [&](const fs::path& dir) {
    fs::create_directories(dir / "disk");
    if (options.image_octets != 0)
      image_ = std::make_unique<Image>(dir / "disk.img", dir / "disk", options.image_octets);
    for (const auto* name : {"audit", "kernel"}) {
      fs::create_directories(dir / "disk" / name);
      fs::permissions(dir / "disk" / name, fs::perms::owner_all);
    }
  };
  stack_ = std::make_unique<Stack>(options.bin_dir, options.dir, stack);
  const auto principals = process::read_principals(options.dir / "principals.toml");
  if (!principals) throw std::runtime_error(principals.error().message);
  for (const auto& principal : *principals) {
    auto policy = harness_event(EventKind::policy, std::string(text_of(principal.authority)));
    policy.principal = principal.name;
    notebook_.note(std::move(policy));
  }
}

Site::~Site() {
  const auto dir = stack_->dir();
  end_processes(dir);
  image_.reset();
  stack_.reset();
  cleaner().forget_folder(dir);
}

void Site::arm_stop(const std::string& point, unsigned nth) {
  const auto fresh = stack_->dir() / "kill.new";
  std::ofstream(fresh) << point << ' ' << nth << " stop\n";
  fs::rename(fresh, stack_->dir() / "kill");
}

void Site::kill_all() {
  end_processes(stack_->dir());
  stack_->stop();
  stack_->disarm();
}

bool Site::serve() {
  try {
    stack_->start();
  } catch (const std::exception& fault) {
    notebook_.note(harness_event(EventKind::ended, "did not start", fault.what()));
    return false;
  }
  const bool serves = poll_until(kServeMs, [&] {
    Person person(clients() / "observer.toml", "client.observer.0", notebook_, 0);
    return person.look().has_value();
  });
  if (serves) notebook_.note(harness_event(EventKind::serves, "control plane"));
  return serves;
}

void Site::ask_for_outcomes(Person& person) {
  std::set<std::string> open;
  for (const auto& event : notebook_.history()) {
    if (event.kind == EventKind::asked && event.what == "confirm") open.insert(event.request);
    if (event.kind == EventKind::told && event.final_) open.erase(event.request);
  }
  std::size_t asked = 0;
  for (const auto& request : open)
    if (asked++ < kMostOutcomes) person.outcome(request);
}

Judgement Site::judge_now() {
  auto contents = read_disk(audit(), disk() / "kernel" / "register.sqlite", stack_->dir());
  const auto history = with_contents(notebook_.history(), contents);
  auto judgement = judge(history);
  auto more = judge_disk(history, contents, last_ ? &*last_ : nullptr);
  for (const auto& [predicate, number] : more.evaluated) judgement.evaluated[predicate] += number;
  std::ranges::move(more.violations, std::back_inserter(judgement.violations));
  last_ = std::move(contents);
  return judgement;
}

History Site::history() const {
  return last_ ? with_contents(notebook_.history(), *last_) : notebook_.history();
}

}  // namespace aeromq::chaos::disk
