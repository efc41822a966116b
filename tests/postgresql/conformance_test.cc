// The conformance suite against PostgreSQL. One cluster serves all checks of a test; the long form
// is a command of its own (docs/chaos.md).
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/postgresql/conformance_fixture.h"

namespace aeromq::postgresql {
namespace {

constexpr int kSeeds = 3;
constexpr int kSteps = 60;

int number_of(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

void run_checks(PostgresqlKernelFixture& kernel) {
  for (const auto& check : kernel::conformance_checks()) {
    SCOPED_TRACE(check.name);
    std::vector<std::string> complaints;
    check.run(kernel, complaints);
    EXPECT_EQ(complaints, std::vector<std::string>{});
  }
}

TEST(PostgresqlConformance, EveryCheck) {
  PostgresqlKernelFixture kernel(BIN_DIR);
  run_checks(kernel);
}

TEST(PostgresqlConformance, LockStep) {
  PostgresqlKernelFixture kernel(BIN_DIR);
  const auto seeds = static_cast<std::uint32_t>(number_of("AEROMQ_SEEDS", kSeeds));
  for (std::uint32_t seed = 1; seed <= seeds; ++seed)
    EXPECT_EQ(run_lock_step(kernel, seed, number_of("AEROMQ_STEPS", kSteps)),
              std::vector<std::string>{});
}

}  // namespace
}  // namespace aeromq::postgresql
