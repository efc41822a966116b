// The group commit: whatever has come by now becomes durable with one write and one sync.
#include <fcntl.h>
#include <unistd.h>

#include "bench/bare/roles.h"

namespace aeromq::bench {
namespace {

constexpr off_t kFileSize = 64 << 20;
constexpr std::size_t kMaxBatch = 512;  // as the product's host

class RecordFile {
 public:
  explicit RecordFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0) die(path);
    const std::vector<char> zeros(1 << 20);
    for (off_t at = 0; at < kFileSize; at += static_cast<off_t>(zeros.size()))
      if (::pwrite(fd_, zeros.data(), zeros.size(), at) != static_cast<ssize_t>(zeros.size()))
        die("pwrite");
    if (::fsync(fd_) != 0) die("fsync");
  }

  void append_durably(std::size_t records) {
    buffer_.assign(records * kRecord, 'r');
    const auto size = static_cast<off_t>(buffer_.size());
    if (at_ + size > kFileSize) at_ = 0;
    if (::pwrite(fd_, buffer_.data(), buffer_.size(), at_) != size) die("pwrite");
    if (::fdatasync(fd_) != 0) die("fdatasync");
    at_ += size;
  }

 private:
  int fd_;
  off_t at_ = 0;
  std::vector<char> buffer_;
};

}  // namespace

void run_writer(const Places& places) {
  RecordFile file(places.dir + "/records.bin");
  zmq::context_t context;
  auto socket = join(context, places, Role::writer);
  std::vector<Frames> batch;
  for (;;) {
    std::size_t records = 0;
    while (batch.size() < kMaxBatch) {
      auto frames = receive(socket);
      if (!frames) break;
      records += is_outcome(header_of(*frames)) ? 1 : 2;
      batch.push_back(std::move(*frames));
    }
    if (batch.empty()) {
      wait_for(socket);
      continue;
    }
    file.append_durably(records);
    for (auto& frames : batch) send(socket, std::move(frames));
    batch.clear();
  }
}

}  // namespace aeromq::bench
