#include <sys/stat.h>

#include "chaos/postgresql/runbook.h"
#include "chaos/postgresql/truth.h"
#include "chaos/situations/fault.h"
#include "chaos/situations/witness.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "rights";

// A role is changed where writes are taken. Where nobody leads, and the product can't see who
// could, somebody has to promote by hand.
std::string writable_server(Scene& scene, const std::string& fault) {
  if (!writable_now(scene.cluster()).empty()) return scene.primary();
  const auto heir = postgresql::foremost_standby(postgresql::read_facts(scene.cluster()), "");
  if (heir.empty()) return scene.primary();
  scene.foreign(fault, heir, true, true);
  scene.sql(heir, "SELECT pg_promote(true, 20)");
  return heir;
}

Fault statement(const char* name, const char* about, const char* wrong, const char* right,
                Effect effect) {
  return {name,
          kKind,
          about,
          Victim::primary,
          effect,
          [=](Scene& scene, Node node) {
            const bool done = scene.sql(node, wrong).done;
            scene.show_out(node);
            for (const auto& other : scene.others(node)) scene.show_out(other);
            return done;
          },
          [=](Scene& scene, Node) { scene.sql(writable_server(scene, name), right); }};
}

Fault mode(const char* name, const char* about,
           std::function<std::filesystem::path(Scene&, Node)> of, mode_t wrong, mode_t right) {
  return {name,
          kKind,
          about,
          Victim::any,
          Effect::hinders,
          [=](Scene& scene, Node node) { return chmod(of(scene, node).c_str(), wrong) == 0; },
          [=](Scene& scene, Node node) { chmod(of(scene, node).c_str(), right); }};
}

Fault password() {
  return {"password-lost",
          kKind,
          "this server wants a password that the product has not got",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node node) {
            scene.hba(node, "password", "host all,replication aeromq 127.0.0.1/32 scram-sha-256");
            scene.show_out(node);
            return true;
          },
          [](Scene& scene, Node node) { scene.hba(node, "password", ""); }};
}

Fault method() {
  return {"method-unknown",
          kKind,
          "this server wants a certificate of the role aeromq",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node node) {
            scene.hba(node, "method",
                      "hostssl all,replication aeromq 127.0.0.1/32 trust\n"
                      "hostnossl all,replication aeromq 127.0.0.1/32 reject");
            scene.show_out(node);
            return true;
          },
          [](Scene& scene, Node node) { scene.hba(node, "method", ""); }};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

Fault tls() {
  return {"tls-wanted",
          kKind,
          "the settings want TLS, and the servers have none",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node) {
            scene.edit_settings([](const std::string& text) {
              return replaced(text, "sslmode = \"prefer\"", "sslmode = \"require\"");
            });
            return read_text(scene.settings_file()).find("\"require\"") != std::string::npos;
          },
          [](Scene& scene, Node) {
            scene.edit_settings([](const std::string& text) {
              return replaced(text, "sslmode = \"require\"", "sslmode = \"prefer\"");
            });
          }};
}

}  // namespace

std::vector<Fault> right_faults() {
  constexpr mode_t kOwn = 0700;
  constexpr mode_t kTooWide = 0755;
  constexpr mode_t kNone = 0;
  constexpr mode_t kFile = 0600;
  return {
      statement("no-pg-monitor", "the role aeromq has lost pg_monitor",
                "REVOKE pg_monitor FROM aeromq", "GRANT pg_monitor TO aeromq", Effect::misleads),
      statement("no-replication", "the role aeromq has lost REPLICATION",
                "ALTER ROLE aeromq NOREPLICATION", "ALTER ROLE aeromq REPLICATION",
                Effect::misleads),
      statement("no-login", "the role aeromq may not log in", "ALTER ROLE aeromq NOLOGIN",
                "ALTER ROLE aeromq LOGIN", Effect::blinds),
      password(),
      method(),
      tls(),
      mode(
          "data-mode", "the mode of PGDATA is too wide to start with",
          [](Scene& scene, Node node) { return scene.server(node).data; }, kTooWide, kOwn),
      mode(
          "settings-unreadable", "postgresql.conf can be read by nobody",
          [](Scene& scene, Node node) {
            return scene.server(node).data.parent_path() / "postgresql.conf";
          },
          kNone, kFile),
  };
}

}  // namespace aeromq::chaos::situations
