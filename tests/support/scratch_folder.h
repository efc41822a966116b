// A directory for one test, removed with all that is in it.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace aeromq::test {

class ScratchFolder {
 public:
  ScratchFolder() {
    char name[] = "/tmp/aeromq-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::string ipc(const std::string& name = "s") const { return "ipc://" + path_ + "/" + name; }
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
    using namespace std::filesystem;  // it may hold a key, or be a program
    permissions(path_ + "/" + name, perms::group_all | perms::others_all, perm_options::remove);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

}  // namespace aeromq::test
