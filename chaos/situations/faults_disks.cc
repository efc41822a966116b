#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "disks";
constexpr unsigned kDataRoomKb = 100 * 1024;
constexpr unsigned kWalRoomKb = 64 * 1024;
constexpr unsigned kAgentRoomKb = 4 * 1024;
constexpr unsigned kRegisterRoomKb = 16 * 1024;  // its reserve takes 6 MiB

Fault data() {
  return {"data-disk-full",
          kKind,
          "the disk of PGDATA is full",
          Victim::standby,
          Effect::hinders,
          [](Scene& scene, Node node) {
            scene.foreign("data-disk-full", node);
            scene.stop_server(node);
            const bool mounted = scene.mount_small(scene.server(node).data, kDataRoomKb);
            const bool runs = scene.start_server(node);
            if (mounted) Scene::fill(scene.server(node).data);
            return mounted && runs;
          },
          [](Scene& scene, Node node) { Scene::make_room(scene.server(node).data); }};
}

Fault wal() {
  return {"wal-disk-full",
          kKind,
          "the disk of pg_wal is full",
          Victim::any,
          Effect::downs,
          [](Scene& scene, Node node) {
            scene.foreign("wal-disk-full", node);
            scene.stop_server(node);
            const bool mounted = scene.mount_small(scene.server(node).data / "pg_wal", kWalRoomKb);
            const bool runs = scene.start_server(node);
            if (mounted) Scene::fill(scene.server(node).data / "pg_wal");
            return mounted && runs;
          },
          [](Scene& scene, Node node) { Scene::make_room(scene.server(node).data / "pg_wal"); }};
}

Fault journal() {
  return {"journal-disk-full",
          kKind,
          "the disk of the agent's journal is full",
          Victim::any,
          Effect::silences,
          [](Scene& scene, Node node) {
            scene.cluster().tool({"agent-stop", scene.cluster().dir(), node});
            const bool mounted = scene.mount_small(scene.server(node).agent, kAgentRoomKb);
            const bool runs = scene.start_agent(node);
            if (mounted) Scene::fill(scene.server(node).agent);
            return mounted && runs;
          },
          [](Scene& scene, Node node) { Scene::make_room(scene.server(node).agent); }};
}

Fault register_disk() {
  return {"register-disk-full",
          kKind,
          "the disk of the kernel's register is full",
          Victim::any,
          Effect::hinders,
          [](Scene& scene, Node) {
            const auto folder = scene.stack().dir() / "kernel";
            scene.stack().stop();
            const bool mounted = scene.mount_small(folder, kRegisterRoomKb);
            const bool runs = scene.restart_plane();
            if (mounted) Scene::fill(folder);
            return mounted && runs;
          },
          [](Scene& scene, Node) { Scene::make_room(scene.stack().dir() / "kernel"); }};
}

Fault audit_disk() {
  return {"audit-disk-full",
          kKind,
          "the disk of the audit log is full",
          Victim::any,
          Effect::hinders,
          [](Scene& scene, Node) {
            const auto folder = scene.stack().dir() / "audit";
            scene.stack().stop();
            const bool mounted = scene.mount_small(folder, kAgentRoomKb);
            const bool runs = scene.restart_plane();
            if (mounted) Scene::fill(folder);
            return mounted && runs;
          },
          [](Scene& scene, Node) { Scene::make_room(scene.stack().dir() / "audit"); }};
}

}  // namespace

std::vector<Fault> disk_faults() {
  return {data(), wal(), journal(), register_disk(), audit_disk()};
}

}  // namespace aeromq::chaos::situations
