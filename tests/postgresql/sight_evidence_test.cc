// The one rule of life, death and doubt: every combination of signs is a row, by the words of the
// rule and not by its code.
#include <gtest/gtest.h>

#include "kernel/postgresql/sight/evidence.h"

namespace aeromq::postgresql {
namespace {

using enum Life;

struct Row {
  Received received;
  AgentSees agent;
  // By how far a connection came: nothing, accepted, spoke, answered.
  Life life[4];
  bool contradiction[4];
};

// Read along a line: a sign of life outweighs any word, and only "nothing" and silence prove.
constexpr Row kRows[] = {
    {Received::no, AgentSees::silent, {unknown, unknown, alive, alive}, {}},
    {Received::no, AgentSees::cannot_tell, {unknown, unknown, alive, alive}, {}},
    {Received::no, AgentSees::process, {alive, alive, alive, alive}, {}},
    {Received::no, AgentSees::remains, {alive, alive, alive, alive}, {false, false, true, true}},
    {Received::no,
     AgentSees::listener,
     {unknown, unknown, alive, alive},
     {false, false, true, true}},
    {Received::no,
     AgentSees::nothing,
     {proven_stopped, unknown, alive, alive},
     {false, true, true, true}},
    {Received::old, AgentSees::silent, {unknown, unknown, alive, alive}, {}},
    {Received::old, AgentSees::cannot_tell, {unknown, unknown, alive, alive}, {}},
    {Received::old, AgentSees::process, {alive, alive, alive, alive}, {}},
    {Received::old, AgentSees::remains, {alive, alive, alive, alive}, {false, false, true, true}},
    {Received::old,
     AgentSees::listener,
     {unknown, unknown, alive, alive},
     {false, false, true, true}},
    {Received::old,
     AgentSees::nothing,
     {proven_stopped, unknown, alive, alive},
     {false, true, true, true}},
    {Received::fresh, AgentSees::silent, {alive, alive, alive, alive}, {}},
    {Received::fresh, AgentSees::cannot_tell, {alive, alive, alive, alive}, {}},
    {Received::fresh, AgentSees::process, {alive, alive, alive, alive}, {}},
    {Received::fresh, AgentSees::remains, {alive, alive, alive, alive}, {true, true, true, true}},
    {Received::fresh, AgentSees::listener, {alive, alive, alive, alive}, {true, true, true, true}},
    {Received::fresh, AgentSees::nothing, {alive, alive, alive, alive}, {true, true, true, true}},
};

TEST(PostgresqlEvidence, EveryCombinationOfSigns) {
  int seen = 0;
  for (const auto& row : kRows)
    for (std::size_t reached = 0; reached < 4; ++reached, ++seen) {
      const Evidence evidence{static_cast<Reached>(reached), row.received, row.agent};
      SCOPED_TRACE(testing::Message()
                   << "reached " << reached << " received " << static_cast<int>(row.received)
                   << " agent " << static_cast<int>(row.agent));
      EXPECT_EQ(life_of(evidence), row.life[reached]);
      EXPECT_EQ(contradicts(evidence), row.contradiction[reached]);
      // Whatever the row says: what is proven stopped has no sign of life at all.
      if (life_of(evidence) == proven_stopped) {
        EXPECT_EQ(reached, 0U);
        EXPECT_NE(row.received, Received::fresh);
        EXPECT_FALSE(contradicts(evidence));
      }
    }
  EXPECT_EQ(seen, 4 * 3 * 6);
}

}  // namespace
}  // namespace aeromq::postgresql
