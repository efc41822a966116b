// aeromq-door: what clients and observers connect to; everything behind it is reached through it.
#include "door/door.h"
#include "process/command_line.h"

using namespace aeromq;

namespace {

int serve(const process::Settings& settings) {
  auto opened = door::Door::open(settings);
  if (!opened) return process::fail_start(opened.error());
  if (auto ran = (*opened)->run(); !ran) return process::fail_start(ran.error());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return process::control_plane_main(argc, argv, "aeromq-door", {}, serve);
}
