#include "tests/postgresql/service_stack.h"

#include <sys/stat.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "supervisor/folder.h"

namespace aeromq::postgresql {
namespace {

int run(std::vector<std::string> words, std::string* out = nullptr) {
  test::Child child(std::move(words));
  while (const auto line = child.line(kLongMs))
    if (out != nullptr) *out += *line + "\n";
  const auto status = child.end();
  return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');)
    all.push_back(one.substr(0, one.find_first_of("\r\n")));
  return all;
}

}  // namespace

bool in_time(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLongMs);
  while (std::chrono::steady_clock::now() < end) {
    if (done()) return true;
    ::poll(nullptr, 0, 50);
  }
  return done();
}

Stack::Stack() {
  // Servers and agents may be another user, who is to find the file of a kill point and unlink it.
  ::chmod(folder_.path().c_str(), 0755);
  std::filesystem::create_directories(folder_ / "kill");
  ::chmod((folder_ / "kill").c_str(), 0777);
  ::setenv("AEROMQ_KILL_FILE", kill_file().c_str(), 1);
  EXPECT_EQ(cluster({"up", pg(), "--template", PG_TEMPLATE}), 0);
  std::string nodes;
  EXPECT_EQ(run({PG_CLUSTER, "nodes", pg()}, &nodes), 0);
  supervisor::FolderOptions options;
  options.dir = dir();
  options.postgresql.nodes = split(nodes);
  const auto made = supervisor::prepare_folder(options);
  EXPECT_TRUE(made) << made.error().message;
  EXPECT_EQ(cluster({"agents", pg(), "--folder", dir(), "--bin-dir", BIN}), 0);
  start_kernel();
}

Stack::~Stack() {
  kernel_.reset();
  cluster({"agents-down", pg()});
  cluster({"down", pg()});
}

int Stack::cluster(const std::vector<std::string>& words) const {
  std::vector<std::string> all{PG_CLUSTER};
  all.insert(all.end(), words.begin(), words.end());
  if (words.size() > 1 && words[1].empty()) all[2] = pg();
  return run(all);
}

int Stack::start_agent(const std::string& node) const {
  return run({PG_CLUSTER, "agent-start", pg(), node});
}

void Stack::start_kernel() {
  kernel_ = std::make_unique<test::Child>(
      std::vector<std::string>{std::string(BIN) + "/aeromq-kernel", "--config", config()});
  EXPECT_TRUE(in_time([&] { return look().has_value(); }));
}

void Stack::kill_kernel() { kernel_.reset(); }

bool Stack::kernel_died() {
  return in_time([&] {
    int status = 0;
    const auto ended = kernel_->end();
    if (ended) status = *ended;
    return ended && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  });
}

void Stack::arm(const std::string& point) {
  const auto half = kill_file() + ".new";
  std::ofstream(half) << point << " 1 kill\n";
  ::chmod(half.c_str(), 0666);
  std::filesystem::rename(half, kill_file());
}

Result<kernel::EmbeddedLink> Stack::open(std::uint8_t dispatcher) {
  return kernel::EmbeddedLink::open(dir() + "/run/kernel.sock", dispatcher);
}

std::optional<KernelSnapshot> Stack::look() {
  auto link = kernel::EmbeddedLink::look(dir() + "/run/kernel.sock");
  if (!link) return std::nullopt;
  const auto answer = link->ask({});
  return answer ? std::optional(answer->snapshot) : std::nullopt;
}

std::optional<OutcomeAnswer> Stack::outcome(const RequestId& request) {
  auto link = kernel::EmbeddedLink::look(dir() + "/run/kernel.sock");
  if (!link) return std::nullopt;
  const auto answer = link->ask(kernel::outcome_call(request));
  if (!answer || answer->outcome.size() != 1) return std::nullopt;
  return answer->outcome.front();
}

int Stack::outcome_by_hand(const RequestId& request) const {
  return run(
      {std::string(BIN) + "/aeromq-kernel", "outcome", request.text(), "--config", config()});
}

int Stack::by_hand(std::vector<std::string> words) const {
  words.insert(words.begin(), std::string(BIN) + "/aeromq-kernel");
  words.insert(words.end(), {"--config", config()});
  return run(words);
}

void Stack::put_before_pg_ctl(const std::string& node, const std::string& script) const {
  const auto settings = pg() + "/" + node + "/agent/agent.toml";
  std::ifstream in(settings);
  std::string text(std::istreambuf_iterator<char>(in), {});
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, std::regex("bin = \"([^\"]*)\"")));
  const std::filesystem::path real = found[1].str();
  const std::filesystem::path folder = folder_ / "hand";
  std::filesystem::create_directories(folder);
  for (const auto& program : std::filesystem::directory_iterator(real))
    if (program.path().filename() != "pg_ctl")
      std::filesystem::create_symlink(program.path(), folder / program.path().filename());
  const auto placed = folder / "pg_ctl";
  std::ofstream(placed) << "#!/bin/bash\nreal=" << real.string() << "\nnodes=" << pg() << "\n"
                        << script << "\nexec $real/pg_ctl \"$@\"\n";
  ::chmod(placed.c_str(), 0755);
  ASSERT_EQ(cluster({"agent-kill", "", node}), 0);
  std::ofstream(settings) << text.replace(static_cast<std::size_t>(found.position(1)),
                                          static_cast<std::size_t>(found.length(1)),
                                          folder.string());
  ASSERT_EQ(start_agent(node), 0);
}

std::optional<OutcomeAnswer> Stack::final_outcome(const RequestId& request) {
  std::optional<OutcomeAnswer> last;
  in_time([&] {
    last = outcome(request);
    return last && last->final_;
  });
  return last;
}

bool Stack::settled(const std::string& primary) {
  return in_time([&] {
    const auto seen = look();
    if (!seen || seen->holder != primary) return false;
    return std::ranges::all_of(seen->nodes, [&](const NodeFacts& node) {
      const bool streams = node.state.starts_with("streaming");
      if (node.node == primary) return node.reported == NodeRole::primary;
      return node.reported == NodeRole::replica && (primary.empty() || streams);
    });
  });
}

}  // namespace aeromq::postgresql
