// The conformance suite against the process of the embedded kernel.
#include <gtest/gtest.h>

#include "tests/kernel/kernel_process.h"

namespace aeromq::kernel {
namespace {

class Conformance : public testing::TestWithParam<std::size_t> {};

TEST_P(Conformance, EmbeddedProcess) {
  ProcessKernel kernel;
  std::vector<std::string> complaints;
  conformance_checks()[GetParam()].run(kernel, complaints);
  EXPECT_EQ(complaints, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Kernel, Conformance,
                         testing::Range<std::size_t>(0, conformance_checks().size()),
                         [](const auto& given) { return conformance_checks()[given.param].name; });

TEST(LockStep, ModelAndProcessAgree) {
  ProcessKernel kernel;
  EXPECT_EQ(run_lock_step(kernel, 7, 150), std::vector<std::string>{});
}

}  // namespace
}  // namespace aeromq::kernel
