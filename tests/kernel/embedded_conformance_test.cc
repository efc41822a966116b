// The conformance suite against the class of the embedded kernel, under a clock that the test
// moves.
#include <gtest/gtest.h>

#include "tests/kernel/in_process_kernel.h"

namespace aeromq::kernel {
namespace {

class Conformance : public testing::TestWithParam<std::size_t> {};

TEST_P(Conformance, Embedded) {
  InProcessKernel kernel;
  std::vector<std::string> complaints;
  conformance_checks()[GetParam()].run(kernel, complaints);
  EXPECT_EQ(complaints, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Kernel, Conformance,
                         testing::Range<std::size_t>(0, conformance_checks().size()),
                         [](const auto& given) { return conformance_checks()[given.param].name; });

TEST(LockStep, ModelAndKernelAgreeOverManySeeds) {
  InProcessKernel kernel;
  constexpr std::uint32_t kSeeds = 30;
  constexpr int kSteps = 150;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed)
    ASSERT_EQ(run_lock_step(kernel, seed, kSteps), std::vector<std::string>{});
}

}  // namespace
}  // namespace aeromq::kernel
