// The simulated disk keeps and loses what ext4 keeps and loses.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "chaos/simulation/disk.h"

namespace aeromq::chaos {
namespace {

using testing::ElementsAre;

class SimulatedDisk : public testing::Test {
 protected:
  int made(const std::string& path) {
    const int file = disk_.open(path, O_RDWR | O_CREAT);
    EXPECT_GE(file, 0);
    return file;
  }
  void put(int file, std::string_view text, std::uint64_t offset = 0) {
    ASSERT_EQ(disk_.write(file, as_bytes(text), offset), static_cast<std::int64_t>(text.size()));
  }
  std::string shown(const std::string& path) {
    const int file = disk_.open(path, O_RDONLY);
    if (file < 0) return "<none>";
    Bytes octets(1 << 16);
    octets.resize(static_cast<std::size_t>(disk_.read(file, octets, 0)));
    disk_.close(file);
    return std::string(as_text(octets));
  }
  void sync_root() {
    const int root = disk_.open("/", O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(disk_.sync(root), 0);
    disk_.close(root);
  }
  /// A synced file of two sectors of `a`.
  int settled_file() {
    const int file = made("/f");
    put(file, std::string(1024, 'a'));
    EXPECT_EQ(disk_.sync(file), 0);
    sync_root();
    return file;
  }
  Disk disk_;
};

TEST_F(SimulatedDisk, ASigkillKeepsThePageCache) {
  disk_.run_as(1);
  put(made("/f"), "unsynced");
  disk_.crash_process(1);
  EXPECT_EQ(shown("/f"), "unsynced");
  EXPECT_EQ(disk_.durable_octets("/f"), std::nullopt);
}

TEST_F(SimulatedDisk, APowerCutKeepsWhatWasSynced) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_.reset();
    Random random(seed);
    settled_file();
    disk_.power_cut(random);
    ASSERT_EQ(shown("/f"), std::string(1024, 'a'));
  }
}

TEST_F(SimulatedDisk, APowerCutTearsUnsyncedSectorsInEveryWay) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_.reset();
    Random random(seed);
    const int file = settled_file();
    put(file, std::string(1024, 'b'));
    ASSERT_EQ(shown("/f"), std::string(1024, 'b'));
    ASSERT_EQ(as_text(*disk_.durable_octets("/f")), std::string(1024, 'a'));
    disk_.power_cut(random);
    seen.insert(shown("/f"));
  }
  const std::string a(512, 'a');
  const std::string b(512, 'b');
  EXPECT_EQ(seen, (std::set<std::string>{a + a, a + b, b + a, b + b}));
}

TEST_F(SimulatedDisk, ASizeThatWasNotSyncedIsLostOrNot) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    disk_.reset();
    Random random(seed);
    const int file = settled_file();
    put(file, std::string(100, 'b'), 1024);
    disk_.power_cut(random);
    const auto left = shown("/f");
    ASSERT_EQ(left.substr(0, 1024), std::string(1024, 'a'));
    sizes.insert(left.size());
  }
  EXPECT_TRUE(sizes.contains(1024) && sizes.contains(1124));
  EXPECT_GT(sizes.size(), 3U);
}

TEST_F(SimulatedDisk, ACutFileMayComeBack) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    disk_.reset();
    Random random(seed);
    const int file = settled_file();
    ASSERT_EQ(disk_.truncate(file, 0), 0);
    put(file, "new");
    disk_.power_cut(random);
    seen.insert(shown("/f"));
  }
  EXPECT_TRUE(seen.contains("new"));
  EXPECT_TRUE(seen.contains(std::string(1024, 'a')));
}

TEST_F(SimulatedDisk, AnEntryIsDurableAfterTheDirectorysSync) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    disk_.reset();
    Random random(seed);
    const int file = settled_file();
    ASSERT_EQ(disk_.rename("/f", "/g"), 0);
    ASSERT_EQ(disk_.status(file)->links, 1U);
    ASSERT_TRUE(disk_.durable_octets("/f"));
    ASSERT_FALSE(disk_.durable_octets("/g"));
    if (seed >= 50) sync_root();
    disk_.power_cut(random);
    const auto names = *disk_.list("/");
    ASSERT_EQ(names.size(), 1U);  // a rename happens whole or not at all
    ASSERT_EQ(shown("/" + names[0]), std::string(1024, 'a'));
    if (seed < 50)
      seen.insert(names[0]);
    else
      ASSERT_EQ(names[0], "g");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"f", "g"}));
}

TEST_F(SimulatedDisk, ANewDirectoryGoesWithAllThatIsInIt) {
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_.reset();
    Random random(seed);
    ASSERT_EQ(disk_.make_directory("/d"), 0);
    ASSERT_EQ(disk_.sync(made("/d/f")), 0);
    ASSERT_EQ(disk_.sync(disk_.open("/d", O_RDONLY | O_DIRECTORY)), 0);
    ASSERT_FALSE(disk_.durable_octets("/d/f"));
    disk_.power_cut(random);
    seen.insert(disk_.status("/d/f").has_value());
  }
  EXPECT_EQ(seen, (std::set<bool>{false, true}));
}

TEST_F(SimulatedDisk, AfterAFailedSyncThePagesAreCleanAndNotDurable) {
  const int file = settled_file();
  put(file, std::string(512, 'b'));
  disk_.arm(DiskCall::sync, 1, DiskFault::io_error);
  EXPECT_EQ(disk_.sync(file), -EIO);
  EXPECT_EQ(disk_.sync(file), 0);  // says yes, and has written nothing
  const auto held = std::string(1024, 'a');
  EXPECT_EQ(as_text(*disk_.durable_octets("/f")), held);
  EXPECT_EQ(shown("/f"), std::string(512, 'b') + std::string(512, 'a'));
  disk_.drop_clean_pages(file);
  EXPECT_EQ(shown("/f"), held);
  put(file, std::string(512, 'c'));
  EXPECT_EQ(disk_.sync(file), 0);
  EXPECT_EQ(as_text(*disk_.durable_octets("/f")).substr(0, 2), "cc");
}

TEST_F(SimulatedDisk, LostPagesAreGoneAtAPowerCut) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_.reset();
    Random random(seed);
    const int file = settled_file();
    put(file, std::string(512, 'b'));
    disk_.arm(DiskCall::sync, 1, DiskFault::io_error);
    ASSERT_EQ(disk_.sync(file), -EIO);
    ASSERT_EQ(disk_.sync(file), 0);
    disk_.power_cut(random);
    ASSERT_EQ(shown("/f"), std::string(1024, 'a'));
  }
}

TEST_F(SimulatedDisk, TheNthCallFailsAndIsTold) {
  std::vector<std::string> told;
  disk_.on_fault = [&](std::string_view what, const std::string& path) {
    told.push_back(std::string(what) + " " + path);
  };
  const int file = made("/f");
  disk_.arm(DiskCall::write, 2, DiskFault::no_space);
  disk_.arm(DiskCall::write, 3, DiskFault::short_write);
  disk_.arm(DiskCall::write, 5, DiskFault::io_error);
  EXPECT_EQ(disk_.write(file, as_bytes("12345678"), 0), 8);
  EXPECT_EQ(disk_.write(file, as_bytes("abcdefgh"), 0), -ENOSPC);
  EXPECT_EQ(disk_.write(file, as_bytes("ABCDEFGH"), 0), 4);
  EXPECT_EQ(disk_.write(file, as_bytes("x"), 0), 1);
  EXPECT_EQ(disk_.write(file, as_bytes("y"), 0), -EIO);
  EXPECT_EQ(shown("/f"), "xBCD5678");
  EXPECT_THAT(told, ElementsAre("write /f", "write /f", "write /f"));
  Bytes into(1);
  disk_.arm(DiskCall::read, 1, DiskFault::io_error);
  EXPECT_EQ(disk_.read(file, into, 0), -EIO);
}

TEST_F(SimulatedDisk, AFullDiskGivesNoNewBlockAndKeepsTheOldOnes) {
  const int file = settled_file();
  disk_.set_full(true);
  EXPECT_EQ(disk_.write(file, as_bytes("b"), 0), 1);
  EXPECT_EQ(disk_.write(file, as_bytes("b"), 4096), -ENOSPC);
  EXPECT_EQ(disk_.write_zeros(made("/g"), 0, 1), -ENOSPC);
  disk_.disarm();
  EXPECT_EQ(disk_.write(file, as_bytes("b"), 4096), 1);
}

TEST_F(SimulatedDisk, ALockEndsWithItsOpenFileOrItsProcess) {
  disk_.run_as(1);
  const int one = made("/f");
  disk_.run_as(2);
  const int two = made("/f");
  EXPECT_EQ(disk_.lock(one), 0);
  EXPECT_EQ(disk_.lock(one), 0);
  EXPECT_EQ(disk_.lock(two), -EAGAIN);
  EXPECT_TRUE(disk_.is_locked_by_another(two));
  EXPECT_FALSE(disk_.is_locked_by_another(one));
  disk_.close(one);
  EXPECT_EQ(disk_.lock(two), 0);
  disk_.crash_process(2);
  EXPECT_EQ(disk_.lock(made("/f")), 0);
  EXPECT_EQ(disk_.write(two, as_bytes("late"), 0), -EBADF);
}

TEST_F(SimulatedDisk, AFileOfAnEarlierRunIsNoFileOfThisOne) {
  const int old = made("/f");
  disk_.reset();
  const int file = made("/f");
  EXPECT_EQ(disk_.write(old, as_bytes("late"), 0), -EBADF);
  disk_.close(old);
  put(file, "still open");
}

TEST_F(SimulatedDisk, TellsWhatBecameDurable) {
  std::vector<std::string> told;
  disk_.on_durable = [&](const Disk::Synced& synced) {
    told.push_back(synced.path + " " + std::to_string(synced.octets.from) + "-" +
                   std::to_string(synced.octets.to));
    for (const auto& name : synced.names) told.push_back(name);
  };
  const int file = settled_file();
  put(file, "x", 600);
  ASSERT_EQ(disk_.sync(file), 0);
  ASSERT_EQ(disk_.sync(file), 0);
  EXPECT_THAT(told, ElementsAre("/f 0-1024", "/ 0-0", "f", "/f 512-1024", "/f 1024-1024"));
  EXPECT_THAT(disk_.durable_names("/"), ElementsAre("f"));
}

TEST_F(SimulatedDisk, ACallThatEndsItsProcessHasNotHappened) {
  const int file = settled_file();
  disk_.before_change = [](std::string_view call, const std::string&) {
    throw std::runtime_error(std::string(call));
  };
  EXPECT_THROW(disk_.write(file, as_bytes("b"), 0), std::runtime_error);
  EXPECT_THROW(disk_.sync(file), std::runtime_error);
  EXPECT_THROW(disk_.rename("/f", "/g"), std::runtime_error);
  EXPECT_THROW(disk_.open("/h", O_RDWR | O_CREAT), std::runtime_error);
  EXPECT_THAT(*disk_.list("/"), ElementsAre("f"));
  EXPECT_EQ(shown("/f"), std::string(1024, 'a'));
}

TEST_F(SimulatedDisk, OneSeedOneOutcome) {
  const auto run = [this](std::uint64_t seed) {
    disk_.reset();
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
      const auto path = "/f" + std::to_string(random.below(5));
      const int file = made(path);
      put(file, std::string(random.below(3000), static_cast<char>('a' + i)), random.below(2000));
      if (random.chance(300)) disk_.sync(file);
      if (random.chance(200)) sync_root();
    }
    disk_.power_cut(random);
    std::string all;
    const auto names = disk_.list("/");
    for (const auto& name : *names) all += name + shown("/" + name);
    return all;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace aeromq::chaos
