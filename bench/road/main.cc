// The driver of the product: a real control plane started with `aeromq up`, loaded through the
// public client library as any program would.
#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/road/load.h"
#include "bench/road/plane.h"
#include "process/entry.h"

namespace {

int run_program(int argc, char** argv) {
  using namespace aeromq::bench;
  CLI::App app("Loads a whole control plane through its client library");
  std::string dir;
  app.add_option("--dir", dir, "existing directory; the plane's is made in it")->required();
  CLI11_PARSE(app, argc, argv);
  Plane plane(dir);
  auto client = plane.connect(std::chrono::seconds(30));
  if (!client) {
    std::cerr << client.error().code << ": " << client.error().message << " (see " << dir
              << "/up.log)" << std::endl;
    return 1;
  }
  Load load(std::move(*client));
  return serve([&](const Slice& slice) { return load.run(slice); });
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
