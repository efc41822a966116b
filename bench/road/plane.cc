#include "bench/road/plane.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace aeromq::bench {
namespace {

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr auto kStartPatience = std::chrono::seconds(30);
constexpr auto kStopPatience = std::chrono::seconds(10);

std::string beside_this_program(const char* name) {
  char path[PATH_MAX] = {};
  if (::readlink("/proc/self/exe", path, sizeof path - 1) < 0) return name;
  const std::string own(path);
  return own.substr(0, own.rfind('/') + 1) + name;
}

/// Every rate, and what may be open of one, as far up as a setting goes; printed, since the figures
/// are only true of them.
void widen_limits(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  bool limits = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('[')) limits = line == "[limits]";
    const auto equals = line.find(" = ");
    const bool wide = limits && equals != line.npos && !line.starts_with("all_") &&
                      !line.starts_with("open_of") && !line.starts_with("share") &&
                      !line.starts_with("renew");
    text += (wide ? line.substr(0, equals) + " = 1000000" : line) + "\n";
  }
  in.close();
  std::ofstream(path, std::ios::trunc) << text;
  std::fprintf(stderr, "limits of one principal: 1000000 each\n");
}

}  // namespace

// The first start makes the directory, the second takes its limits: what is measured is the road,
// and no principal may ask for as much as it carries.
Plane::Plane(const std::string& dir) : dir_(dir + "/plane"), log_(dir + "/up.log") {
  start();
  if (!connect(kStartPatience)) return;
  stop();
  widen_limits(dir_ + "/aeromq.toml");
  start();
}

void Plane::start() {
  const auto program = beside_this_program("aeromq");
  const pid_t driver = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != driver) ::_exit(1);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(nothing, STDIN_FILENO);  // the driver's standard input is bench/run's, not the plane's
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  const bool made = ::access((dir_ + "/aeromq.toml").c_str(), F_OK) == 0;
  ::execl(program.c_str(), "aeromq", "up", "--dir", dir_.c_str(), made ? nullptr : "--nodes",
          "a,b,c", nullptr);
  ::_exit(127);
}

void Plane::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  while (!ended() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(kPause);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Plane::ended() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ <= 0;
}

Result<client::Client> Plane::connect(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto last = make_error(ErrorCode::not_reached, "aeromq up did not start");
  for (; !ended() && std::chrono::steady_clock::now() < deadline;
       std::this_thread::sleep_for(kPause)) {
    const auto settings = client::read_settings(dir_ + "/clients/operator.toml");
    if (!settings) {
      last = settings.error();
      continue;
    }
    auto connected = client::Client::connect(*settings);
    if (!connected) {
      last = connected.error();
      continue;
    }
    // Proof that the whole road stands: one inspection that comes back with a view.
    const auto request = connected->next_request(CommandName::inspect_cluster_state);
    if (!request) {
      last = request.error();
      continue;
    }
    const auto answer = connected->submit(*request, {"inspect_cluster_state", "", "", "", {}});
    if (!answer)
      last = answer.error();
    else if (const auto* failure = std::get_if<client::Failure>(&*answer))
      last = failure->error;
    else
      return connected;
  }
  return fail(last);
}

}  // namespace aeromq::bench
