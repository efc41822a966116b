#include "tests/postgresql/conformance_fixture.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "chaos/postgresql/truth.h"
#include "kernel/embedded_link.h"
#include "process/clock.h"
#include "process/files.h"
#include "supervisor/postgresql_folder.h"
#include "tests/kernel/fixtures.h"

namespace aeromq::postgresql {
namespace {

namespace fs = std::filesystem;
using chaos::poll_until;
using chaos::postgresql::primary_of;
using chaos::postgresql::read_facts;

constexpr int kPatienceMs = 60000;
constexpr int kCallMs = 60000;
constexpr std::uint8_t kHarness = 200;  // a dispatcher that no check uses

class Linked final : public kernel::Connection {
 public:
  explicit Linked(kernel::EmbeddedLink link) : link_(std::move(link)) {}
  const Opened& opened() const override { return link_.opened(); }
  std::optional<KernelAnswer> call(const KernelCall& call) override {
    auto answer = link_.ask(call, kCallMs);
    if (!answer) return std::nullopt;
    return *answer;
  }

 private:
  kernel::EmbeddedLink link_;
};

std::string pair_text(const transport::KeyPair& pair) {
  return "public_key = '" + pair.public_key + "'\nsecret_key = '" + pair.secret_key + "'\n";
}

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  if (!process::write_file(path, text)) throw std::runtime_error("cannot write " + path.string());
}

KernelSnapshot look(kernel::Connection& connection) {
  const auto answer = connection.call({});
  return answer ? answer->snapshot : KernelSnapshot{};
}

}  // namespace

PostgresqlKernelFixture::PostgresqlKernelFixture(fs::path bin_dir) : bin_dir_(std::move(bin_dir)) {}
PostgresqlKernelFixture::~PostgresqlKernelFixture() = default;

void PostgresqlKernelFixture::make_cluster() {
  static unsigned made = 0;
  const auto dir =
      fs::temp_directory_path() / fmt::format("aeromq-conformance-pg-{}.{}", ::getpid(), made++);
  cluster_.reset();
  folder_ = std::make_unique<test::ScratchFolder>();
  cluster_ = std::make_unique<chaos::postgresql::Cluster>(bin_dir_, dir, "");
  const auto own = transport::make_key_pair();
  const fs::path folder(folder_->path());
  supervisor::PostgresqlOptions options;
  for (const auto& server : cluster_->servers())
    options.nodes.push_back(fmt::format("{}={}:{}", server.name, server.host, server.port));
  for (const auto& [name, text] : supervisor::postgresql_files(options, own))
    put(folder / name, text);
  put(folder / "keys/kernel.toml", pair_text(own));
  put(folder / "aeromq.toml",
      "[cluster]\nname = 'demo'\nnodes = ['a', 'b', 'c']\n[kernel]\nkind = 'postgresql'\n");
  fs::create_directory(folder / "run");
  silenced_ = false;
}

void PostgresqlKernelFixture::start_kernel() {
  const fs::path folder(folder_->path());
  kernel_ = std::make_unique<chaos::Child>(std::vector<std::string>{
      "/bin/sh", "-c",
      fmt::format("exec {} serve --config {} 2>>{}", (bin_dir_ / "aeromq-kernel").string(),
                  (folder / "aeromq.toml").string(), (folder / "log").string())});
  const auto serves = poll_until(kPatienceMs, [&] {
    auto link = kernel::EmbeddedLink::look((folder / "run/kernel.sock").string());
    if (!link) return false;
    // Who is primary is what its first look tells.
    const auto answer = link->ask({}, kCallMs);
    return answer && answer->snapshot.fencing_epoch > 0;
  });
  if (serves) return;
  const auto log = process::read_file((folder / "log").string());
  throw std::runtime_error("the kernel does not serve: " + (log ? *log : std::string()));
}

void PostgresqlKernelFixture::stop_kernel() {
  if (!kernel_) return;
  kernel_->kill(SIGKILL);
  kernel_->wait(kPatienceMs);
  kernel_.reset();
}

// Roles by acts through the kernel itself, as a person would.
bool PostgresqlKernelFixture::bring_back() {
  if (!cluster_ || silenced_) return false;
  settle();
  auto primary = primary_of(read_facts(*cluster_));
  if (primary == "a") return true;
  auto connection = open(kHarness);
  std::uint32_t counter = 0;
  const auto act = [&](Action action, const std::string& node) {
    const auto id = kernel::id_of(connection->opened(),
                                  static_cast<std::uint32_t>(kernel_ms() / 1000 + 300), ++counter);
    const auto answer = connection->call(
        kernel::act_call(kernel::act_of(id, action, node, look(*connection).fencing_epoch)));
    settle();
    return answer && answer->act.status == ActStatus::executed;
  };
  if (!primary.empty() && !act(Action::demote, primary)) return false;
  return act(Action::promote, "a");
}

void PostgresqlKernelFixture::fresh() {
  if (!bring_back()) make_cluster();
  stop_kernel();
  const fs::path folder(folder_->path());
  fs::remove_all(folder / "kernel");
  // A new register is a new history, and an agent belongs to one: it gets a new journal.
  cluster_->drop_journals();
  cluster_->place_agents(folder, {});
  start_kernel();
}

void PostgresqlKernelFixture::restart() {
  stop_kernel();
  start_kernel();
}

std::unique_ptr<kernel::Connection> PostgresqlKernelFixture::open(std::uint8_t dispatcher) {
  auto link = kernel::EmbeddedLink::open(folder_->path() + "/run/kernel.sock", dispatcher, kCallMs);
  if (!link) throw std::runtime_error(link.error().message);
  return std::make_unique<Linked>(std::move(*link));
}

std::uint64_t PostgresqlKernelFixture::kernel_ms() { return process::now().boot_ns / kNanosPerMs; }

void PostgresqlKernelFixture::pass_ms(std::uint64_t ms) {
  const auto end = kernel_ms() + ms;
  while (kernel_ms() < end) ::poll(nullptr, 0, 10);
}

bool PostgresqlKernelFixture::settled() const {
  const auto facts = read_facts(*cluster_);
  const auto primary = primary_of(facts);
  if (!primary.empty() && facts.at(primary).streaming.size() + 1 < facts.size()) return false;
  const auto& first = primary.empty() ? facts.begin()->second : facts.at(primary);
  return std::ranges::all_of(facts, [&](const auto& one) {
    return one.second.answers && one.second.position == first.position;
  });
}

void PostgresqlKernelFixture::settle() {
  if (silenced_) return;
  if (!poll_until(kPatienceMs, [&] { return settled(); }))
    throw std::runtime_error("the servers do not settle");
}

// The host is gone: its server and its agent.
void PostgresqlKernelFixture::silence(const std::string& node, std::uint64_t) {
  silenced_ = true;
  const auto agent = cluster_->agent_pid(node);
  if (agent > 0) ::kill(agent, SIGKILL);
  cluster_->kill_postmaster(node);
}

std::string PostgresqlKernelFixture::word(const std::string& code) const {
  // What is seen is a writable server, not a register's entry; and it answers, so nobody needs a
  // sign of life of it.
  if (code == "AUTHORITY_HELD" || code == "PRIMARY_ALIVE") return "WRITABLE_PRIMARY_EXISTS";
  if (code == "NOT_A_REPLICA") return "NOT_A_STANDBY";
  return code;
}

std::vector<std::string> PostgresqlKernelFixture::overrides() const {
  // Asynchronous, and nobody shut the primary down in order: two things are taken upon oneself.
  return {"PRIMARY_NOT_PROVABLY_DOWN", "ACKNOWLEDGED_WRITES_UNPROVEN"};
}

std::string PostgresqlKernelFixture::judge(const std::string& holder, const Act& act) const {
  // Who is asked comes before who else writes.
  if (act.action != Action::demote && !holder.empty() && act.node == holder) return "NOT_A_STANDBY";
  return word(KernelFixture::judge(holder, act));
}

}  // namespace aeromq::postgresql
