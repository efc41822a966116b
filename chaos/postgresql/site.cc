#include "chaos/postgresql/site.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "chaos/stack/processes.h"
#include "chaos/timeline/evidence.h"

namespace aeromq::chaos::postgresql {
namespace {

namespace fs = std::filesystem;

constexpr int kServeMs = 60000;
constexpr const char* kAnyOther = "ANY 1 (a,b,c)";

fs::path fresh_dir(const std::string& name, const char* part) {
  static unsigned number = 0;
  const auto dir =
      fs::temp_directory_path() / fmt::format("aeromq-{}-{}-{}.{}", name, part, getpid(), number++);
  fs::remove_all(dir);
  return dir;
}

}  // namespace

Site::Site(const SiteOptions& options) : options_(options) {
  cluster_ = std::make_unique<Cluster>(options.bin_dir, fresh_dir(options.name, "pg"),
                                       options.synchronous ? kAnyOther : "");
  StackOptions stack;
  stack.settings.clear();
  stack.cluster = {"--postgresql", cluster_->endpoints()};
  if (options.synchronous) stack.cluster.insert(stack.cluster.end(), {"--synchronous", kAnyOther});
  stack.prepare = [&](const fs::path& folder) {
    cluster_->place_agents(folder,
                           {{"promote_deadline_ms", std::to_string(options.promote_deadline_ms)}});
  };
  stack_ = std::make_unique<Stack>(options.bin_dir, fresh_dir(options.name, "plane"), stack);
  if (!poll_until(kServeMs, [&] { return healthy(); }))
    throw std::runtime_error("the cluster and its control plane do not become healthy");
  recorder_ = std::make_unique<Recorder>(*stack_);
  writer_ = std::make_unique<Writer>(cluster_->writable_url());
  observer_ = std::make_unique<Observer>(*cluster_);
}

bool Site::serves() {
  stack_->says("\n", 0);  // an unread pipe would stop the supervisor in the end
  const auto now = stack_->status();
  if (!now) return false;
  for (const auto& part : (*now)["parts"])
    if (!part["alive"].get<bool>() || !is_alive(part["pid"].get<pid_t>())) return false;
  return stack_->inspect({"inspect", "cluster"}).has_value();
}

bool Site::healthy() {
  const auto facts = read_facts(*cluster_);
  const auto primary = primary_of(facts);
  if (primary.empty() || facts.at(primary).streaming.size() + 1 < facts.size()) return false;
  for (const auto& server : cluster_->servers())
    if (!cluster_->agent_runs(server.name)) return false;
  return open_claims(*cluster_) == 0 && serves();
}

void Site::begin(const std::string& what, const std::string& replay) {
  doing_ = what;
  replay_ = replay;
}

void Site::fault(const std::string& text) {
  faults_.push_back(doing_.empty() ? text : doing_ + ": " + text);
  fmt::print("FAULT: {}\n{}", faults_.back(), replay_.empty() ? "" : "  replay: " + replay_ + "\n");
  std::fflush(stdout);
}

void Site::judge_rows(bool may_lose) {
  const auto acknowledged = writer_->acknowledged();
  // Whoever is writable now: its rows are what is left.
  auto missing = missing_rows(acknowledged, read_rows(cluster_->writable_url()));
  std::erase_if(missing, [&](std::uint64_t id) { return lost_.contains(id); });
  if (missing.empty()) return;
  lost_.insert(missing.begin(), missing.end());
  if (may_lose) {
    explained_ += missing.size();
    return;
  }
  fault(fmt::format("{} acknowledged rows are gone, the first is {}", missing.size(),
                    *missing.begin()));
}

std::size_t Site::finish(Coverage& coverage) {
  doing_.clear();
  replay_.clear();
  const auto samples = observer_->samples();
  for (const auto& what : double_primaries(observer_->spans())) fault(what);
  for (const auto& what : forks(*cluster_)) fault(what);
  if (samples == 0) fault("the observer saw nothing");
  recorder_->note(EventKind::healed, "harness");
  if (!serves()) fault("the control plane does not serve at the end");
  for (const auto* lane : {"kernel", "broker", "writer", "reader", "gate", "explainer", "keeper",
                           "dispatcher", "door", "feed"})
    recorder_->note(EventKind::serves, lane);
  recorder_->look();
  recorder_->follow(false);
  const auto history = recorder_->finish();
  const auto judgement = judge(history);
  coverage.add(history, judgement);
  for (const auto& violation : judgement.violations)
    fmt::print("VIOLATION: {} at event {}: {}\n", violation.predicate, violation.seq,
               violation.what);
  const auto found = judgement.violations.size() + faults_.size();
  if (found > 0) {
    write_evidence(history, stack_->dir());
    stack_->keep();
    cluster_->keep();
    fmt::print("kept: {} and {}\n", (stack_->dir() / "history.jsonl").string(),
               cluster_->dir().string());
  }
  writer_.reset();
  std::fflush(stdout);
  return found;
}

}  // namespace aeromq::chaos::postgresql
