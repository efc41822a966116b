// The disk rung's own judgement and its disk: each promise is broken once by hand, so that a rung
// that finds nothing means something.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "chaos/disk/disk_judge.h"
#include "chaos/disk/image.h"
#include "chaos/disk/tracer.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::chaos::disk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Event event(EventKind kind, const std::string& request, const std::string& what,
            const std::string& verdict, std::uint64_t number) {
  Event made;
  made.kind = kind;
  made.request = request;
  made.what = what;
  made.verdict = verdict;
  made.number = number;
  return made;
}

/// One executed request, told with its record.
struct DiskJudge : ::testing::Test {
  DiskJudge() {
    seen = {event(EventKind::told, "R1", "submit", "pending", 2),
            event(EventKind::told, "R1", "confirm", "executed", 5)};
    std::uint64_t number = 0;
    for (const auto* stage :
         {"requested", "confirmation_asked", "confirmed", "dispatched", "executed"})
      disk.kept.push_back(event(EventKind::kept, "R1", stage, "none", ++number));
    disk.stands = {event(EventKind::stands, "R1", "demote", "executed", 1)};
    disk.verified = event(EventKind::verified, "", "", "whole", 0);
  }
  std::vector<std::string> broken(const DiskContents* before = nullptr) const {
    std::vector<std::string> predicates;
    for (const auto& violation : judge_disk(with_contents(seen, disk), disk, before).violations)
      predicates.push_back(violation.predicate);
    return predicates;
  }
  History seen;
  DiskContents disk;
};

TEST_F(DiskJudge, ASoundDiskBreaksNothing) {
  EXPECT_THAT(broken(&disk), IsEmpty());
  EXPECT_GT(judge_disk(with_contents(seen, disk), disk, &disk).evaluated["I-AUDIT"], 3U);
}

TEST_F(DiskJudge, ARecordThatWasToldAndIsGone) {
  disk.kept.pop_back();
  EXPECT_THAT(broken(), ElementsAre("I-AUDIT"));
}

TEST_F(DiskJudge, ARecordThatIsAboutAnother) {
  disk.kept.back().request = "R2";
  disk.kept.back().what = "answered";
  EXPECT_THAT(broken(), ElementsAre("I-AUDIT"));
}

TEST_F(DiskJudge, AnExecutionWithoutItsDispatch) {
  disk.kept[3].what = "requested";
  EXPECT_THAT(broken(), ElementsAre("I-AUDIT"));
}

TEST_F(DiskJudge, AnExecutionThatWasToldAndIsGone) {
  disk.stands.clear();
  EXPECT_THAT(broken(), ::testing::UnorderedElementsAre("I-MONO", "I-AUDIT"));
}

TEST_F(DiskJudge, NotExecutedWasToldAndItIs) {
  seen.back().verdict = "not_executed";
  seen.back().final_ = true;
  EXPECT_THAT(broken(), ElementsAre("I-DECIDED"));
}

TEST_F(DiskJudge, WhatAnEarlierReadingHadMustStay) {
  auto before = disk;
  before.kept.push_back(event(EventKind::kept, "R3", "answered", "none", 6));
  before.stands.push_back(event(EventKind::stands, "R2", "demote", "rejected", 2));
  EXPECT_THAT(broken(&before), ElementsAre("I-MONO", "I-MONO"));
}

TEST_F(DiskJudge, ABrokenLogAndABrokenRegister) {
  disk.verified.verdict = "broken";
  disk.damage = "no such table: ledger";
  EXPECT_THAT(broken(), ElementsAre("I-AUDIT", "I-ATOMIC"));
}

TEST_F(DiskJudge, RowsStandBeforeTheAnswersThatTellOfThem) {
  disk.stands = {event(EventKind::stands, "R0", "demote", "rejected", 1),
                 event(EventKind::stands, "R1", "demote", "executed", 2),
                 event(EventKind::stands, "R2", "demote", "executed", 3)};
  std::vector<std::string> order;
  for (const auto& one : with_contents(seen, disk))
    if (one.kind == EventKind::row || one.kind == EventKind::told)
      order.push_back(one.request + " " + std::string(text_of(one.kind)));
  EXPECT_THAT(order, ElementsAre("R1 told", "R0 row", "R1 row", "R1 told", "R2 row"));
}

void write(const std::filesystem::path& path, bool synced) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(fd, "1234", 4), 4);
  ASSERT_EQ(synced ? ::fsync(fd) : 0, 0);
  ::close(fd);
}

TEST(DiskImage, APowerCutKeepsWhatWasSyncedAndNothingElse) {
  const test::ScratchFolder folder;
  const std::filesystem::path scratch = folder.path();
  if (!Image::permitted(scratch)) GTEST_SKIP() << "SKIPPED: no right to mount a loop device";
  Image image(scratch / "disk.img", scratch / "disk", 16U << 20);
  write(image.where() / "synced", true);
  write(image.where() / "unsynced", false);
  image.cut(false);
  image.remount();
  std::error_code gone;
  EXPECT_EQ(std::filesystem::file_size(image.where() / "synced"), 4U);
  EXPECT_NE(std::filesystem::file_size(image.where() / "unsynced", gone), 4U);
  write(image.where() / "early", false);
  image.cut(true);
  image.remount();
  EXPECT_EQ(std::filesystem::file_size(image.where() / "early"), 4U);
}

TEST(DiskTracer, CountsWhatFiredAndNothingElse) {
  const test::ScratchFolder folder;
  const std::filesystem::path scratch = folder.path();
  if (!Tracer::permitted(scratch)) GTEST_SKIP() << "SKIPPED: no right to trace a process";
  Child copier({"/usr/bin/dd", "of=" + (scratch / "out").string(), "conv=fsync"});
  {
    const Tracer tracer(copier.pid(), "fsync", "error=EIO:when=1", scratch / "strace");
    EXPECT_EQ(tracer.fired(), 0U);
    copier.close_input();
    EXPECT_NE(copier.wait(10000).exit_code, 0) << "dd must have seen the error";
    EXPECT_EQ(tracer.fired(), 1U);
  }
}

}  // namespace
}  // namespace aeromq::chaos::disk
