// The product's own audit log over the simulated disk: what was acknowledged survives whatever the
// disk does, at every operation of a small script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "audit/log_reader.h"
#include "audit/log_writer.h"
#include "audit/verify.h"
#include "chaos/simulation/disk.h"

namespace aeromq::chaos {
namespace {

using audit::LogReader;
using audit::LogWriter;
using testing::HasSubstr;

constexpr Moment kNow{1'000'000'000, 1'700'000'000'000'000'000};

/// The end of a simulated process in the middle of a call.
struct Ended {};

class SimulatedLog : public testing::Test {
 protected:
  SimulatedLog() { plug_in(); }
  ~SimulatedLog() override { Disk::current = nullptr; }

  /// A new disk, with the folder in which the log will stand.
  void plug_in() {
    writer_.reset();
    acknowledged_.clear();
    dir_ = "/host/audit";
    disk_.reset();
    Disk::current = &disk_;
    ASSERT_EQ(disk_.make_directory("/host"), 0);
    const int root = disk_.open("/", 0);
    ASSERT_EQ(disk_.sync(root), 0);
    disk_.close(root);
  }
  static audit::LogWriterOptions options() {
    audit::LogWriterOptions options;
    options.segment_bytes = options.first_segment_bytes = audit::kMinSegmentBytes;
    return options;
  }
  Result<void> open() {
    writer_.reset();
    auto opened = LogWriter::open(dir_, options(), kNow);
    if (!opened) return fail(opened.error());
    writer_ = std::move(*opened);
    return {};
  }
  /// True if acknowledged.
  bool put(const std::string& payload) {
    if (!writer_->append(as_bytes(payload)) || !writer_->commit(kNow)) return false;
    acknowledged_.push_back(payload);
    return true;
  }
  /// Every record that a reader finds, with no writer alive.
  std::vector<std::string> kept() const {
    std::vector<std::string> all;
    auto reader = LogReader::open(dir_, {});
    if (!reader) return all;
    for (;;) {
      const auto entry = reader->next();
      if (!entry || !*entry) return all;
      all.emplace_back(as_text((*entry)->payload));
    }
  }
  /// Open, ten records over two segments, stop; the process may end anywhere in it.
  void script() {
    try {
      if (!open()) return;
      for (int i = 0; i < 10; ++i)
        if (!put(std::string(9000, static_cast<char>('a' + i)))) return;
      (void)writer_->close(kNow);
    } catch (const Ended&) {
    }
  }
  /// The n-th change of the disk ends the process that makes it; false if there were fewer.
  bool run_until(unsigned nth) {
    unsigned left = nth;
    disk_.before_change = [&left](std::string_view, const std::string&) {
      if (--left == 0) throw Ended{};
    };
    script();
    disk_.before_change = nullptr;
    return left == 0;
  }
  /// The log opens and has every acknowledged record; at most what was in flight beside them.
  void expect_nothing_lost(const std::string& when) {
    const auto opened = open();
    ASSERT_TRUE(opened) << when << ": " << opened.error().message;
    ASSERT_TRUE(put("after")) << when;
    writer_.reset();
    auto all = kept();
    ASSERT_FALSE(all.empty()) << when;
    ASSERT_EQ(all.back(), "after") << when;
    all.pop_back();
    acknowledged_.pop_back();
    ASSERT_GE(all.size(), acknowledged_.size()) << when;
    ASSERT_LE(all.size(), acknowledged_.size() + 1) << when;
    all.resize(acknowledged_.size());
    ASSERT_EQ(all, acknowledged_) << when;
  }

  Disk disk_;
  std::string dir_;
  std::unique_ptr<LogWriter> writer_;
  std::vector<std::string> acknowledged_;
};

TEST_F(SimulatedLog, IsWrittenReadAndReopened) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(put("one") && put("two"));
  EXPECT_FALSE(LogWriter::open("/host/audit", options(), kNow));  // the lock is held
  EXPECT_EQ(kept(), acknowledged_);                               // up to the watermark
  ASSERT_TRUE(writer_->close(kNow));
  ASSERT_TRUE(open());
  EXPECT_FALSE(writer_->report().unclean);
  EXPECT_EQ(writer_->report().next_seq, 3U);
  ASSERT_TRUE(put("three"));
  writer_.reset();
  EXPECT_EQ(kept(), (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(SimulatedLog, ASigkillAtEveryOperationLosesNothing) {
  for (unsigned nth = 1;; ++nth) {
    plug_in();
    disk_.run_as(1);
    const bool ended = run_until(nth);
    disk_.crash_process(1);
    writer_.reset();
    disk_.run_as(2);
    expect_nothing_lost("operation " + std::to_string(nth));
    if (HasFatalFailure()) return;
    if (!ended) {
      EXPECT_GT(nth, 50U);  // the script has that many
      return;
    }
  }
}

TEST_F(SimulatedLog, APowerCutAtEveryOperationLosesNothingAcknowledged) {
  for (unsigned nth = 1;; ++nth) {
    bool ended = false;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      plug_in();
      ended = run_until(nth);
      Random random(seed);
      disk_.power_cut(random);
      writer_.reset();
      expect_nothing_lost("operation " + std::to_string(nth) + " seed " + std::to_string(seed));
      if (HasFatalFailure()) return;
    }
    if (!ended) return;
  }
}

TEST_F(SimulatedLog, AnAcknowledgedRecordIsDurableByTheDisksOwnWord) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 10; ++i) {
    const std::string payload(9000, static_cast<char>('a' + i));
    ASSERT_TRUE(put(payload));
    std::string all;
    for (const auto& name : disk_.durable_names("/host/audit/log"))
      all += as_text(disk_.durable_octets("/host/audit/log/" + name).value());
    ASSERT_THAT(all, HasSubstr(payload));
  }
}

TEST_F(SimulatedLog, AFailedSyncAcknowledgesNothingAndIsNotRetried) {
  for (const auto fault : {DiskFault::io_error, DiskFault::no_space}) {
    plug_in();
    ASSERT_TRUE(open());
    ASSERT_TRUE(put("kept"));
    disk_.arm(DiskCall::sync, 1, fault);
    EXPECT_FALSE(put("lost"));
    EXPECT_TRUE(writer_->poisoned());
    EXPECT_FALSE(put("later"));
    // The next run sees what the platters hold, not what the cache still shows.
    ASSERT_TRUE(open());
    EXPECT_EQ(writer_->report().adopted, 0U);
    writer_.reset();
    EXPECT_EQ(kept(), std::vector<std::string>{"kept"});
    Random random(1);
    disk_.power_cut(random);
    EXPECT_EQ(kept(), std::vector<std::string>{"kept"});
  }
}

TEST_F(SimulatedLog, EveryFaultAtEveryCallLosesNothingAcknowledged) {
  for (const auto call : {DiskCall::write, DiskCall::sync})
    for (const auto fault : {DiskFault::io_error, DiskFault::no_space, DiskFault::short_write}) {
      bool happened = true;
      for (unsigned nth = 1; happened; ++nth) {
        plug_in();
        happened = false;
        disk_.on_fault = [&](std::string_view, const std::string&) { happened = true; };
        disk_.arm(call, nth, fault);
        script();
        writer_.reset();
        Random random(nth);
        disk_.disarm();
        disk_.power_cut(random);
        expect_nothing_lost("call " + std::to_string(nth));
        if (HasFatalFailure()) return;
      }
    }
}

TEST_F(SimulatedLog, AFullDiskStopsTheWriterAtItsRotation) {
  ASSERT_TRUE(open());
  disk_.set_full(true);
  int acknowledged = 0;
  while (put(std::string(9000, 'x'))) ++acknowledged;
  EXPECT_GT(acknowledged, 2);
  EXPECT_TRUE(writer_->poisoned());
  disk_.set_full(false);
  expect_nothing_lost("full");
}

TEST_F(SimulatedLog, FoldersThatTheFirstStartMadeAreDurable) {
  // Also when the first start died anywhere and another one went on.
  bool ended = true;
  for (unsigned nth = 1; ended; ++nth)
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      plug_in();
      dir_ = "/host/new/deep/audit";
      ended = run_until(nth);
      writer_.reset();
      acknowledged_.clear();
      ASSERT_TRUE(open());
      ASSERT_TRUE(put("one"));
      Random random(seed);
      disk_.power_cut(random);
      writer_.reset();
      ASSERT_THAT(kept(), testing::Contains("one")) << "operation " << nth << " seed " << seed;
    }
}

}  // namespace
}  // namespace aeromq::chaos
