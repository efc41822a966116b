// A log in a directory of its own, and the few acts that every audit test needs.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "audit/log_reader.h"
#include "audit/log_writer.h"

namespace aeromq::audit {

namespace fs = std::filesystem;

constexpr Moment kNow{1'000'000'000, 1'700'000'000'000'000'000};

class LogFixture : public testing::Test {
 protected:
  LogFixture() {
    std::string pattern = (fs::temp_directory_path() / "aeromq-audit-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(root_ / "run");
  }
  ~LogFixture() override { fs::remove_all(root_); }

  fs::path dir() const { return root_ / "audit"; }
  fs::path mark() const { return root_ / "run" / "audit.watermark"; }
  LogWriterOptions options() const {
    LogWriterOptions options;
    options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
    options.watermark = mark();
    options.version = "test";
    options.boot.octets.fill(7);
    return options;
  }
  std::unique_ptr<LogWriter> open_writer() const {
    auto writer = LogWriter::open(dir(), options(), kNow);
    if (!writer) throw std::runtime_error(writer.error().message);
    return std::move(*writer);
  }
  /// Why the log does not open; empty if it does.
  std::string refusal() const {
    auto writer = LogWriter::open(dir(), options(), kNow);
    return writer ? "" : writer.error().message;
  }
  static void put(LogWriter& writer, const std::vector<std::string>& payloads) {
    for (const auto& payload : payloads) ASSERT_TRUE(writer.append(as_bytes(payload)));
    const auto done = writer.commit(kNow);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<SegmentFile> segments() const { return list_segments(dir()).value(); }

  struct Everything {
    std::vector<std::string> payloads;
    std::vector<std::uint64_t> seqs;
    std::vector<Notice> notices;
  };
  Everything read_all(LogReaderOptions how = {}) const {
    Everything all;
    auto reader = LogReader::open(dir(), std::move(how));
    if (!reader) throw std::runtime_error(reader.error().message);
    for (;;) {
      auto entry = reader->next();
      if (!entry) throw std::runtime_error(entry.error().message);
      if (!*entry) break;
      all.payloads.emplace_back(as_text((*entry)->payload));
      all.seqs.push_back((*entry)->seq);
    }
    all.notices = reader->take_notices();
    return all;
  }

  static Bytes load(const fs::path& path) { return read_file(path).value(); }
  static void store(const fs::path& path, ByteView bytes) {
    fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  }

  fs::path root_;
};

}  // namespace aeromq::audit
