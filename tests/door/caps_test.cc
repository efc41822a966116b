// Who may stay, and who goes for whom.
#include "door/caps.h"

#include <gtest/gtest.h>

#include <vector>

#include "door/turns.h"

namespace aeromq::door {
namespace {

CapNumbers numbers() {
  CapNumbers small;
  small.silent = 5;
  small.waiting = 3;
  small.unproven_per_address = 2;
  small.unproven = 3;
  small.per_address = 3;
  small.all = 4;
  return small;
}

/// One that says HELLO at once, and proves if asked.
Caps::Verdict comes(Caps& caps, Caps::Id id, const std::string& address, bool proves = false) {
  caps.arrives(id, address);
  caps.waits(id);
  const auto verdict = caps.who_goes_for(id);
  if (verdict.leaves) caps.left(*verdict.leaves);
  if (!verdict.stays) caps.left(id);
  if (verdict.stays) caps.goes_inside(id);
  if (verdict.stays && proves) caps.proves(id);
  return verdict;
}

TEST(Caps, TheOldestSilentOneGoesForTheNext) {
  Caps caps(numbers());
  for (Caps::Id id = 1; id <= 5; ++id) EXPECT_FALSE(caps.arrives(id, "a").leaves);
  EXPECT_EQ(caps.arrives(6, "a").leaves, 1U);
}

TEST(Caps, InAllTheAddressWithTheMostPays) {
  Caps caps(numbers());
  caps.arrives(1, "a honest one");
  for (Caps::Id id = 2; id <= 4; ++id) caps.arrives(id, "flood");
  caps.arrives(5, "other");
  EXPECT_EQ(caps.arrives(6, "new").leaves, 2U);
}

TEST(Caps, WhoIsProvenNeverGoesForOneThatIsNot) {
  Caps caps(numbers());
  for (Caps::Id id = 1; id <= 3; ++id) EXPECT_TRUE(comes(caps, id, "a", true).stays);
  EXPECT_FALSE(comes(caps, 4, "a").stays) << "the address is full of proven ones";
  EXPECT_EQ(caps.count(Standing::proven), 3U);
  EXPECT_TRUE(comes(caps, 5, "b").stays) << "another address has room";
  EXPECT_EQ(comes(caps, 6, "c").leaves, 5U) << "the newcomer is as good as the one that waits";
}

TEST(Caps, OfThoseThatWaitTheAddressWithTheMostPays) {
  Caps caps(numbers());
  for (Caps::Id id = 1; id <= 4; ++id) caps.arrives(id, id == 1 ? "a honest one" : "flood");
  for (Caps::Id id = 1; id <= 3; ++id) EXPECT_FALSE(caps.waits(id).leaves);
  EXPECT_EQ(caps.waits(4).leaves, 2U);
}

TEST(Caps, HandshakesAreBoundedByAddressAndInAll) {
  Caps caps(numbers());
  comes(caps, 1, "a");
  comes(caps, 2, "a");
  EXPECT_EQ(comes(caps, 3, "a").leaves, 1U);
  comes(caps, 4, "b");
  EXPECT_EQ(comes(caps, 5, "c").leaves, 2U);
}

TEST(Caps, WhoHasLeftIsForgotten) {
  Caps caps(numbers());
  comes(caps, 1, "a", true);
  caps.arrives(2, "b");
  for (const Caps::Id id : {1U, 2U, 3U}) caps.left(id);
  EXPECT_EQ(caps.addresses(), 0U);
  for (const auto standing :
       {Standing::silent, Standing::waiting, Standing::unproven, Standing::proven})
    EXPECT_EQ(caps.count(standing), 0U);
  EXPECT_FALSE(caps.who_goes_for(2).stays);
}

TEST(Turns, EachAddressHasItsTurnAndWithinItWhoWaitedLongest) {
  Turns turns;
  for (Caps::Id id = 1; id <= 3; ++id) turns.add(id, "flood");
  turns.add(4, "a");
  turns.add(5, "z");
  std::vector<Caps::Id> order;
  while (const auto id = turns.next()) order.push_back(*id);
  EXPECT_EQ(order, (std::vector<Caps::Id>{4, 1, 5, 2, 3}));
  turns.add(6, "flood");
  turns.add_first(7, "flood");
  turns.add(8, "z");
  EXPECT_EQ(turns.next({"flood"}), 8U);
  EXPECT_EQ(turns.next({"flood"}), std::nullopt);
  EXPECT_EQ(turns.next(), 7U);
}

}  // namespace
}  // namespace aeromq::door
