#include <fmt/format.h>
#include <signal.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "hangs";

void thaw(Scene& scene, Node) { scene.thaw_all(); }

Fault frozen(const char* name, const char* about, Victim victim, Effect effect,
             std::function<std::vector<pid_t>(Scene&, Node)> who) {
  return {name,
          kKind,
          about,
          victim,
          effect,
          [=](Scene& scene, Node node) {
            const auto processes = who(scene, node);
            scene.freeze(processes);
            return !processes.empty();
          },
          thaw};
}

Fault archiver() {
  return {"archiver-hangs",
          kKind,
          "archive_command does not come back",
          Victim::primary,
          Effect::hinders,
          [](Scene& scene, Node node) {
            scene.set(node, "archiver", "archive_mode = on\narchive_command = 'sleep 600'");
            scene.foreign("archiver-hangs", node);
            const bool runs = scene.restart(node);
            scene.sql(node, "SELECT pg_switch_wal()");
            return runs;
          },
          [](Scene& scene, Node node) {
            scene.set(node, "archiver", "archive_mode = on\narchive_command = '/bin/true'");
            scene.reload(node);
            for (const auto pid : scene.children_named(node, "archiver"))
              for (const auto one : scene.children_of_process(pid)) ::kill(one, SIGKILL);
          }};
}

Fault replay(const char* name, const char* about, const char* wrong, const char* right) {
  return {name,
          kKind,
          about,
          Victim::standby,
          Effect::cuts,
          [=](Scene& scene, Node node) { return scene.sql(node, wrong).done; },
          [=](Scene& scene, Node node) { scene.sql(node, right); }};
}

Fault delay() {
  return {"apply-delay",
          kKind,
          "recovery_min_apply_delay is an hour",
          Victim::standby,
          Effect::cuts,
          [](Scene& scene, Node node) {
            scene.set(node, "delay", "recovery_min_apply_delay = '1h'");
            scene.reload(node);
            return true;
          },
          [](Scene& scene, Node node) {
            scene.set(node, "delay", "");
            scene.reload(node);
          }};
}

Fault blocked() {
  return {"replay-blocked",
          kKind,
          "replay waits for a query on the standby, for as long as it takes",
          Victim::standby,
          Effect::cuts,
          [](Scene& scene, Node node) {
            scene.set(node, "blocked", "max_standby_streaming_delay = -1");
            scene.reload(node);
            auto& held = scene.held("blocked" + node);
            held.emplace_back(
                fmt::format("host=127.0.0.1 port={} user=app dbname=app connect_timeout=3",
                            scene.server(node).port));
            if (!held.back().alive()) return false;
            held.back().run("BEGIN; LOCK TABLE written IN ACCESS SHARE MODE");
            return scene
                .sql(scene.primary(),
                     "SET lock_timeout = '3s'; ALTER TABLE written SET (fillfactor = 90); "
                     "ALTER TABLE written ALTER COLUMN id SET STATISTICS 50",
                     "app")
                .done;
          },
          [](Scene& scene, Node node) {
            scene.held("blocked" + node).clear();
            scene.set(node, "blocked", "");
            scene.reload(node);
          }};
}

}  // namespace

std::vector<Fault> hang_faults() {
  const auto agent = [](Scene& scene, Node node) {
    return std::vector<pid_t>{scene.cluster().agent_pid(node)};
  };
  const auto server = [](Scene& scene, Node node) { return scene.processes_of(node); };
  const auto host = [](Scene& scene, Node node) {
    auto all = scene.processes_of(node);
    all.push_back(scene.cluster().agent_pid(node));
    return all;
  };
  const auto child = [](const char* word) {
    return [word](Scene& scene, Node node) { return scene.children_named(node, word); };
  };
  return {
      frozen("server-frozen", "all processes of the server are frozen", Victim::any, Effect::downs,
             server),
      frozen("host-frozen", "server and agent are frozen; the kernel of the host accepts on",
             Victim::any, Effect::downs, host),
      frozen("postmaster-frozen", "the postmaster alone is frozen: sessions go on, new ones hang",
             Victim::any, Effect::blinds,
             [](Scene& scene, Node node) {
               std::vector<pid_t> one;
               if (const auto pid = scene.cluster().postmaster(node); pid > 0) one.push_back(pid);
               scene.show_out(node);
               return one;
             }),
      frozen("agent-frozen", "the agent is frozen", Victim::any, Effect::silences, agent),
      frozen("senders-frozen", "the primary's WAL senders are frozen", Victim::primary,
             Effect::cuts, child("walsender")),
      frozen("startup-frozen", "the process that replays is frozen", Victim::standby, Effect::cuts,
             child("startup")),
      frozen("checkpointer-frozen", "the checkpointer is frozen: no stop comes to its end",
             Victim::any, Effect::hinders, child("checkpointer")),
      frozen("receiver-frozen", "the standby's receiver is frozen", Victim::standby, Effect::cuts,
             child("walreceiver")),
      archiver(),
      replay("replay-paused", "somebody paused the replay", "SELECT pg_wal_replay_pause()",
             "SELECT pg_wal_replay_resume()"),
      delay(),
      blocked(),
  };
}

}  // namespace aeromq::chaos::situations
