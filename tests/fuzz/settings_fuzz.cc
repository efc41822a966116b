// Every settings file that a process or a client reads, each from a real file; and the line that a
// program answers to aeromq-ctl's --two-step.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "client/ctl/render/table.h"
#include "client/ctl/two_step.h"
#include "client/settings.h"
#include "process/settings.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace aeromq::fuzz {
namespace {

/// One file in memory, removed when the process ends in order.
class File {
 public:
  File() {
    const bool shared = std::filesystem::exists("/dev/shm");
    path_ = std::string(shared ? "/dev/shm" : "/tmp") + "/aeromq-fuzz-" +
            std::to_string(::getpid()) + ".toml";
  }
  ~File() { ::unlink(path_.c_str()); }
  const std::string& put(ByteView octets) const {
    std::ofstream out(path_, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(octets.data()),
              static_cast<std::streamsize>(octets.size()));
    out.close();
    ::chmod(path_.c_str(), 0600);
    return path_;
  }

 private:
  std::string path_;
};

template <class T>
bool check(const Result<T>& read) {
  expect(read.has_value() || !read.error().message.empty(), "a fault is named");
  return read.has_value();
}

void check_settings(const std::string& path) {
  const auto read = process::read_settings(path);
  if (!check(read)) return;
  expect(read->dispatcher.id >= 1 && read->dispatcher.id <= 255, "a dispatcher id is 1 to 255");
  expect(read->audit.dir.starts_with('/') && read->kernel.register_file.starts_with('/'),
         "paths are absolute");
  for (const auto& node : read->cluster.nodes)
    expect(process::is_node_name(node), "nodes have node names");
}

void check_principals(const std::string& path) {
  const auto read = process::read_principals(path);
  if (!check(read)) return;
  for (std::size_t i = 0; i < read->size(); ++i) {
    const auto& one = (*read)[i];
    expect(one.authority != Authority::none && transport::is_key(one.key), "a principal is whole");
    for (std::size_t k = 0; k < i; ++k)
      expect((*read)[k].name != one.name && (*read)[k].key != one.key,
             "no name and no key stands twice");
  }
}

void check_reply(const std::string& line) {
  Token token;
  token.octets.fill(0x11);
  const auto reply = ctl::parse_reply(line, token);
  if (!reply) {  // may repeat a key of the line: shown escaped, never sent
    auto shown = ctl::error_text(reply.error());
    std::erase(shown, '\n');
    return expect(!has_control_characters(shown), "a fault is harmless on a terminal");
  }
  expect(reply->confirm || (reply->acknowledge.empty() && reply->accept_responsibility.empty()),
         "a no carries nothing");
  expect(
      line.find(to_hex(token.view())) != std::string::npos || line.find('\\') != std::string::npos,
      "an answer names its token");
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq;
  static const fuzz::File file;
  fuzz::Input input(data, size);
  const auto kind = input.choice(9);
  if (kind == 8) {
    const auto line = input.rest();
    fuzz::check_reply(std::string(as_text(line)));
    return 0;
  }
  const auto& path = file.put(input.rest());
  switch (kind) {
    case 0:
    case 7:
      fuzz::check_settings(path);
      break;
    case 1:
      fuzz::check_principals(path);
      break;
    case 2:
      fuzz::check(process::read_key_pair(path));
      break;
    case 3:
      fuzz::check(process::read_client_settings(path));
      break;
    case 4:
      fuzz::check(process::read_node_settings(path));
      break;
    case 5:
      fuzz::check(process::read_nodes(path));
      break;
    default:
      fuzz::check(client::read_settings(path));
      break;
  }
  return 0;
}
