// The driver of the bare model and, with --role, each of its processes. The children die with the
// driver, however it ends; the directory is the caller's to remove.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/bare/roles.h"
#include "process/entry.h"

namespace aeromq::bench {
namespace {

void run_role(const std::string& role, const Places& places) {
  if (role == "broker") run_broker(places, Keys::from_environment());
  if (role == "kernel") run_kernel(places);
  if (role == "dispatcher") run_dispatcher(places);
  if (role == "writer") run_writer(places);
  if (role == "gate") run_forwarder(places, Role::gate);
  if (role == "explainer") run_forwarder(places, Role::explainer);
  if (role == "keeper") run_forwarder(places, Role::keeper);
  die("no such role: " + role);
}

/// The processes of one run, ended by pid when it ends.
class Children {
 public:
  explicit Children(const Places& places) : places_(places) {}
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }

  /// Returns the read end of the child's standard output.
  int start(const std::string& role) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
    const pid_t driver = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != driver) ::_exit(1);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/proc/self/exe", "bench_bare", "--role", role.c_str(), "--dir", places_.dir.c_str(),
              nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    pids_.push_back(pid);
    return ends[0];
  }

 private:
  Places places_;
  std::vector<pid_t> pids_;
};

/// Blocks until the child writes; its death shows as the end of the pipe.
void await_ready(int pipe) {
  char letter = 0;
  if (::read(pipe, &letter, 1) != 1) die("a process of the bare model ended early");
}

int drive(const Places& places) {
  const auto keys = Keys::fresh();
  keys.to_environment();
  Children children(places);
  await_ready(children.start("kernel"));
  const int broker = children.start("broker");
  for (const auto* role : {"gate", "dispatcher", "explainer", "keeper", "writer"})
    children.start(role);
  await_ready(broker);
  Client client(places, keys);
  return serve([&](const Slice& slice) { return client.load(slice); });
}

}  // namespace
}  // namespace aeromq::bench

namespace {

int run_program(int argc, char** argv) {
  using namespace aeromq::bench;
  CLI::App app("The bare ZeroMQ model of aeromq's road: its hops and syncs, nothing else");
  Places places;
  std::string role;
  app.add_option("--dir", places.dir, "existing directory for sockets and files")->required();
  app.add_option("--role", role, "run one process of the model (used by the driver)");
  CLI11_PARSE(app, argc, argv);
  if (!role.empty()) run_role(role, places);
  return drive(places);
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
