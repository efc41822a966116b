#include <signal.h>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "crashes";

void agent_back(Scene& scene, Node node) {
  if (!scene.agent_runs(node)) scene.start_agent(node);
}

void plane_back(Scene&, Node) {}  // the supervisor starts what died

Fault crash(const char* name, const char* about, Victim victim, Effect effect,
            std::function<bool(Scene&, Node)> work, std::function<void(Scene&, Node)> cure) {
  return {name, kKind, about, victim, effect, std::move(work), std::move(cure)};
}

}  // namespace

std::vector<Fault> crash_faults() {
  const auto kill_server = [](Scene& scene, Node node) {
    scene.foreign("postmaster-killed", node);
    return scene.cluster().kill_postmaster(node);
  };
  return {
      crash("postmaster-killed", "SIGKILL for the postmaster", Victim::any, Effect::downs,
            kill_server, plane_back),
      crash(
          "agent-killed", "SIGKILL for the agent", Victim::any, Effect::silences,
          [](Scene& scene, Node node) {
            scene.kill_agent(node);
            return true;
          },
          agent_back),
      crash(
          "host-lost", "SIGKILL for server and agent", Victim::any, Effect::downs,
          [=](Scene& scene, Node node) {
            scene.kill_agent(node);
            return kill_server(scene, node);
          },
          agent_back),
      crash(
          "kernel-killed", "SIGKILL for the kernel", Victim::any, Effect::moves,
          [](Scene& scene, Node) {
            const auto pid = scene.stack().pid_of("aeromq-kernel");
            return pid > 0 && ::kill(pid, SIGKILL) == 0;
          },
          plane_back),
      crash(
          "power-cut", "SIGKILL for every server and every agent", Victim::any, Effect::downs,
          [=](Scene& scene, Node) {
            for (const auto& name : scene.names()) scene.kill_agent(name);
            bool all = true;
            for (const auto& name : scene.names()) all = kill_server(scene, name) && all;
            return all;
          },
          [](Scene& scene, Node) {
            for (const auto& name : scene.names()) agent_back(scene, name);
          }),
  };
}

}  // namespace aeromq::chaos::situations
