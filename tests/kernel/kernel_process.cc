#include "tests/kernel/kernel_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/clock.h"
#include "process/files.h"

namespace aeromq::kernel {
namespace {

constexpr int kPatienceMs = 30'000;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> made;
  for (auto& word : words) made.push_back(word.data());
  made.push_back(nullptr);
  return made;
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string pair_lines(const transport::KeyPair& pair) {
  return "public_key = '" + pair.public_key + "'\nsecret_key = '" + pair.secret_key + "'\n";
}

void put(const std::string& path, const std::string& text) {
  ASSERT_TRUE(process::write_file(path, text)) << path;
}

}  // namespace

KernelProcess::KernelProcess() {
  for (const auto* name : {"run", "keys", "nodes", "kernel"})
    std::filesystem::create_directory(folder_ / name);
  const auto server = transport::make_key_pair();
  put(folder_ / "keys/kernel.toml", pair_lines(server));
  std::string allowed;
  for (const std::string node : {"a", "b", "c"}) {
    const auto own = transport::make_key_pair();
    put(node_file(node), "node = '" + node + "'\nendpoint = 'ipc://" + folder_.path() +
                             "/run/kernel-nodes.ipc'\nserver_key = '" + server.public_key + "'\n" +
                             pair_lines(own));
    allowed += "[[node]]\nname = '" + node + "'\nkey = '" + own.public_key + "'\nhost = 'host-" +
               node + "'\n";
  }
  put(folder_ / "nodes.toml", allowed);
  put(config(),
      "[cluster]\nname = 'demo'\nnodes = ['a', 'b', 'c']\n"
      "[kernel]\nstale_after_ms = 3000\ndispatchers = [1, 2, 3, 7, 255]\n");
}

KernelProcess::~KernelProcess() {
  kill();
  end_tracer();
}

void KernelProcess::end_tracer() {
  if (tracer_ <= 0) return;
  ::kill(tracer_, SIGKILL);
  ::waitpid(tracer_, nullptr, 0);
  tracer_ = -1;
}

bool KernelProcess::kill_at_write(int nth) {
  constexpr const char* kCalls = "pwrite64,fdatasync,fsync";
  std::vector<std::string> words{
      "strace", "-qq",
      "-o",     "/dev/null",
      "-p",     std::to_string(pid_),
      "-e",     std::string("trace=") + kCalls,
      "-e",     std::string("inject=") + kCalls + ":signal=KILL:when=" + std::to_string(nth)};
  auto arguments = pointers(words);
  tracer_ = ::fork();
  if (tracer_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  for (int waited = 0; waited < kPatienceMs; waited += 5) {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("TracerPid:") && line.find_first_of("123456789") != std::string::npos)
        return true;
    if (::waitpid(tracer_, nullptr, WNOHANG) == tracer_) {
      tracer_ = -1;
      return false;
    }
    ::poll(nullptr, 0, 5);
  }
  return false;
}

void KernelProcess::start() {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  std::vector<std::string> words{KERNEL_BINARY, "serve", "--config", config()};
  auto arguments = pointers(words);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ready[0]);
    ::setenv("AEROMQ_READY_FD", std::to_string(ready[1]).c_str(), 1);
    ::setenv("AEROMQ_KILL_FILE", (folder_ / "kill").c_str(), 1);
    const int log = ::open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ready[1]);
  pollfd waiting{ready[0], POLLIN, 0};
  char octet = 0;
  const bool served = ::poll(&waiting, 1, kPatienceMs) == 1 && ::read(ready[0], &octet, 1) == 1;
  ::close(ready[0]);
  const auto log = process::read_file(folder_ / "log");
  ASSERT_TRUE(served) << (log ? *log : "no log");
}

void KernelProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool KernelProcess::running() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

int KernelProcess::wait_for_end() {
  int status = 0;
  for (int waited = 0; waited < kPatienceMs; waited += 10) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return code_of(status);
    }
    ::poll(nullptr, 0, 10);
  }
  return -1;
}

void KernelProcess::arm(const std::string& point, unsigned nth) {
  put(folder_ / "kill", point + " " + std::to_string(nth) + " kill");
}

Finished KernelProcess::verb(std::vector<std::string> words) const {
  int out[2];
  if (::pipe(out) != 0) return {};
  words.insert(words.begin(), KERNEL_BINARY);
  auto arguments = pointers(words);
  const auto pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], 1);
    ::close(out[0]);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(out[1]);
  Finished finished;
  char octets[4096];
  for (ssize_t got = 0; (got = ::read(out[0], octets, sizeof octets)) > 0;)
    finished.out.append(octets, static_cast<std::size_t>(got));
  ::close(out[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  finished.code = code_of(status);
  return finished;
}

void KernelProcess::settle(const std::string& node) {
  const auto settings = process::read_node_settings(node_file(node));
  ASSERT_TRUE(settings);
  auto link = NodeLink::connect(*settings);
  ASSERT_TRUE(link) << link.error().message;
  const auto told = link->role();
  ASSERT_TRUE(told) << told.error().message;
  NodeReport report;
  report.role = told->role;
  report.state = "running";
  report.fencing_epoch = told->fencing_epoch;
  report.timeline = told->timeline;
  report.position = std::max<std::uint64_t>(told->acknowledged, 500);
  const auto after = link->report(report);
  ASSERT_TRUE(after) << after.error().message;
}

void KernelProcess::settle_all() {
  for (const auto* node : {"a", "b", "c"}) settle(node);
}

namespace {

class Linked final : public Connection {
 public:
  explicit Linked(EmbeddedLink link) : link_(std::move(link)) {}
  const Opened& opened() const override { return link_.opened(); }
  std::optional<KernelAnswer> call(const KernelCall& call) override {
    auto answer = link_.ask(call);
    if (!answer) return std::nullopt;
    return *answer;
  }

 private:
  EmbeddedLink link_;
};

}  // namespace

void ProcessKernel::fresh() {
  process_ = std::make_unique<KernelProcess>();
  process_->start();
}
void ProcessKernel::restart() {
  process_->kill();
  process_->start();
}
std::unique_ptr<Connection> ProcessKernel::open(std::uint8_t dispatcher) {
  auto link = EmbeddedLink::open(process_->socket(), dispatcher);
  if (!link) throw std::runtime_error(link.error().message);
  return std::make_unique<Linked>(std::move(*link));
}
std::uint64_t ProcessKernel::kernel_ms() { return process::now().boot_ns / kNanosPerMs; }
void ProcessKernel::pass_ms(std::uint64_t ms) {
  const auto end = kernel_ms() + ms;
  while (kernel_ms() < end) ::poll(nullptr, 0, 10);
}

}  // namespace aeromq::kernel
