// A history as a file, as a hash, and made of parts.
#include "chaos/history/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/chaos/histories/story.h"

namespace aeromq::chaos {
namespace {

namespace fs = std::filesystem;

class HistoryFile : public testing::Test {
 protected:
  ~HistoryFile() override { fs::remove(path_); }
  void write(const std::string& text) { std::ofstream(path_) << text; }
  std::string fault() { return read_history(path_).error().message; }

  fs::path path_ = fs::temp_directory_path() / ("history-" + std::to_string(::getpid()));
};

TEST_F(HistoryFile, ReadsBackWhatWasWritten) {
  for (const auto& [name, history] : good_histories()) {
    write_history(history, path_);
    const auto read = read_history(path_);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, history) << name;
  }
}

TEST_F(HistoryFile, KeepsTextThatJsonMustEscape) {
  Event event;
  event.seq = 1;
  event.lane = "kernel";
  event.text = "a \"quoted\" back\\slash\n\t\x01 and ü";
  write_history({event}, path_);
  EXPECT_EQ(read_history(path_)->front(), event);
}

TEST_F(HistoryFile, LeavesOutWhatIsEmpty) {
  Event event;
  event.seq = 7;
  event.kind = EventKind::healed;
  event.lane = "harness";
  EXPECT_EQ(json_line(event), R"({"seq":7,"kind":"healed","lane":"harness"})");
}

TEST_F(HistoryFile, NamesTheLineOfAFault) {
  const std::string fine = "{\"seq\":1,\"kind\":\"healed\",\"lane\":\"harness\"}\n";
  const std::vector<std::pair<std::string, std::string>> faults{
      {"{", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"", "not a JSON object"},
      {R"({"seq":2,"kind":"eaten","lane":"x"})", "unknown kind \"eaten\""},
      {R"({"seq":2,"kind":"told"})", "no lane"},
      {R"({"seq":2,"kind":"told","lane":"x","colour":"red"})", "an unknown field"},
      {R"({"seq":2,"kind":"told","lane":"x","lane":"y"})", "a field stands twice"},
      {R"({"seq":2,"kind":"told","lane":7})", "lane is not text"},
      {R"({"seq":-2,"kind":"told","lane":"x"})", "seq is not a number"},
      {R"({"seq":2,"kind":"told","lane":"x","final":1})", "final is not true or false"},
      {R"({"seq":1,"kind":"told","lane":"x"})", "seq does not rise"}};
  for (const auto& [line, what] : faults) {
    write(fine + line + "\n");
    EXPECT_THAT(fault(), testing::HasSubstr(":2: ")) << line;
    EXPECT_THAT(fault(), testing::HasSubstr(what)) << line;
  }
}

TEST_F(HistoryFile, RefusesAFileThatIsNotThere) {
  EXPECT_THAT(fault(), testing::HasSubstr("cannot read"));
}

TEST(HistoryHash, DiffersWithEveryField) {
  Event event;
  event.seq = 1;
  event.lane = "a";
  std::vector<History> different{{}, {event}, {event, event}};
  for (const auto member :
       {&Event::lane, &Event::request, &Event::principal, &Event::what, &Event::command,
        &Event::node, &Event::digest, &Event::token, &Event::verdict, &Event::code, &Event::text,
        &Event::peer, &Event::before, &Event::after}) {
    auto other = event;
    other.*member += "b";
    different.push_back({other});
  }
  for (const auto member :
       {&Event::seq, &Event::at_ns, &Event::run, &Event::number, &Event::epoch}) {
    auto other = event;
    other.*member += 2;
    different.push_back({other});
  }
  auto other = event;
  other.final_ = true;
  different.push_back({other});
  other.kind = EventKind::told;
  different.push_back({other});
  std::set<std::string> hashes;
  for (const auto& history : different) hashes.insert(to_hex(history_hash(history).octets));
  EXPECT_EQ(hashes.size(), different.size());
}

TEST(HistoryHash, IsTheSameForTheSameHistory) {
  EXPECT_EQ(history_hash(good_histories()[0].history), history_hash(good_histories()[0].history));
  EXPECT_NE(history_hash(good_histories()[0].history), history_hash(good_histories()[1].history));
}

Event at(std::uint64_t seq, std::uint64_t at_ns, const std::string& lane) {
  Event event;
  event.seq = seq;
  event.at_ns = at_ns;
  event.lane = lane;
  return event;
}

std::string lanes(const History& history) {
  std::string text;
  for (const auto& event : history) text += event.lane;
  return text;
}

TEST(Merge, GoesBySeqWhateverTheClocksSay) {
  const auto merged =
      merge_histories({{at(2, 10, "b"), at(5, 50, "d")}, {at(1, 99, "a"), at(4, 1, "c")}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(lanes(*merged), "abcd");
  EXPECT_EQ(merged->back().seq, 4U);
}

TEST(Merge, PutsAPartWithoutSeqInByTimeAndKeepsItsOrder) {
  const auto merged =
      merge_histories({{at(1, 10, "a"), at(2, 30, "c")}, {at(0, 20, "b"), at(0, 15, "B")}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(lanes(*merged), "abBc");
}

TEST(Merge, RefusesPartsThatContradictThemselves) {
  EXPECT_FALSE(merge_histories({{at(1, 0, "a"), at(0, 0, "b")}}));
  EXPECT_FALSE(merge_histories({{at(2, 0, "a"), at(1, 0, "b")}}));
  EXPECT_FALSE(merge_histories({{at(1, 0, "a")}, {at(1, 0, "b")}}));
}

}  // namespace
}  // namespace aeromq::chaos
