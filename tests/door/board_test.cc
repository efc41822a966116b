// What the door and the processes behind it tell each other without a message.
#include "door/board.h"

#include <gtest/gtest.h>

#include "door/door.h"
#include "tests/support/scratch_folder.h"

namespace aeromq::door {
namespace {

TEST(Board, EachSideReadsWhatTheOtherWrote) {
  const test::ScratchFolder folder;
  auto door = Board::open(folder / "board");
  auto broker = Board::open(folder / "board");
  ASSERT_TRUE(door && broker);
  const auto ref = door->begin(7, "127.0.0.2");
  EXPECT_EQ(broker->address(ref), "127.0.0.2");
  EXPECT_EQ(broker->took(ref), 1U);
  EXPECT_EQ(broker->took(ref, 2), 3U);
  EXPECT_EQ(door->taken(ref), 3U);
  EXPECT_FALSE(door->is_barred(ref));
  broker->bar(ref);
  EXPECT_TRUE(door->is_barred(ref));
  EXPECT_FALSE(broker->has_ended(ref));
  door->end(ref);
  EXPECT_TRUE(broker->has_ended(ref));
}

TEST(Board, AWordAboutAnEarlierConnectionIsAboutNobody) {
  const test::ScratchFolder folder;
  auto board = Board::open(folder / "board");
  ASSERT_TRUE(board);
  const auto first = board->begin(3, "a");
  board->end(first);
  const auto second = board->begin(3, "b");
  board->bar(first);
  EXPECT_EQ(board->took(first), 1U);
  EXPECT_EQ(board->taken(second), 0U);
  EXPECT_FALSE(board->is_barred(second));
  EXPECT_TRUE(board->has_ended(first));
  EXPECT_FALSE(board->has_ended(second));
  EXPECT_EQ(board->address(first), "");
}

TEST(Board, AnotherDoorBeginsWithNobodyAndCountsOn) {
  const test::ScratchFolder folder;
  auto board = Board::open(folder / "board");
  ASSERT_TRUE(board);
  const auto ref = board->begin(0, "a");
  board->turned_away(Turned::crowded, "10.0.0.1");
  board->begin_anew();
  EXPECT_TRUE(board->has_ended(ref));
  EXPECT_NE(board->begin(0, "a"), ref);
  EXPECT_EQ(board->turned()[static_cast<std::size_t>(Turned::crowded)], 1U);
  EXPECT_EQ(board->last_turned(), "10.0.0.1");
}

TEST(Board, NobodyHasEndedAndIsNeverBarred) {
  const test::ScratchFolder folder;
  auto board = Board::open(folder / "board");
  ASSERT_TRUE(board);
  EXPECT_TRUE(board->has_ended(kNobody));
  board->bar(kNobody);
  EXPECT_FALSE(board->is_barred(kNobody));
  EXPECT_EQ(board->took(kNobody), 0U);
  EXPECT_EQ(board->address(kNobody), "");
}

TEST(Board, ANameLeadsBackToItsConnectionAndNoOtherDoes) {
  const Ref ref{4095, 0xfedcba98};
  EXPECT_EQ(ref_of_name(name_of(ref, 1)), ref);
  for (const char* name : {"", "aeromq-door.", "aeromq-door.00000001", "other",
                           "aeromq-door.0000000g.00000001.", "aeromq-door.00001000.00000001.0"})
    EXPECT_FALSE(ref_of_name(name)) << name;
  EXPECT_FALSE(ref_of_peer(-1));
  EXPECT_FALSE(ref_of_peer(0));
}

TEST(Board, AFileOfAnotherKindIsRefused) {
  const test::ScratchFolder folder;
  EXPECT_FALSE(Board::open(folder.put("board", "some text of somebody's")));
  EXPECT_FALSE(Board::open(folder / "none/board"));
}

TEST(Room, ConnectionsFitIntoTheDescriptorsThatThereAre) {
  for (const std::uint64_t descriptors : {80U, 128U, 1024U, 4096U, 1U << 20}) {
    const auto room = room_of(descriptors, 0, 1024);
    EXPECT_LE(room.silent + room.waiting + 2 * room.clients + 2 * room.feed + 64, descriptors);
    EXPECT_GT(room.clients, 0U);
  }
  EXPECT_EQ(room_of(1U << 20, 0, 1024).clients, 1024U);
  EXPECT_EQ(room_of(1U << 20, 100, 1024).clients, 100U);
}

}  // namespace
}  // namespace aeromq::door
