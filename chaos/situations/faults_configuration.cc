#include "chaos/situations/fault.h"
#include "chaos/stack/stack.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "configuration";
constexpr int kPauseMs = 8000;

// A settings line that takes effect later, or with a reload.
Fault line(const char* name, const char* about, Victim victim, Effect effect, const char* text,
           bool reload) {
  return {name,
          kKind,
          about,
          victim,
          effect,
          [=](Scene& scene, Node node) {
            scene.set(node, name, text);
            if (reload) scene.reload(node);
            return true;
          },
          [=](Scene& scene, Node node) {
            scene.set(node, name, "");
            scene.reload(node);
          }};
}

Fault restarted(const char* name, const char* about, Victim victim, Effect effect,
                const char* text) {
  return {name,
          kKind,
          about,
          victim,
          effect,
          [=](Scene& scene, Node node) {
            scene.set(node, name, text);
            scene.foreign(name, node);
            return scene.restart(node);
          },
          [=](Scene& scene, Node node) {
            scene.set(node, name, "");
            scene.foreign(name, node);
            // Who leads now is not restarted for it.
            if (scene.primary() != node) scene.restart(node);
          }};
}

Fault lower_limits() {
  return {"lower-limits",
          kKind,
          "max_connections was raised everywhere but on this standby: its replay pauses by itself",
          Victim::standby,
          Effect::cuts,
          [](Scene& scene, Node node) {
            const auto primary = scene.primary();
            for (const auto& other : scene.others(node)) {
              scene.set(other, "lower-limits", "max_connections = 80");
              scene.foreign("lower-limits", other);
              if (!scene.restart(other)) return false;
            }
            poll_until(kPauseMs, [&] {
              const auto told = scene.sql(node, "SELECT pg_is_wal_replay_paused()");
              return told.done && told.rows[0][0] == "t";
            });
            return true;
          },
          [](Scene& scene, Node node) {
            scene.set(node, "lower-limits", "max_connections = 80");
            scene.foreign("lower-limits", node);
            if (scene.primary() != node) scene.restart(node);
          }};
}

Fault pinned() {
  return {"conninfo-pinned",
          kKind,
          "every other node's primary_conninfo names this one alone",
          Victim::primary,
          Effect::hinders,
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node)) {
              scene.set(other, "pinned", scene.conninfo(other, {scene.server(node).port}));
              scene.reload(other);
            }
            return true;
          },
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node)) {
              scene.set(other, "pinned", "");
              scene.reload(other);
            }
          }};
}

Fault bad_hba() {
  return {"hba-broken",
          kKind,
          "pg_hba.conf has a line that nobody can read: no start with it",
          Victim::any,
          Effect::hinders,
          [](Scene& scene, Node node) {
            scene.hba(node, "zz-broken", "hots all all trust");
            return true;
          },
          [](Scene& scene, Node node) { scene.hba(node, "zz-broken", ""); }};
}

Fault hba_reject() {
  return {"hba-reject",
          kKind,
          "pg_hba.conf shuts the role aeromq out; clients go on",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node node) {
            scene.hba(node, "reject", "host all,replication aeromq 127.0.0.1/32 reject");
            scene.show_out(node);
            return true;
          },
          [](Scene& scene, Node node) { scene.hba(node, "reject", ""); }};
}

Fault other_port() {
  return {"port-changed",
          kKind,
          "port was changed in the settings: the next start is elsewhere",
          Victim::any,
          Effect::hinders,
          [](Scene& scene, Node node) {
            scene.set(node, "port-changed",
                      "port = " + std::to_string(scene.server(node).port + 1000));
            return true;
          },
          [](Scene& scene, Node node) {
            scene.set(node, "port-changed", "");
            // One that was started meanwhile listens where nobody looks.
            if (!scene.sql(node, "SELECT 1").done && scene.cluster().postmaster(node) > 0) {
              scene.foreign("port-changed", node);
              scene.restart(node);
            }
          }};
}

}  // namespace

std::vector<Fault> configuration_faults() {
  return {
      line("bad-line", "a typing error in the settings: it runs, and cannot start again",
           Victim::any, Effect::hinders, "work_mem = 64MiB", false),
      bad_hba(),
      line("preload-missing", "shared_preload_libraries names what is not there", Victim::any,
           Effect::hinders, "shared_preload_libraries = 'no_such_library'", false),
      line("memory-missing", "shared_buffers were raised beyond what the host has", Victim::any,
           Effect::hinders, "shared_buffers = '60000GB'", false),
      other_port(),
      lower_limits(),
      line("restart-pending", "a setting waits for a restart", Victim::any, Effect::hinders,
           "max_connections = 60", true),
      hba_reject(),
      line("conninfo-missing", "primary_conninfo is empty: this node will follow nobody",
           Victim::any, Effect::cuts, "primary_conninfo = ''", true),
      pinned(),
      line("synchronous-differs", "synchronous_standby_names is not what the settings declare",
           Victim::any, Effect::misleads, "synchronous_standby_names = 'ANY 1 (x,y,z)'", true),
      line("read-only-default", "default_transaction_read_only is on", Victim::primary,
           Effect::misleads, "default_transaction_read_only = on", true),
      restarted("timeline-current", "recovery_target_timeline = current: it follows no promotion",
                Victim::standby, Effect::hinders, "recovery_target_timeline = 'current'"),
      restarted("hot-standby-off", "hot_standby = off: this standby lets nobody in",
                Victim::standby, Effect::blinds, "hot_standby = off"),
  };
}

}  // namespace aeromq::chaos::situations
