#include <fmt/format.h>
#include <unistd.h>

#include "chaos/situations/fault.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

namespace fs = std::filesystem;
using Node = const std::string&;

constexpr const char* kKind = "foreign hands";
constexpr int kPromoteMs = 10000;

void nothing(Scene&, Node) {}

Fault hand(const char* name, const char* about, Victim victim, Effect effect,
           std::function<bool(Scene&, Node)> work, bool may_write = false, bool may_lose = false) {
  return {name,
          kKind,
          about,
          victim,
          effect,
          [=](Scene& scene, Node node) {
            scene.foreign(name, node, may_write, may_lose);
            const bool done = work(scene, node);
            scene.foreign(name, node, may_write, may_lose);  // it took its time
            return done;
          },
          nothing};
}

bool promoted(Scene& scene, Node node) {
  return poll_until(kPromoteMs, [&] {
    const auto told = scene.sql(node, "SELECT pg_is_in_recovery()");
    return told.done && told.rows[0][0] == "f";
  });
}

bool demoted_by_hand(Scene& scene, Node node) {
  scene.stop_server(node);
  const auto signal = scene.server(node).data / "standby.signal";
  write_text(signal, "");
  return scene.own(signal) && scene.start_server(node);
}

bool copied_back(Scene& scene, Node node) {
  const auto& data = scene.server(node).data;
  const auto copy = scene.copies() / ("data-" + node);
  scene.stop_server(node);
  if (run({"/bin/cp", "-a", data, copy}, kPromoteMs * 4).exit_code != 0) return false;
  scene.start_server(node);
  scene.sql(scene.primary(), "SELECT pg_switch_wal()");
  ::usleep(1'500'000);  // some rows more
  scene.stop_server(node, "immediate");
  std::error_code none;
  fs::remove_all(data, none);
  fs::rename(copy, data, none);
  return !none && scene.start_server(node);
}

// A server beside the cluster that was restored from the primary's files and thinks it is it.
Fault twin() {
  return {
      "restored-twin",
      kKind,
      "a copy of the primary was restored beside it and runs at another port",
      Victim::primary,
      Effect::misleads,
      [](Scene& scene, Node node) {
        const auto copy = scene.copies() / "twin";
        scene.sql(node, "CHECKPOINT");
        const auto taken = scene.run_as_server(
            {scene.cluster().pg_bin() / "pg_basebackup", "-D", copy, "-X", "stream", "-c", "fast",
             "-d", fmt::format("host=127.0.0.1 port={} user=repl", scene.server(node).port)});
        if (taken.exit_code != 0) return false;
        write_text(
            copy / "postgresql.conf",
            fmt::format("port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
                        "dynamic_shared_memory_type = mmap\nshared_buffers = 16MB\n"
                        "max_connections = 50\nmax_wal_senders = 20\ncluster_name = 'a'\n",
                        scene.server(node).port + 3));
        return scene
                   .run_as_server({scene.cluster().pg_bin() / "pg_ctl", "start", "-w", "-D", copy,
                                   "-l", copy / "log"})
                   .exit_code == 0;
      },
      [](Scene& scene, Node) {
        scene.run_as_server({scene.cluster().pg_bin() / "pg_ctl", "stop", "-m", "immediate", "-D",
                             scene.copies() / "twin"});
      }};
}

// The agent's journal: gone, or an older copy of it. The cure is the file as it was.
void copy_journal(Scene& scene, Node node, const fs::path& from, const fs::path& to) {
  for (const auto* part : {"", "-wal", "-shm"}) {
    std::error_code none;
    fs::remove(to.string() + part, none);
    if (fs::exists(from.string() + part))
      run({"/bin/cp", "-a", from.string() + part, to.string() + part}, kPromoteMs);
  }
  (void)scene;
  (void)node;
}

Fault journal_missing() {
  return {"journal-missing",
          kKind,
          "the agent's journal is gone, and the agent was started again",
          Victim::any,
          Effect::misleads,
          [](Scene& scene, Node node) {
            const auto journal = scene.server(node).agent / "journal.sqlite";
            scene.cluster().tool({"agent-stop", scene.cluster().dir(), node});
            copy_journal(scene, node, journal, scene.copies() / ("journal-" + node));
            copy_journal(scene, node, scene.copies() / "none", journal);
            scene.start_agent(node);
            return true;
          },
          [](Scene& scene, Node node) {
            const auto journal = scene.server(node).agent / "journal.sqlite";
            scene.cluster().tool({"agent-stop", scene.cluster().dir(), node});
            copy_journal(scene, node, scene.copies() / ("journal-" + node), journal);
            scene.start_agent(node);
          }};
}

Fault register_missing() {
  return {"register-missing",
          kKind,
          "the kernel's register is gone, and the plane was started again",
          Victim::any,
          Effect::misleads,
          [](Scene& scene, Node node) {
            const auto file = scene.stack().register_file();
            scene.stack().stop();
            copy_journal(scene, node, file, scene.copies() / "register-now");
            copy_journal(scene, node, scene.copies() / "none", file);
            scene.restart_plane();
            return true;
          },
          [](Scene& scene, Node node) {
            scene.stack().stop();
            copy_journal(scene, node, scene.copies() / "register-now",
                         scene.stack().register_file());
            scene.restart_plane();
          }};
}

// The register as it was when the situation began comes back now.
Fault register_old() {
  return {
      "register-copied-back",
      kKind,
      "an older copy of the register was put back",
      Victim::any,
      Effect::misleads,
      [](Scene& scene, Node node) {
        const auto old = scene.copies() / "register-old";
        if (!fs::exists(old)) return false;
        scene.stack().stop();
        copy_journal(scene, node, scene.stack().register_file(), scene.copies() / "register-new");
        copy_journal(scene, node, old, scene.stack().register_file());
        scene.restart_plane();
        return true;
      },
      [](Scene& scene, Node node) {
        scene.stack().stop();
        copy_journal(scene, node, scene.copies() / "register-new", scene.stack().register_file());
        scene.restart_plane();
      }};
}

}  // namespace

std::vector<Fault> foreign_faults() {
  return {
      hand("pg-ctl-stop", "somebody stopped the server with pg_ctl", Victim::any, Effect::downs,
           [](Scene& scene, Node node) {
             scene.stop_server(node);
             return true;
           }),
      hand("pg-ctl-restart", "somebody restarted the server with pg_ctl", Victim::any,
           Effect::moves, [](Scene& scene, Node node) { return scene.restart(node); }),
      hand(
          "pg-promote", "somebody called pg_promote() on a standby", Victim::standby, Effect::moves,
          [](Scene& scene, Node node) {
            return scene.sql(node, "SELECT pg_promote(false)").done && promoted(scene, node);
          },
          true, true),
      hand(
          "pg-ctl-promote", "somebody promoted a standby with pg_ctl", Victim::standby,
          Effect::moves,
          [](Scene& scene, Node node) {
            scene.pg_ctl(node, {"promote", "-W"});
            return promoted(scene, node);
          },
          true, true),
      hand("demoted-by-hand", "somebody made the primary a standby, and nobody leads",
           Victim::primary, Effect::moves, demoted_by_hand),
      hand("switched-by-hand", "somebody made the switch by hand, past the product",
           Victim::primary, Effect::moves,
           [](Scene& scene, Node node) {
             const auto heir = scene.others(node).front();
             scene.foreign("switched-by-hand", heir, true, false);
             if (!demoted_by_hand(scene, node)) return false;
             scene.pg_ctl(heir, {"promote", "-W"});
             return promoted(scene, heir);
           }),
      hand("copied-back", "an older copy of a standby's PGDATA was put back and started",
           Victim::standby, Effect::misleads, copied_back),
      twin(),
      journal_missing(),
      register_missing(),
      register_old(),
  };
}

}  // namespace aeromq::chaos::situations
