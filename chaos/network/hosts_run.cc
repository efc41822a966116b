#include <poll.h>
#include <signal.h>

#include <array>

#include "chaos/network/hosts.h"
#include "chaos/network/runs.h"
#include "chaos/network/site.h"

namespace aeromq::chaos::network {
namespace {

constexpr std::uint64_t kFewestActions = 4;
constexpr std::uint64_t kMoreActions = 4;
constexpr std::uint64_t kHealsIn = 3;  // two of so many faults last into the next action
constexpr std::uint64_t kKernelStopsIn = 5;
constexpr int kBlinkMs = 40;
// Those of the client library that most actions come to.
constexpr std::array kSteps{"submit.before_send", "submit.after_send", "confirm.before_send",
                            "confirm.after_send", "answer.received"};

// The network between the hosts, spoiled at one step of one client's work.
class Cable {
 public:
  Cable(Hosts& hosts, Chronicle& chronicle) : hosts_(hosts), chronicle_(chronicle) {}

  void aim(Choices& choices) {
    step_ = kSteps[choices.below(kSteps.size())];
    kind_ = choices.below(4);
  }

  void on_step(const std::string& step) {
    if (step != step_) return;
    step_.clear();
    switch (kind_) {
      case 0:
        hosts_.lose_requests(true);
        return chronicle_.fault("one_way", "clients>broker");
      case 1:
        hosts_.lose_answers(true);
        return chronicle_.fault("one_way", "broker>clients");
      case 2:
        hosts_.lose_requests(true);
        hosts_.lose_answers(true);
        return chronicle_.fault("blackhole", "clients=broker");
      default:
        for (const bool lost : {true, false, true, false, true, false}) {
          hosts_.lose_requests(lost);
          hosts_.lose_answers(lost);
          ::poll(nullptr, 0, kBlinkMs);
        }
        return chronicle_.fault("blinking", "clients=broker");
    }
  }

 private:
  Hosts& hosts_;
  Chronicle& chronicle_;
  std::string step_;
  std::uint64_t kind_ = 0;
};

}  // namespace

void run_between_hosts(const RunOptions& options, Chronicle& chronicle) {
  Choices choices(mix(options.seed, "hosts", 0));
  Hosts hosts;
  hosts.enter_broker();  // the stack's processes are started from here, so they are there too
  const auto endpoint = std::string("tcp://") + Hosts::broker_address() + ":7000";
  const auto feed = std::string("tcp://") + Hosts::broker_address() + ":7001";
  auto quick = quick_options();
  quick.settings["clients"] = "\"" + endpoint + "\"";
  quick.settings["feed"] = "\"" + feed + "\"";
  Stack stack(options.bin_dir, options.dir, quick);
  stack.keep();
  const Way way = [&](const std::string& who) -> std::optional<client::ClientSettings> {
    auto settings = client::read_settings(stack.dir() / "clients" / (who + ".toml"));
    if (!settings) return std::nullopt;
    settings->endpoint = endpoint;
    return std::move(*settings);
  };
  Scene scene(stack, chronicle, way);
  Cable cable(hosts, chronicle);
  People people(chronicle, way, [&](const char* step) { cable.on_step(step); });

  const auto actions = kFewestActions + choices.below(kMoreActions);
  for (std::uint64_t i = 0; i < actions; ++i) {
    scene.pause_for_parts();
    const bool stops = choices.below(kKernelStopsIn) == 0;
    if (stops) scene.stop_kernel();
    cable.aim(choices);
    hosts.enter_clients();
    scene.act(choices, people);
    hosts.enter_broker();
    if (stops) scene.resume_kernel();
    if (choices.below(kHealsIn) == 0) hosts.heal();
  }
  people.leave();
  hosts.heal();
  scene.finish(people.requests(), [&] {
    if (const auto dispatcher = stack.pid_of("aeromq-dispatcher"); dispatcher > 0)
      ::kill(dispatcher, SIGKILL);
  });
}

}  // namespace aeromq::chaos::network
