#include <fmt/format.h>
#include <signal.h>

#include "chaos/situations/fault.h"
#include "chaos/stack/processes.h"

namespace aeromq::chaos::situations {
namespace {

namespace fs = std::filesystem;
using Node = const std::string&;

constexpr const char* kKind = "leftovers";

// A file that an earlier move left in PGDATA.
Fault file(const char* name, const char* about, Victim victim, const char* path, const char* text,
           Effect effect, bool may_write = false) {
  return {name,
          kKind,
          about,
          victim,
          effect,
          [=](Scene& scene, Node node) {
            const auto full = scene.server(node).data / path;
            write_text(full, text);
            scene.run_as_server({"/bin/true"});
            if (may_write) scene.foreign(name, node, true);
            return scene.own(full);
          },
          [=](Scene& scene, Node node) {
            std::error_code none;
            fs::remove(scene.server(node).data / path, none);
          }};
}

Fault standby_signal() {
  return {"standby-signal-left",
          kKind,
          "the running primary has a standby.signal in its PGDATA",
          Victim::primary,
          Effect::misleads,
          [](Scene& scene, Node node) {
            const auto full = scene.server(node).data / "standby.signal";
            write_text(full, "");
            scene.foreign("standby-signal-left", node);
            return scene.own(full);
          },
          [](Scene& scene, Node node) {
            std::error_code none;
            if (scene.primary() == node && scene.cluster().postmaster(node) > 0)
              fs::remove(scene.server(node).data / "standby.signal", none);
          }};
}

Fault pid_file() {
  return {"pid-file-of-another",
          kKind,
          "the server died, and its postmaster.pid names a process that lives",
          Victim::any,
          Effect::downs,
          [](Scene& scene, Node node) {
            const auto path = scene.server(node).data / "postmaster.pid";
            const auto text = read_text(path);
            const auto line = text.find('\n');
            scene.foreign("pid-file-of-another", node);
            if (line == std::string::npos || !scene.cluster().kill_postmaster(node)) return false;
            scene.helper("pid-file" + node,
                         "import "
                         "os,time\nos.setuid(int(__import__('pwd').getpwnam('postgres').pw_uid))"
                         "\ntime.sleep(3600)",
                         {});
            write_text(path,
                       std::to_string(scene.helper_pid("pid-file" + node)) + text.substr(line));
            return scene.own(path);
          },
          [](Scene& scene, Node node) {
            scene.end_helper("pid-file" + node);
            std::error_code none;
            if (scene.cluster().postmaster(node) <= 0)
              fs::remove(scene.server(node).data / "postmaster.pid", none);
          }};
}

Fault orphan() {
  return {"orphan-backend",
          kKind,
          "the postmaster was killed, and a child of it lives on with the shared memory",
          Victim::any,
          Effect::downs,
          [](Scene& scene, Node node) {
            const auto children = scene.children_named(node, "checkpointer");
            const auto pid = scene.cluster().postmaster(node);
            if (children.empty() || pid <= 0) return false;
            scene.foreign("orphan-backend", node);
            scene.freeze(children);
            ::kill(pid, SIGKILL);
            constexpr int kGoneMs = 5000;
            return poll_until(kGoneMs, [&] { return !is_alive(pid); });
          },
          [](Scene& scene, Node) { scene.thaw_all(); }};
}

// What pg_rewind or a copy brings from another node.
Fault auto_conf() {
  return {
      "identity-copied",
      kKind,
      "postgresql.auto.conf has the slot and the name of another node, as a copy leaves it",
      Victim::standby,
      Effect::misleads,
      [](Scene& scene, Node node) {
        const auto other = scene.others(node).back();
        return scene.sql(node, fmt::format("ALTER SYSTEM SET primary_slot_name = '{}'", other))
                   .done &&
               scene.sql(node, fmt::format("ALTER SYSTEM SET cluster_name = '{}'", other)).done &&
               scene.sql(node, "SELECT pg_reload_conf()").done;
      },
      [](Scene& scene, Node node) {
        scene.sql(node, "ALTER SYSTEM RESET ALL");
        scene.sql(node, "SELECT pg_reload_conf()");
        if (!scene.sql(node, "SELECT 1").done)
          write_text(scene.server(node).data / "postgresql.auto.conf", "");
      }};
}

Fault pinned_auto_conf() {
  return {"write-recovery-conf",
          kKind,
          "postgresql.auto.conf pins primary_conninfo to one host, as pg_basebackup -R writes it",
          Victim::standby,
          Effect::hinders,
          [](Scene& scene, Node node) {
            return scene
                       .sql(node, fmt::format("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 "
                                              "port={} user=repl application_name={}'",
                                              scene.server(scene.primary()).port, node))
                       .done &&
                   scene.sql(node, "SELECT pg_reload_conf()").done;
          },
          [](Scene& scene, Node node) {
            scene.sql(node, "ALTER SYSTEM RESET ALL");
            scene.sql(node, "SELECT pg_reload_conf()");
            if (!scene.sql(node, "SELECT 1").done)
              write_text(scene.server(node).data / "postgresql.auto.conf", "");
          }};
}

}  // namespace

std::vector<Fault> leftover_faults() {
  return {
      standby_signal(),
      file("recovery-signal-left", "recovery.signal lies beside standby.signal", Victim::standby,
           "recovery.signal", "", Effect::hinders),
      file("promote-file-left", "a promote file lies in a standby's PGDATA", Victim::standby,
           "promote", "", Effect::moves, true),
      file("backup-label-left", "a backup_label that means nothing lies in PGDATA", Victim::any,
           "backup_label", "START WAL LOCATION: nonsense\n", Effect::hinders),
      file("history-of-another", "pg_wal has the history of a timeline that nobody is on",
           Victim::standby, "pg_wal/00000009.history",
           "1\t0/3000000\tno recovery target specified\n", Effect::misleads),
      pid_file(),
      orphan(),
      auto_conf(),
      pinned_auto_conf(),
  };
}

}  // namespace aeromq::chaos::situations
