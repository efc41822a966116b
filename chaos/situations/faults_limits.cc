#include <fmt/format.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;
using postgresql::Session;

constexpr const char* kKind = "limits";
constexpr unsigned kMostSessions = 60;

Fault connections() {
  return {"connections-used-up",
          kKind,
          "clients hold every connection there is",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node node) {
            auto& held = scene.held("connections" + node);
            const auto url =
                fmt::format("host=127.0.0.1 port={} user=app dbname=app connect_timeout=3",
                            scene.server(node).port);
            for (unsigned i = 0; i < kMostSessions; ++i) {
              Session one(url);
              if (!one.alive()) break;
              held.push_back(std::move(one));
            }
            scene.show_out(node);
            Session last(url);  // the places that became free
            if (last.alive()) held.push_back(std::move(last));
            return !held.empty();
          },
          [](Scene& scene, Node node) { scene.held("connections" + node).clear(); }};
}

Fault senders() {
  return {"senders-used-up",
          kKind,
          "max_wal_senders has one place beyond the standbys everywhere",
          Victim::primary,
          Effect::hinders,
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node)) {
              scene.set(other, "senders", "max_wal_senders = 3");
              scene.foreign("senders-used-up", other);
            }
            scene.set(node, "senders", "max_wal_senders = 3");
            scene.foreign("senders-used-up", node);
            // The primary first: a standby may not have fewer.
            bool well = scene.restart(node);
            for (const auto& other : scene.others(node)) {
              scene.sql(other, "CHECKPOINT");
              well = scene.restart(other) && well;
            }
            return well;
          },
          [](Scene& scene, Node) {
            const auto primary = scene.primary();
            for (const auto& name : scene.names()) scene.set(name, "senders", "");
            for (const auto& other : scene.others(primary)) {
              scene.foreign("senders-used-up", other);
              scene.restart(other);
            }
            scene.foreign("senders-used-up", primary);
            scene.restart(primary);
          }};
}

Fault slots() {
  return {"slots-missing",
          kKind,
          "the other standby has no slots for those that would follow it",
          Victim::standby,
          Effect::hinders,
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node))
              scene.sql(node, fmt::format("SELECT pg_drop_replication_slot('{}')", other));
            return true;
          },
          [](Scene& scene, Node node) {
            for (const auto& other : scene.others(node))
              scene.sql(node,
                        fmt::format("SELECT pg_create_physical_replication_slot('{}')", other));
          }};
}

Fault role_limit() {
  return {"role-limited",
          kKind,
          "the role aeromq may have no connection",
          Victim::primary,
          Effect::blinds,
          [](Scene& scene, Node node) {
            const bool done = scene.sql(node, "ALTER ROLE aeromq CONNECTION LIMIT 0").done;
            for (const auto& name : scene.names()) scene.show_out(name);
            return done;
          },
          [](Scene& scene, Node) {
            scene.sql(scene.primary(), "ALTER ROLE aeromq CONNECTION LIMIT -1");
          }};
}

}  // namespace

std::vector<Fault> limit_faults() { return {connections(), senders(), slots(), role_limit()}; }

}  // namespace aeromq::chaos::situations
