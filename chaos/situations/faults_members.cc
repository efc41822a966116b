#include <regex>

#include "chaos/situations/fault.h"
#include "chaos/stack/recorder.h"

namespace aeromq::chaos::situations {
namespace {

namespace fs = std::filesystem;
using Node = const std::string&;

constexpr const char* kKind = "members";

std::string without(const std::string& text, Node node) {
  auto out = std::regex_replace(
      text, std::regex("\n\\[\\[node\\]\\]\nname = \"" + node + "\"\n(?:[^\n]+\n)+"), "\n");
  // aeromq.toml lists them in one line.
  return std::regex_replace(out, std::regex("\"" + node + "\", |, \"" + node + "\""), "");
}

// Which copies lose the node: the kernel's, the agents'.
Fault dropped(const char* name, const char* about, Victim victim, bool kernel, bool agents) {
  return {name,
          kKind,
          about,
          victim,
          Effect::misleads,
          [=](Scene& scene, Node node) {
            scene.stack().stop();
            for (const auto& other : scene.names()) {
              const auto file = scene.agents_copy(other);
              fs::copy_file(file, scene.copies() / ("members-" + other),
                            fs::copy_options::overwrite_existing);
            }
            for (const auto* file : {"postgresql.toml", "aeromq.toml"}) {
              const auto path = scene.stack().dir() / file;
              fs::copy_file(path, scene.copies() / file, fs::copy_options::overwrite_existing);
              if (kernel) write_text(path, without(read_text(path), node));
            }
            if (agents)
              scene.edit_agents(scene.others(node),
                                [&](const std::string& text) { return without(text, node); });
            scene.restart_plane();
            if (kernel && agents) {
              scene.unlisted.insert(node);
              scene.unlisted_at.push_back({boot_now(), UINT64_MAX});
            }
            return true;
          },
          [=](Scene& scene, Node node) {
            scene.stack().stop();
            for (const auto* file : {"postgresql.toml", "aeromq.toml"})
              write_text(scene.stack().dir() / file, read_text(scene.copies() / file));
            if (agents)
              for (const auto& other : scene.others(node))
                scene.edit_agents({other}, [&](const std::string&) {
                  return read_text(scene.copies() / ("members-" + other));
                });
            scene.restart_plane();
            if (!scene.unlisted_at.empty()) scene.unlisted_at.back().to_ns = boot_now();
          }};
}

}  // namespace

std::vector<Fault> member_faults() {
  return {
      dropped("member-dropped", "this node was taken out of the settings everywhere", Victim::any,
              true, true),
      dropped("member-dropped-kernel", "this node was taken out of the kernel's settings alone",
              Victim::any, true, false),
      dropped("member-dropped-agents", "this node was taken out of the other agents' settings",
              Victim::any, false, true),
  };
}

}  // namespace aeromq::chaos::situations
