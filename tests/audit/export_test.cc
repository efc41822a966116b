// JSON lines: parsable, complete, and harmless on a terminal.
#include "audit/export.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "audit/merkle_tree.h"
#include "tests/audit/records.h"

namespace aeromq::audit {
namespace {

TEST(Export, Base64Vectors) {  // RFC 4648, section 10
  EXPECT_EQ(to_base64(as_bytes("")), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
}

TEST(Export, ALineHoldsEvidenceAndEveryField) {
  auto record = make_record(9, Stage::executed, request_text(1));
  record.effects = {{"holder", "n1", "n2"}};
  const auto raw = encode_row(record);
  const auto line = json_line({record, leaf_hash(raw), raw});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["seq"], 9);
  EXPECT_EQ(json["leaf"], to_hex(leaf_hash(raw).view()));
  EXPECT_EQ(json["raw"], to_base64(raw));
  EXPECT_EQ(json["stage"], "executed");
  EXPECT_EQ(json["effects"][0]["after"], "n2");
  EXPECT_EQ(json.size(), std::tuple_size_v<decltype(Record::fields())> + 2);
  EXPECT_FALSE(nlohmann::json::parse(json_line({record, leaf_hash(raw), {}})).contains("raw"));
}

TEST(Export, ControlCharactersAreEscaped) {
  auto record = make_record(1, Stage::refused);
  record.reason =
      "a\x1b[2J\n\x7f \xc2\x9b"
      "31m \xe2\x80\xae";
  const auto line = json_line({record, {}, {}});
  for (char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << static_cast<int>(c);
  EXPECT_EQ(nlohmann::json::parse(line)["reason"], record.reason);
}

}  // namespace
}  // namespace aeromq::audit
