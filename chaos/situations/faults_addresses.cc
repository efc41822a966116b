#include <fmt/format.h>

#include <regex>

#include "chaos/situations/fault.h"

namespace aeromq::chaos::situations {
namespace {

using Node = const std::string&;

constexpr const char* kKind = "addresses";
constexpr int kListenMs = 5000;
// Accepts and says nothing; the port is printed first.
constexpr const char* kSilent = R"(
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(50)
kept = []
while True: kept.append(s.accept())
)";
// Passes everything on to another port.
constexpr const char* kForward = R"(
import socket, sys, threading
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(50)
def pump(a, b):
    try:
        while True:
            d = a.recv(65536)
            if not d: break
            b.sendall(d)
    except OSError: pass
    for x in (a, b):
        try: x.shutdown(2)
        except OSError: pass
while True:
    c, _ = s.accept()
    try: t = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError: c.close(); continue
    for p in ((c, t), (t, c)): threading.Thread(target=pump, args=p, daemon=True).start()
)";
// Another protocol answers: it closes after a line of its own.
constexpr const char* kStranger = R"(
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(50)
while True:
    c, _ = s.accept()
    try: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"); c.recv(100)
    except OSError: pass
    c.close()
)";

// The port of one node in a settings file.
std::string with_port(const std::string& text, Node node, unsigned port) {
  return std::regex_replace(
      text, std::regex("(name = \"" + node + "\"\nhost = \"[^\"]*\"\nport = )[0-9]+"),
      "$01" + std::to_string(port));
}

unsigned beside(const Scene& scene, Node node) { return scene.server(node).port + 1; }

bool listens(unsigned port) {
  return poll_until(kListenMs, [&] {
    return read_text("/proc/net/tcp").find(fmt::format("0100007F:{:04X}", port)) !=
           std::string::npos;
  });
}

void address(Scene& scene, Node node, unsigned port) {
  scene.edit_settings([&](const std::string& text) { return with_port(text, node, port); });
}

std::string standby_beside(Scene& scene, Node node) {
  const auto primary = scene.primary();
  for (const auto& other : scene.others(node))
    if (other != primary) return other;
  return scene.others(node).front();
}

Fault swapped() {
  return {"ports-swapped",
          kKind,
          "in the settings two standbys have each other's port",
          Victim::standby,
          Effect::misleads,
          [](Scene& scene, Node node) {
            const auto other = standby_beside(scene, node);
            const auto one_port = scene.server(node).port;
            const auto other_port = scene.server(other).port;
            scene.edit_settings([&](const std::string& text) {
              return with_port(with_port(text, node, other_port), other, one_port);
            });
            return true;
          },
          [](Scene& scene, Node) {
            scene.edit_settings([&](std::string text) {
              for (const auto& name : scene.names())
                text = with_port(text, name, scene.server(name).port);
              return text;
            });
          }};
}

Fault behind(const char* name, const char* about, const char* program, Effect effect,
             bool to_another) {
  return {name,
          kKind,
          about,
          Victim::any,
          effect,
          [=](Scene& scene, Node node) {
            std::vector<std::string> words{std::to_string(beside(scene, node))};
            if (to_another)
              words.push_back(std::to_string(scene.server(standby_beside(scene, node)).port));
            scene.helper(std::string(name) + node, program, words);
            if (!listens(beside(scene, node))) return false;
            address(scene, node, beside(scene, node));
            return true;
          },
          [=](Scene& scene, Node node) {
            address(scene, node, scene.server(node).port);
            scene.end_helper(std::string(name) + node);
          }};
}

Fault dead_port() {
  return {"dead-port",
          kKind,
          "the settings have a port of this node where nobody listens",
          Victim::any,
          Effect::blinds,
          [](Scene& scene, Node node) {
            address(scene, node, beside(scene, node));
            return true;
          },
          [](Scene& scene, Node node) { address(scene, node, scene.server(node).port); }};
}

Fault instead(const char* name, const char* about, const char* program) {
  return {name,
          kKind,
          about,
          Victim::any,
          Effect::downs,
          [=](Scene& scene, Node node) {
            scene.foreign(name, node);
            scene.stop_server(node, "immediate");
            scene.helper(std::string(name) + node, program,
                         {std::to_string(scene.server(node).port)});
            return listens(scene.server(node).port);
          },
          [=](Scene& scene, Node node) { scene.end_helper(std::string(name) + node); }};
}

}  // namespace

std::vector<Fault> address_faults() {
  return {
      swapped(),
      dead_port(),
      behind("silent-proxy", "what the settings name accepts and is silent; the server goes on",
             kSilent, Effect::blinds, false),
      behind("proxy-to-another", "what the settings name leads to another node", kForward,
             Effect::misleads, true),
      behind("another-protocol", "what the settings name speaks another protocol", kStranger,
             Effect::blinds, false),
      instead("silent-in-its-place", "the server crashed, and somebody else listens at its port",
              kSilent),
      instead("stranger-in-its-place",
              "the server crashed, and another protocol answers at its port", kStranger),
  };
}

}  // namespace aeromq::chaos::situations
