// The functions that real shells take from the machine, taken from the world of the run: these
// definitions stand before process/'s archive on the link line, so that one is never looked at.
#include "chaos/simulation/world.h"
#include "process/clock.h"
#include "process/entropy.h"
#include "process/kill_point.h"
#include "process/log.h"

namespace aeromq::process {

Moment now() { return chaos::World::current->now(); }

void fill_random(std::span<std::uint8_t> octets) {
  auto& random = chaos::World::current->random();
  for (auto& octet : octets) octet = static_cast<std::uint8_t>(random.next() >> 32);
}

#ifdef AEROMQ_CHAOS
void kill_point(std::string_view name) { chaos::World::current->point(name); }
#endif
void register_kill_points(const std::vector<std::string>&) {}
bool list_kill_points(int, const char* const*) { return false; }
bool parse_arming(std::string_view, Arming&) { return false; }

void start_log(std::string_view) {}
void remember_log_file() {}
void reopen_log() {}
void log_info(std::string_view, LogFields) {}
void log_warning(std::string_view, LogFields) {}
void log_error(std::string_view, LogFields) {}
void log_peer(std::string_view, std::string_view, LogFields) {}
std::string logfmt(std::string_view event, LogFields) { return std::string(event); }

}  // namespace aeromq::process
