#include <fmt/format.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "other managers";

Fault session(const char* name, const char* about, const char* application) {
  return {name,
          kKind,
          about,
          Victim::any,
          Effect::hinders,
          [=](Scene& scene, Node node) {
            auto& held = scene.held(name + node);
            held.emplace_back(fmt::format(
                "host=127.0.0.1 port={} user=postgres dbname=postgres connect_timeout=3 "
                "application_name='{}'",
                scene.server(node).port, application));
            return held.back().alive();
          },
          [=](Scene& scene, Node node) { scene.held(name + node).clear(); }};
}

Fault file(const char* name, const char* about, const char* text) {
  return {name,
          kKind,
          about,
          Victim::any,
          Effect::hinders,
          [=](Scene& scene, Node node) {
            write_text(scene.server(node).data / text, "{}\n");
            return true;
          },
          [=](Scene& scene, Node node) {
            std::error_code none;
            std::filesystem::remove(scene.server(node).data / text, none);
          }};
}

}  // namespace

std::vector<Fault> manager_faults() {
  return {session("patroni-session", "a session of Patroni is there", "Patroni heartbeat"),
          session("repmgr-session", "a session of repmgrd is there", "repmgrd"),
          file("patroni-file", "Patroni's file lies in PGDATA", "patroni.dynamic.json"),
          file("failover-file", "pg_auto_failover's file lies in PGDATA",
               "postgresql-auto-failover.conf")};
}

std::vector<Fault> clock_faults() {
  return {{"server-clock-ahead", "clocks",
           "the server was started under a clock that is an hour ahead", Victim::any,
           Effect::misleads,
           [](Scene& scene, Node node) {
             constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
             if (!std::filesystem::exists(kLibrary)) return false;
             scene.foreign("server-clock-ahead", node);
             scene.stop_server(node);
             const auto& server = scene.server(node);
             scene.run_as_server(
                 {"/bin/sh", "-c",
                  fmt::format("LD_PRELOAD={} FAKETIME=+1h setsid {}/postgres -D {} >> {} 2>&1 < "
                              "/dev/null &",
                              kLibrary, scene.cluster().pg_bin().string(), server.data.string(),
                              (server.data.parent_path() / "postgresql.log").string())});
             constexpr int kStartMs = 15000;
             return poll_until(kStartMs, [&] { return scene.sql(node, "SELECT 1").done; });
           },
           [](Scene& scene, Node node) {
             if (scene.primary() == node) return;
             scene.foreign("server-clock-ahead", node);
             scene.restart(node);
           }}};
}

}  // namespace aeromq::chaos::situations
