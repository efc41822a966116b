// The dispatcher's end of the kernel's socket: a burst of calls waits for a kernel that reads
// slowly.
#include "kernel/embedded_link.h"

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"

namespace aeromq::kernel {
namespace {

TEST(EmbeddedLink, AFullSocketIsWaitedForAndTheCallsLeaveInOrder) {
  const test::ScratchFolder folder;
  const auto path = folder / "kernel.sock";
  auto listener = PacketSocket::listen(path, false);
  ASSERT_TRUE(listener) << listener.error().message;
  auto link = EmbeddedLink::look(path);
  ASSERT_TRUE(link) << link.error().message;
  auto kernel = listener->accept();
  ASSERT_TRUE(kernel);
  constexpr std::uint64_t kMany = 1000;  // the socket takes some hundreds
  KernelCall call;
  for (call.id = 1; call.id <= kMany; ++call.id) ASSERT_TRUE(link->send(call)) << call.id;
  std::uint64_t seen = 0;
  for (std::uint64_t looks = 0; seen < kMany && looks < 10 * kMany; ++looks) {
    ASSERT_TRUE(link->alive()) << "and what waits is tried again";
    while (const auto packet = kernel->receive()) {
      const auto read = decode<KernelCall>(ByteView(*packet).subspan(1));
      ASSERT_TRUE(read);
      EXPECT_EQ(read->id, ++seen);
    }
  }
  EXPECT_EQ(seen, kMany);
}

TEST(EmbeddedLink, AKernelThatNeverReadsIsGone) {
  const test::ScratchFolder folder;
  auto listener = PacketSocket::listen(folder / "kernel.sock", false);
  ASSERT_TRUE(listener);
  auto link = EmbeddedLink::look(folder / "kernel.sock");
  ASSERT_TRUE(link);
  std::size_t sent = 0;
  while (sent < 100'000 && link->send({})) ++sent;
  EXPECT_GT(sent, EmbeddedLink::kMostUnsent);
  EXPECT_LT(sent, 100'000U);
  EXPECT_FALSE(link->alive());
}

}  // namespace
}  // namespace aeromq::kernel
