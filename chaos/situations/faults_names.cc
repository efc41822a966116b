#include <fmt/format.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "names";
constexpr int kStartMs = 15000;

// Started under another name, by a link: PostgreSQL finds its own files through it.
bool start_named(Scene& scene, Node node, const std::string& program) {
  const auto folder = scene.copies() / "programs";
  std::error_code none;
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink(scene.cluster().pg_bin() / "postgres", folder / program, none);
  const auto& server = scene.server(node);
  scene.run_as_server(
      {"/bin/sh", "-c",
       fmt::format("setsid {} -D {} >> {} 2>&1 < /dev/null &", (folder / program).string(),
                   server.data.string(), (server.data.parent_path() / "postgresql.log").string())});
  return poll_until(kStartMs, [&] { return scene.sql(node, "SELECT 1").done; });
}

Fault named(const char* name, const char* about, const char* program) {
  return {name,
          kKind,
          about,
          Victim::any,
          Effect::misleads,
          [=](Scene& scene, Node node) {
            scene.foreign(name, node);
            scene.stop_server(node);
            return start_named(scene, node, program);
          },
          [=](Scene& scene, Node node) {
            if (scene.primary() == node)
              return;  // it may go on: that name is no fault of the server
            scene.foreign(name, node);
            scene.restart(node);
          }};
}

Fault called(const char* name, const char* about,
             std::function<std::string(const Scene&, Node)> what) {
  return {name,
          kKind,
          about,
          Victim::standby,
          Effect::misleads,
          [=](Scene& scene, Node node) {
            scene.set(node, name, scene.conninfo(what(scene, node), scene.ports()));
            scene.reload(node);
            return true;
          },
          [=](Scene& scene, Node node) {
            scene.set(node, name, "");
            scene.reload(node);
          }};
}

}  // namespace

std::vector<Fault> name_faults() {
  return {
      named("named-postmaster", "the server runs under the name postmaster, by a link",
            "postmaster"),
      named("named-otherwise", "the server's program was renamed", "dbserver"),
      called("application-name-of-another", "this standby calls itself as the other standby does",
             [](const Scene& scene, Node node) {
               for (const auto& other : scene.others(node))
                 if (other != "a") return other;
               return std::string("b");
             }),
      called("application-name-unknown", "this standby calls itself as no node is called",
             [](const Scene&, Node node) { return node + ".example"; }),
      called("application-name-capital", "this standby calls itself in capitals",
             [](const Scene&, Node node) {
               return std::string(1, static_cast<char>(node[0] - 'a' + 'A'));
             }),
      called("application-name-default", "this standby does not say who it is",
             [](const Scene&, Node) { return std::string("walreceiver"); }),
  };
}

}  // namespace aeromq::chaos::situations
