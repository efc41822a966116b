// A lock that lives exactly as long as its process: flock on a file that is never deleted.
#pragma once
#include <string>

#include "messages/result.h"

namespace aeromq::process {

class LockFile {
 public:
  /// Takes the lock and writes our pid into the file, for people. Error INVALID_INPUT, field
  /// `lock`: another process holds it (its pid is named), or the file cannot be made.
  static Result<LockFile> take(const std::string& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace aeromq::process
