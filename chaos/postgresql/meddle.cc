#include "chaos/postgresql/meddle.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "chaos/postgresql/sql.h"
#include "chaos/stack/processes.h"

namespace aeromq::chaos::postgresql {
namespace {

constexpr int kMomentMs = 8000;
constexpr int kLateMs = 1500;  // below the promotion's deadline
constexpr int kNeverMs = 30000;
constexpr int kGoneMs = 5000;

void reload(Site& site, const std::string& node, const std::string& text) {
  site.cluster().set_extra(node, text);
  Session session(site.cluster().url_of(site.cluster().server(node)));
  session.run("SELECT pg_reload_conf()");
}

std::filesystem::path promote_file(Site& site, const std::string& node) {
  return site.cluster().server(node).data / "promote";
}
std::filesystem::path end_mark(Site& site, const std::string& node) {
  return site.cluster().server(node).data.parent_path() / "recovery-ends";
}

}  // namespace

bool end_process(Site& site, const std::string& victim, const std::string& node) {
  if (victim == "postmaster") return site.cluster().kill_postmaster(node);
  if (victim == "candidate") {
    const auto other = foremost_standby(read_facts(site.cluster()), node);
    return !other.empty() && site.cluster().kill_postmaster(other);
  }
  pid_t pid = -1;
  if (victim == "agent") pid = site.cluster().agent_pid(node);
  if (victim == "startup") pid = site.cluster().startup_process(node);
  if (victim == "kernel" || victim == "dispatcher") pid = site.stack().pid_of("aeromq-" + victim);
  if (pid <= 0 || ::kill(pid, SIGKILL) != 0) return false;
  ::kill(pid, SIGCONT);
  return poll_until(kGoneMs, [&] { return !is_alive(pid); });
}

Meddler::Meddler(Site& site, const Drill& drill, std::string node)
    : site_(site), drill_(drill), node_(std::move(node)) {
  auto& cluster = site_.cluster();
  switch (drill_.moment) {
    case Moment::plane_point:
      site_.stack().arm(drill_.point);
      break;
    case Moment::agent_point:
      cluster.arm(drill_.point, "kill");
      break;
    case Moment::at_agent_point:
      cluster.arm(drill_.point, "stop");
      break;
    case Moment::startup_call:
      startup_ = cluster.startup_process(node_);
      if (startup_ > 0) tracer_ = std::make_unique<CallKiller>(startup_, drill_.point, drill_.nth);
      break;
    case Moment::startup_frozen:
      startup_ = cluster.startup_process(node_);
      if (startup_ > 0) ::kill(startup_, SIGSTOP);
      break;
    case Moment::recovery_end:
      reload(site_, node_,
             fmt::format("recovery_end_command = 'touch {} && sleep 1.5'\n",
                         end_mark(site_, node_).string()));
      break;
  }
}

Meddler::~Meddler() { release(); }

void Meddler::strike() {
  if (drill_.moment == Moment::agent_point) strike_agent_point();
  if (drill_.moment == Moment::at_agent_point) strike_at_agent_point();
  if (drill_.moment == Moment::startup_frozen) strike_frozen();
  if (drill_.moment == Moment::recovery_end) strike_recovery_end();
}

// Its unit starts it again at once, and again if it dies at the second point, which it passes only
// while it settles.
void Meddler::strike_agent_point() {
  auto& cluster = site_.cluster();
  const auto dies = [&] {
    return poll_until(kMomentMs, [&] { return !cluster.armed(); }) &&
           poll_until(kGoneMs, [&] { return !cluster.agent_runs(node_); });
  };
  if (!dies()) return;
  fired_ = drill_.second.empty();
  if (!drill_.second.empty()) {
    cluster.arm(drill_.second, "kill");
    cluster.start_agent(node_);
    fired_ = dies();
  }
  cluster.start_agent(node_);
}

void Meddler::revive_agent() {
  if (drill_.victim == "agent") site_.cluster().start_agent(node_);
}

void Meddler::strike_at_agent_point() {
  auto& cluster = site_.cluster();
  if (!poll_until(kMomentMs, [&] { return !cluster.armed(); })) return;
  const auto passes = cluster.passes();
  const auto frozen = std::ranges::find(passes, drill_.point, &Pass::point);
  fired_ = end_process(site_, drill_.victim, node_);
  if (frozen != passes.end()) ::kill(frozen->pid, SIGCONT);
}

// pg_ctl promote has written its file and signalled the postmaster; nobody reads it now.
void Meddler::strike_frozen() {
  if (startup_ <= 0) return;
  fired_ =
      poll_until(kMomentMs, [&] { return std::filesystem::exists(promote_file(site_, node_)); });
  if (!fired_ || drill_.victim == "never") return;
  if (drill_.victim == "late") ::poll(nullptr, 0, kLateMs);
  if (drill_.victim != "late") fired_ = end_process(site_, drill_.victim, node_);
  if (is_alive(startup_)) ::kill(startup_, SIGCONT);
  revive_agent();
}

void Meddler::strike_recovery_end() {
  if (!poll_until(kMomentMs, [&] { return std::filesystem::exists(end_mark(site_, node_)); }))
    return;
  fired_ = end_process(site_, drill_.victim, node_);
  revive_agent();
}

bool Meddler::release() {
  if (tracer_) {
    fired_ = !is_alive(startup_);
    tracer_.reset();
  }
  if (drill_.moment == Moment::plane_point) fired_ = !site_.stack().armed();
  // Nobody lets go of it: the agent ends the server at its deadline.
  if (drill_.moment == Moment::startup_frozen && drill_.victim == "never" && startup_ > 0 &&
      !poll_until(kNeverMs, [&] { return !is_alive(startup_); }))
    ::kill(startup_, SIGCONT);
  if (drill_.moment == Moment::recovery_end) {
    std::error_code none;
    std::filesystem::remove(end_mark(site_, node_), none);
    reload(site_, node_, "");
  }
  site_.stack().disarm();
  site_.cluster().disarm();
  drill_.moment = Moment::at_agent_point;  // nothing is held any more
  startup_ = -1;
  return fired_;
}

bool run_drill(Site& site, const Drill& drill) {
  const auto name = name_of(drill);
  site.begin(name, fmt::format("aeromq-chaos postgresql --only \"{}\"{}", name,
                               site.synchronous() ? "" : " --asynchronous"));
  const auto node = prepare(site, drill.verb);
  if (node.empty()) {
    site.fault("it could not be prepared");
    restore(site);
    return false;
  }
  site.recorder().look();
  site.recorder().follow(false);
  site.cluster().passes();
  bool fired = false;
  Deed deed;
  {
    Meddler meddler(site, drill, node);
    deed = do_deed(site, drill.verb, node, [&] { meddler.strike(); });
    fired = meddler.release();
  }
  site.recorder().follow(false);
  const auto verdict = judge_deed(site, deed);
  if (!restore(site)) site.fault("the cluster did not become healthy");
  if (!site.writer().writes_on(15000)) site.fault("the writer does not write again");
  // What an asynchronous primary took with it when its host died, the explanation had named.
  site.judge_rows(drill.verb == "force-promote" && verdict == "executed" && !site.synchronous());
  return fired;
}

}  // namespace aeromq::chaos::postgresql
