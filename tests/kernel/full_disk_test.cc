// The embedded kernel where its disk is full: a real one, so the simulated register is not meant.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "kernel/embedded.h"
#include "tests/kernel/in_process_kernel.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {
namespace {

// Register and roles survive a full disk, whoever filled it; what needs room is refused and says
// so.
TEST(KernelOnAFullDisk, LooksRolesAndEpochsGoOn) {
  process::register_kill_points(kill_points());
  test::ScratchFolder folder;
  const auto disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16m") != 0) {
    std::printf("SKIPPED: mounting a tmpfs is not permitted here\n");
    GTEST_SKIP();
  }
  const EmbeddedOptions options{disk + "/register.sqlite", "demo", {"a", "b"}, {}, kStale};
  const auto fill = [&] {
    std::ofstream filler(disk + "/filler", std::ios::binary);
    while (filler.write(std::string(4096, 'x').data(), 4096) && filler.flush()) continue;
  };
  const auto demote = [&](Embedded& kernel, const Opened& opened, std::uint32_t counter) {
    return kernel
        .answer(
            act_call(act_of(id_of(opened, kStart / 1000 + 60, counter), Action::demote, "a", 1)),
            {1, static_cast<std::uint32_t>(opened.epoch)}, at_ms(kStart))
        .act;
  };
  const auto position = [](Embedded& kernel, std::uint64_t at) {
    return kernel.report("a", report_as(kernel.state(), NodeRole::primary, at), at_ms(kStart));
  };
  {
    auto kernel = Embedded::start(options, at_ms(kStart));
    ASSERT_TRUE(kernel);
    EXPECT_TRUE(position(*kernel, 500).refused.empty());
    fill();
    // As many starts of a dispatcher as there can be in hours.
    Result<Opened> opened = fail(Error{});
    for (int i = 0; i < 200; ++i) opened = kernel->open(1, at_ms(kStart));
    ASSERT_TRUE(opened);
    const auto refused = demote(*kernel, *opened, 1);
    EXPECT_EQ(refused.code, "REGISTER_DISK_FULL");
    EXPECT_EQ(refused.text, "the disk of " + disk + " is full");
    const auto told = position(*kernel, 600);
    EXPECT_EQ(told.role, NodeRole::primary) << "a node learns its role all the same";
    ASSERT_EQ(told.refused.size(), 1U);
    EXPECT_EQ(told.acknowledged, 600U) << "the checks go by it";
    KernelCall survey;
    survey.kind = CallKind::survey;
    survey.command = "request_demotion";
    survey.node = "a";
    const auto checks = kernel->answer(survey, {}, at_ms(kStart)).snapshot.checks;
    EXPECT_EQ(checks.back().code, "REGISTER_DISK_FULL")
        << "an operator reads it before they confirm";
  }
  {
    EXPECT_TRUE(Store::take_reserve(options.register_file)) << "it was not given back";
    auto kernel = Embedded::start(options, at_ms(kStart));
    ASSERT_TRUE(kernel) << "a start needs no more room";
    EXPECT_EQ(kernel->state().acknowledged, 500U);
    (void)position(*kernel, 600);
    std::filesystem::remove(disk + "/filler");
    EXPECT_TRUE(position(*kernel, 600).refused.empty());
    const auto opened = kernel->open(1, at_ms(kStart));
    ASSERT_TRUE(opened);
    EXPECT_EQ(demote(*kernel, *opened, 1).status, ActStatus::executed);
    EXPECT_EQ(kernel->store().load().acknowledged, 600U);
  }
  fill();
  EXPECT_FALSE(Store::take_reserve(options.register_file)) << "an orderly end gave it back";
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace aeromq::kernel
