// Registers two kill points, hits "t.a.hit" three times and "t.b.hit" once, writes a line per hit.
#include <cstdio>

#include "process/entry.h"
#include "process/kill_point.h"

namespace {

int run_program(int count, char** arguments) {
  using namespace aeromq::process;
  register_kill_points({"t.b.hit", "t.a.hit"});
  if (list_kill_points(count, arguments)) return 0;
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  for (int i = 0; i < 3; ++i) {
    kill_point("t.a.hit");
    std::puts("a");
  }
  kill_point("t.b.hit");
  std::puts("b");
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return aeromq::process::enter(count, arguments, [&] { return run_program(count, arguments); });
}
