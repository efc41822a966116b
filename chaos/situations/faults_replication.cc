#include <fmt/format.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "replication";
constexpr int kCutMs = 5000;

void cut(Scene& scene, Node node) {
  scene.set(node, "cut", scene.conninfo(node, {1}));
  scene.reload(node);
}
void join(Scene& scene, Node node) {
  scene.set(node, "cut", "");
  scene.reload(node);
}
void wait_cut(Scene& scene, Node node) {
  poll_until(kCutMs, [&] {
    const auto told = scene.sql(node, "SELECT count(*) FROM pg_stat_wal_receiver");
    return told.done && told.rows[0][0] == "0";
  });
}

std::string other_standby(Scene& scene, Node node) {
  const auto primary = scene.primary();
  for (const auto& other : scene.others(node))
    if (other != primary) return other;
  return node;
}

Fault one_cut() {
  return {"standby-cut",
          kKind,
          "this standby is cut off from the primary",
          Victim::standby,
          Effect::cuts,
          [](Scene& scene, Node node) {
            cut(scene, node);
            wait_cut(scene, node);
            return true;
          },
          join};
}

Fault all_cut() {
  return {"standbys-cut",
          kKind,
          "every standby is cut off from the primary",
          Victim::primary,
          Effect::cuts,
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node)) cut(scene, other);
            for (const auto& other : scene.others(node)) wait_cut(scene, other);
            return true;
          },
          [](Scene& scene, Node) {
            for (const auto& name : scene.names()) join(scene, name);
          }};
}

Fault cascade() {
  return {"cascade",
          kKind,
          "this standby follows the other standby alone",
          Victim::standby,
          Effect::misleads,
          [](Scene& scene, Node node) {
            const auto other = other_standby(scene, node);
            scene.set(node, "cascade", scene.conninfo(node, {scene.server(other).port}));
            scene.reload(node);
            return other != node;
          },
          [](Scene& scene, Node node) {
            scene.set(node, "cascade", "");
            scene.reload(node);
          }};
}

Fault logical() {
  return {"logical-slot",
          kKind,
          "a change stream hangs on the primary by a logical slot",
          Victim::primary,
          Effect::hinders,
          [](Scene& scene, Node node) {
            scene.set(node, "logical", "wal_level = logical");
            scene.foreign("logical-slot", node);
            return scene.restart(node) &&
                   scene
                       .sql(node,
                            "SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')",
                            "app")
                       .done;
          },
          [](Scene& scene, Node) {
            for (const auto& name : scene.names())
              scene.sql(name, "SELECT pg_drop_replication_slot('cdc')", "app");
            for (const auto& name : scene.names()) scene.set(name, "logical", "");
          }};
}

Fault slot_lost() {
  return {"slot-lost",
          kKind,
          "this standby was away until its slot had lost the WAL that it needs",
          Victim::standby,
          Effect::cuts,
          [](Scene& scene, Node node) {
            const auto primary = scene.primary();
            scene.set(primary, "slots", "max_slot_wal_keep_size = '1MB'\nwal_keep_size = 0");
            scene.reload(primary);
            scene.foreign("slot-lost", node);
            scene.stop_server(node);
            for (int i = 0; i < 12; ++i)
              scene.sql(primary,
                        "SELECT pg_logical_emit_message(false, 'x', repeat('x', 700000)), "
                        "pg_switch_wal()");
            scene.sql(primary, "CHECKPOINT");
            scene.sql(primary, "CHECKPOINT");
            return scene.start_server(node);
          },
          [](Scene& scene, Node) {
            for (const auto& name : scene.names()) {
              scene.set(name, "slots", "");
              scene.reload(name);
            }
          }};
}

Fault backup() {
  return {"backup-runs",
          kKind,
          "a base backup of the primary runs and does not end",
          Victim::primary,
          Effect::hinders,
          [](Scene& scene, Node node) {
            auto& held = scene.held("backup" + node);
            held.emplace_back(fmt::format(
                "host=127.0.0.1 port={} user=postgres dbname=postgres connect_timeout=3",
                scene.server(node).port));
            return held.back().alive() && held.back().run("SELECT pg_backup_start('x', true)").done;
          },
          [](Scene& scene, Node node) { scene.held("backup" + node).clear(); }};
}

Fault prepared() {
  return {
      "transactions-open",
      kKind,
      "sessions of clients hold transactions open on every node",
      Victim::any,
      Effect::hinders,
      [](Scene& scene, Node) {
        for (const auto& name : scene.names()) {
          auto& held = scene.held("open" + name);
          held.emplace_back(
              fmt::format("host=127.0.0.1 port={} user=app dbname=app connect_timeout=3",
                          scene.server(name).port));
          held.back().run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM written");
        }
        return true;
      },
      [](Scene& scene, Node) {
        for (const auto& name : scene.names()) scene.held("open" + name).clear();
      }};
}

}  // namespace

std::vector<Fault> replication_faults() {
  return {one_cut(), all_cut(), cascade(), logical(), slot_lost(), backup(), prepared()};
}

}  // namespace aeromq::chaos::situations
