// The octets of the log: fixed vectors, round trips, and that every changed bit is seen.
#include "audit/format.h"

#include <gtest/gtest.h>

#include "audit/crc32c.h"
#include "audit/little_endian.h"
#include "audit/segment_walk.h"
#include "audit/watermark.h"

namespace aeromq::audit {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

template <class T>
T filled(std::uint8_t octet) {
  T made;
  made.octets.fill(octet);
  return made;
}

SegmentHeader header() {
  SegmentHeader h;
  h.version = 1;  // whose octets are in the field
  h.log = filled<LogId>(0x11);
  h.number = 2;
  h.salt = filled<Salt>(0x22);
  h.epoch = 3;
  h.wall_ns = 1'700'000'000'000'000'000;
  h.boot = filled<BootId>(0x33);
  h.previous = filled<Digest>(0x44);
  for (const auto* text : {"a", "b", "c"}) h.tree.append(leaf_hash(as_bytes(text)));
  h.root = h.tree.root();
  h.first_seq = 4;
  h.file_bytes = 65536;
  h.origin = "aeromq/audit";
  return h;
}

// A batch of two records as it follows `header()`.
Bytes batch_octets() {
  Bytes bytes;
  append_frame(bytes, FrameType::record, 0, 4, as_bytes("dee"));
  const auto second = bytes.size();
  append_frame(bytes, FrameType::record, kAdopted, 5, as_bytes(""));
  seal_frame(bytes, 0, header().salt);
  seal_frame(bytes, second, header().salt);
  auto tree = header().tree;
  tree.append(leaf_hash(as_bytes("dee")));
  tree.append(leaf_hash({}));
  Commit commit;
  commit.count = 2;
  commit.first_seq = 4;
  commit.batch_bytes = bytes.size();
  commit.tree_size = 5;
  commit.root = tree.root();
  commit.previous = sha256(encode_header(header()));
  commit.batch_hash = sha256(bytes);
  commit.boot = header().boot;
  commit.wall_ns = 1'700'000'000'000'000'001;
  commit.boot_ns = 9;
  const auto at = bytes.size();
  append_frame(bytes, FrameType::commit, 0, 6, encode_commit(commit));
  seal_frame(bytes, at, header().salt);
  bytes.resize(kCommitAlign);
  return bytes;
}

TEST(Crc32c, KnownVectorsByTableAndByInstruction) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c_by_table(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8A9136AAU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(Bytes(32, 0xFF)), 0x62A8AB43U);
}

TEST(Crc32c, BothWaysAgreeAtEveryLengthAndChain) {
  Bytes bytes;
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_by_table(bytes));
    const auto cut = bytes.size() / 3;
    EXPECT_EQ(crc32c(ByteView(bytes).subspan(cut), crc32c(ByteView(bytes).first(cut))),
              crc32c(bytes));
    bytes.push_back(static_cast<std::uint8_t>(i * 37 + 11));
  }
}

// The reference tree of RFC 6962 implementations (Certificate Transparency test data).
TEST(MerkleTree, KnownRoots) {
  const std::vector<std::string> leaves{"",
                                        "00",
                                        "10",
                                        "2021",
                                        "3031",
                                        "40414243",
                                        "5051525354555657",
                                        "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots{
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  EXPECT_EQ(tree.root(), sha256({}));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(leaf_hash(from_hex(leaves[i])));
    EXPECT_EQ(to_hex(tree.root().view()), roots[i]);
    const auto again = MerkleTree::from(tree.size(), tree.peaks());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->root(), tree.root());
  }
  EXPECT_FALSE(MerkleTree::from(3, {Digest{}}));
}

TEST(TreeHeadText, RoundTripAndRefusals) {
  const TreeHead head{12, sha256(as_bytes("x"))};
  EXPECT_EQ(TreeHead::parse(head.text()), head);
  for (const auto* wrong : {"", "12", ":", "12:", "x:00", "-1:00"})
    EXPECT_FALSE(TreeHead::parse(wrong));
  auto text = head.text();
  text.back() = 'g';
  EXPECT_FALSE(TreeHead::parse(text));
  EXPECT_FALSE(TreeHead::parse(head.text() + "0"));
}

TEST(Format, GoldenOctets) {
  const auto head = encode_header(header());
  ASSERT_EQ(head.size(), kSegmentHeader);
  const auto part = [&](std::size_t from, std::size_t size) {
    return to_hex(ByteView(head).subspan(from, size));
  };
  EXPECT_EQ(
      part(0, 96),
      "4145524f4d51414c010000100010000011111111111111111111111111111111020000000000000004000000"
      "0000000003000000000000002222222222222222030000000000000000002a36fe9c97173333333333333333"
      "3333333333333333");
  EXPECT_EQ(part(96, 32), to_hex(header().previous.view()));
  EXPECT_EQ(part(128, 32), "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1");
  EXPECT_EQ(part(160, 30),
            "01010000020000000000010000000000"
            "0c006165726f6d712f6175646974");
  EXPECT_EQ(part(1024, 64),
            "b137985ff484fb600db93107c77b0365c80d78f5b429ded0fd97361d077999eb"
            "597fcb31282d34654c200d3418fca5705c648ebf326ec73d8ddef11841f876d8");
  EXPECT_EQ(part(4092, 4), "cc289c1f");
  const auto batch = batch_octets();
  EXPECT_EQ(to_hex(ByteView(batch).first(27 + 24 + kCommitFrame)),
            "414d514601000000030000000400000000000000ddb94266646565414d51460101000000000000050000"
            "0000000000843c9317414d514602000000a00000000600000000000000ce2dd62d010100000200000004"
            "0000000000000033000000000000000500000000000000cbb3c789ca71f4c175d8653f94ea114f2c891c"
            "4ce43e4e0bedee27ba3d24bd66f7c4c06def2e727f731873e85bec2efbfccfaebb04a2f265c3239ad849"
            "450672dcbcdcfad22dff6ca2a8f71b332190be1dc691f57bb7dc8c9be1f4be8ca4b71c33333333333333"
            "33333333333333333301002a36fe9c97170900000000000000");
}

TEST(Format, HeaderRoundTripAndEveryBitCounts) {
  const auto octets = encode_header(header());
  const auto read = decode_header(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 2U);
  EXPECT_EQ(read->origin, "aeromq/audit");
  EXPECT_EQ(read->tree.root(), header().root);
  EXPECT_EQ(encode_header(*read), octets);
  for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
    auto changed = octets;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(decode_header(changed)) << bit;
  }
  EXPECT_FALSE(decode_header(ByteView(octets).first(4095)));
}

TEST(Format, EveryVersionUpToOursIsReadAndANewerOneIsRefusedInWords) {
  auto h = header();
  for (const unsigned version : {1U, 2U, 3U}) {
    h.version = static_cast<std::uint16_t>(version);
    const auto octets = encode_header(h);
    ASSERT_TRUE(decode_header(octets)) << version;
    EXPECT_EQ(decode_header(octets)->version, version);
    EXPECT_FALSE(refuse_newer(octets, 2));
  }
  h.version = 0;
  EXPECT_FALSE(decode_header(encode_header(h)));
  EXPECT_FALSE(refuse_newer(encode_header(h), 2));
  h.version = 4;
  auto newer = encode_header(h);
  EXPECT_FALSE(decode_header(newer));
  EXPECT_EQ(refuse_newer(newer, 2), "segment 2 has format 4, this program reads up to 3");
  newer[600] ^= 1;
  EXPECT_FALSE(refuse_newer(newer, 2)) << "a damaged header is damage, whatever it says";
}

TEST(Format, AHeaderThatContradictsItselfIsRefusedWhateverItsCrc) {
  const auto recrc = [](Bytes octets) {
    put_le(&octets[4092], crc32c(ByteView(octets).first(4092)));
    return octets;
  };
  const auto sound = encode_header(header());
  ASSERT_TRUE(decode_header(recrc(sound)));
  for (const std::size_t at :
       {0U, 8U, 10U, 12U, 40U, 48U, 128U, 160U, 161U, 162U, 164U, 1024U, 600U, 3500U}) {
    auto changed = sound;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 0x40U);
    EXPECT_FALSE(decode_header(recrc(changed))) << at;
  }
}

TEST(Format, BatchRoundTrip) {
  const auto octets = batch_octets();
  const auto batch = parse_batch(octets, 0, header().salt, 4);
  ASSERT_EQ(batch.status, BatchStatus::whole) << batch.what;
  ASSERT_EQ(batch.frames.size(), 2U);
  EXPECT_EQ(as_text(batch.frames[0].payload), "dee");
  EXPECT_EQ(batch.frames[1].flags, kAdopted);
  EXPECT_EQ(batch.commit.tree_size, 5U);
  EXPECT_EQ(batch.end, octets.size());
}

TEST(Format, EveryBitOfABatchCounts) {
  const auto octets = batch_octets();
  for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
    auto changed = octets;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_NE(parse_batch(changed, 0, header().salt, 4).status, BatchStatus::whole) << bit;
  }
}

TEST(Format, FramesOfAnotherSaltOrNumberDoNotCheck) {
  const auto octets = batch_octets();
  EXPECT_EQ(parse_batch(octets, 0, filled<Salt>(0x23), 4).status, BatchStatus::invalid);
  EXPECT_EQ(parse_batch(octets, 0, header().salt, 5).status, BatchStatus::invalid);
}

TEST(Format, ControlBodiesRoundTrip) {
  Start start;
  start.epoch = 4;
  start.boot = header().boot;
  start.found = RecoveryClass::torn_tail;
  start.unclean = true;
  start.tree_size = 8;
  start.version = "0.1.0";
  const auto start_again = decode_start(encode_start(start));
  ASSERT_TRUE(start_again);
  EXPECT_EQ(encode_start(*start_again), encode_start(start));
  Recovery recovery{RecoveryClass::torn_tail, 3, 4096, 77, 4100, header().previous, 9, 1};
  EXPECT_EQ(decode_recovery(encode_recovery(recovery)), recovery);
  EXPECT_FALSE(decode_recovery(ByteView(encode_recovery(recovery)).first(50)));
  Seal seal{5, 4, 2, 8192, header().root};
  ASSERT_TRUE(decode_seal(encode_seal(seal)));
  ASSERT_TRUE(decode_stop(encode_stop({5, 1, 2})));
  EXPECT_FALSE(decode_commit(Bytes(kCommitBody)));
  EXPECT_FALSE(decode_start(Bytes(3)));
}

TEST(Format, SegmentNamesHaveOneSpelling) {
  EXPECT_EQ(segment_name(3, 77), "00000003-00000000000000000077.seg");
  const auto name = parse_segment_name(segment_name(123456789, 1));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->number, 123456789U);
  for (const auto* wrong : {"", "next.tmp", "1-1.seg", "00000001-00000000000000000001.seg~",
                            "000000001-00000000000000000001.seg", "00000001-.seg"})
    EXPECT_FALSE(parse_segment_name(wrong)) << wrong;
}

TEST(Format, WatermarkRoundTripAndEveryBitCounts) {
  const Watermark mark{header().log, 2, 8192, 5, 3};
  const auto octets = encode_watermark(mark);
  EXPECT_EQ(decode_watermark(octets), mark);
  for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
    auto changed = octets;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_FALSE(decode_watermark(changed)) << bit;
  }
}

}  // namespace
}  // namespace aeromq::audit
