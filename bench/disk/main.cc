// The floor under every durable road: 4 KiB written and fdatasync'ed, one after the other, in a
// file that was filled with zeros before.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>

#include "bench/slice.h"
#include "process/entry.h"

namespace aeromq::bench {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr off_t kFileSize = 64 << 20;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int open_zeroed(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) die(path.c_str());
  const std::vector<char> zeros(1 << 20);
  for (off_t at = 0; at < kFileSize; at += static_cast<off_t>(zeros.size()))
    if (::pwrite(fd, zeros.data(), zeros.size(), at) != static_cast<ssize_t>(zeros.size()))
      die("pwrite");
  if (::fsync(fd) != 0) die("fsync");
  return fd;
}

}  // namespace
}  // namespace aeromq::bench

namespace {

int run_program(int argc, char** argv) {
  using namespace aeromq::bench;
  if (argc != 2) {
    std::cerr << "usage: bench_disk DIR\n";
    return 2;
  }
  const int fd = open_zeroed(std::string(argv[1]) + "/disk.bin");
  std::array<char, kBlock> block{};
  off_t at = 0;
  return serve([&](const Slice& slice) {
    Measured measured;
    const auto deadline = Clock::now() + slice.duration;
    while (Clock::now() < deadline) {
      const auto begin = Clock::now();
      ++block[0];
      if (::pwrite(fd, block.data(), kBlock, at) != static_cast<ssize_t>(kBlock)) die("pwrite");
      if (::fdatasync(fd) != 0) die("fdatasync");
      measured.add(begin);
      at = (at + static_cast<off_t>(kBlock)) % kFileSize;
    }
    measured.finish();
    return measured;
  });
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
