// docs/protocol.md against the code: whoever writes a client from the document alone must not be
// misled by it.
#include <gmock/gmock.h>

#include "actors/dispatcher/view.h"
#include "broker/broker.h"
#include "broker/reports.h"
#include "broker/sessions.h"
#include "conversation.h"
#include "document.h"
#include "messages/catalogue.h"
#include "messages/command.h"
#include "messages/envelope.h"
#include "messages/error.h"
#include "vocabulary.h"

namespace aeromq::docs {
namespace {

using testing::ElementsAreArray;

const Document& protocol() {
  static const auto read = Document::read(AEROMQ_SOURCE_DIR "/docs/protocol.md");
  return read;
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

TEST(Protocol, IsThere) { ASSERT_FALSE(protocol().empty()); }

TEST(Protocol, RouteTableIsTheCodes) {
  std::vector<Cells> wanted;
  for (const auto& route : route_table())
    wanted.push_back({std::to_string(static_cast<int>(route.type)),
                      "`" + std::string(route.name) + "`", std::string(text_of(route.sender)),
                      std::string(text_of(route.receiver)), follows_text(route)});
  EXPECT_THAT(protocol().table_headed({"number", "name", "sender", "receiver", "follows"}),
              ElementsAreArray(wanted));
}

TEST(Protocol, ErrorTableIsTheCodes) {
  std::vector<Cells> wanted;
  for (const auto& row : error_table())
    wanted.push_back({std::to_string(static_cast<int>(row.number)),
                      "`" + std::string(row.code) + "`", std::string(text_of(row.domain)),
                      std::string(text_of(row.outcome)), std::to_string(row.exit_code),
                      std::string(row.sentence), std::string(row.invariants)});
  EXPECT_THAT(protocol().table_headed(
                  {"number", "code", "domain", "outcome", "exit", "sentence", "invariants"}),
              ElementsAreArray(wanted));
}

TEST(Protocol, EveryMessageHasABodyAndIsNamed) {
  std::string all;
  for (const auto& line : protocol().lines())
    if (line.starts_with("### ")) all += line + "\n";
  for (const auto& route : route_table()) {
    EXPECT_TRUE(vocabulary().bodies.contains(route.type)) << route.name;
    // "REFUSED_BY_GATE (34), _DISPATCHER (43)": the number is what must be there, with its name.
    const auto number = "(" + std::to_string(static_cast<int>(route.type)) + ")";
    const auto at = all.find(number);
    ASSERT_NE(at, std::string::npos) << "no heading names " << route.name << " " << number;
    const auto before = all.substr(0, at - 1);
    const auto word = before.substr(before.find_last_of(" ") + 1);
    EXPECT_TRUE(upper(route.name).ends_with(word)) << route.name << " is called " << word;
  }
}

TEST(Protocol, EveryFieldListIsTheCodes) {
  for (const auto& [name, rows] : vocabulary().structs) {
    const auto marker = "Fields of `" + name + "`:";
    const auto at = protocol().after(marker);
    ASSERT_LT(at, protocol().lines().size()) << "no fields of " << name;
    std::vector<Cells> written;
    if (!protocol().lines()[at - 1].ends_with("(`80`)."))  // said to be the empty map
      for (const auto& cells : protocol().table(at))
        written.push_back({cells.at(0), cells.at(1), cells.at(2)});
    std::vector<Cells> wanted;
    for (const auto& row : rows) wanted.push_back({"`" + row.name + "`", row.type, row.max});
    EXPECT_THAT(written, ElementsAreArray(wanted)) << "fields of " << name;
  }
}

TEST(Protocol, EveryFieldHasAMeaningAndEveryListAStruct) {
  std::size_t lists = 0;
  for (std::size_t i = 0; i < protocol().lines().size(); ++i) {
    const auto& line = protocol().lines()[i];
    if (!line.starts_with("Fields of `")) continue;
    ++lists;
    EXPECT_TRUE(vocabulary().structs.contains(quoted_words(line).at(0))) << line;
    if (line.ends_with("(`80`).")) continue;
    for (const auto& cells : protocol().table(i)) {
      ASSERT_EQ(cells.size(), 4U) << line;
      EXPECT_FALSE(cells[3].empty()) << line << " " << cells[0];
    }
  }
  EXPECT_EQ(lists, vocabulary().structs.size());
}

TEST(Protocol, EveryWordOfEveryEnumIsTheCodes) {
  for (const auto& [name, words] : vocabulary().enums) {
    const auto marker = "Words of `" + name + "`:";
    const auto at = protocol().after(marker);
    ASSERT_LT(at, protocol().lines().size()) << "no words of " << name;
    EXPECT_THAT(quoted_words(protocol().lines()[at - 1].substr(marker.size())),
                ElementsAreArray(words))
        << "words of " << name;
  }
}

TEST(Protocol, CommandTableIsTheCodes) {
  const auto takes = [](bool taken) { return taken ? "required" : "empty"; };
  std::vector<Cells> wanted;
  for (const auto& row : command_table())
    wanted.push_back({"`" + std::string(text_of(row.name)) + "`",
                      row.operator_only ? "operator" : "observer, operator, auditor",
                      std::string(text_of(row.confirmation)), row.kernel_action() ? "1" : "0",
                      takes(row.takes_node), takes(row.takes_reason),
                      row.takes_about ? "optional" : "empty",
                      row.takes_successor ? "optional" : "empty"});
  EXPECT_THAT(protocol().table_headed({"command", "authority", "confirmation", "class bit",
                                       "`node`", "`reason`", "`about`", "`successor`"}),
              ElementsAreArray(wanted));
}

TEST(Protocol, LimitsAreTheCodes) {
  const broker::BrokerOptions options;
  const auto& limits = options.limits;
  const std::vector<std::pair<std::string, std::size_t>> wanted{
      {"frames of a message", kFrames},
      {"octets of a header", kMaxHeader},
      {"octets of a body", kMaxBody},
      {"octets of a body from a client", broker::kMaxClientBody},
      {"nesting of a body, the outer map counts", kMaxDepth},
      {"octets of a text field, unless its table says otherwise", kMaxText},
      {"octets of a bin field, unless its table says otherwise", kMaxBytes},
      {"elements of a list field, unless its table says otherwise", kMaxElements},
      {"octets of a body inside another body (view, explanation)", kMaxNested},
      {"counter of a session", RequestId::kMaxCounter},
      {"sessions of one run of the broker", kMostSessions},
      {"open requests per connection", limits.open_of_connection},
      {"open requests per principal", limits.open_requests},
      {"open requests", limits.all_open_requests},
      {"open audit queries per principal", limits.open_audit_queries},
      {"open changes per connection", limits.pending_of_connection},
      {"open changes, and pending confirmations, per principal", limits.pending},
      {"sessions of all at one time", limits.all_connections},
      {"connections per principal", limits.connections},
      {"share of a principal", limits.share},
      {"reports kept while no audit writer lives", broker::Reports::kMaxUnrecorded},
      {"milliseconds of a stage", options.stage_timeout_ms},
      {"milliseconds of an audit query's stage", options.reader_timeout_ms},
      {"milliseconds of a token", options.token_ttl_ms},
      {"milliseconds of a lease", options.lease_ms},
      {"milliseconds between heartbeats", options.heartbeat_ms}};
  std::map<std::string, std::string> written;
  for (const auto& cells : protocol().table_headed({"what", "number", "when it is passed"}))
    written[cells.at(0)] = cells.at(1);
  const std::vector<std::pair<std::string, Rate>> rates{
      {"looks of a principal", limits.looks},
      {"changes of a principal", limits.changes},
      {"refusals of a principal recorded one by one", limits.refusals},
      {"STATUS_QUERY of a principal", limits.status},
      {"sessions of a principal", limits.sessions},
      {"refusals of a connection", limits.refused_of_connection}};
  for (const auto& [what, rate] : rates) {
    EXPECT_EQ(written[what + " at once"], std::to_string(rate.at_once)) << what;
    EXPECT_EQ(written[what + ", given back per second"], std::to_string(rate.per_second)) << what;
  }
  for (const auto& [what, number] : wanted)
    EXPECT_EQ(written[what], std::to_string(number)) << what;
}

TEST(LimitsDocument, EverySettingAndItsDefaultAreTheCodes) {
  const auto limits = Document::read(AEROMQ_SOURCE_DIR "/docs/limits.md");
  std::vector<std::string> written;
  for (const auto& cells : limits.table_headed({"setting", "default", "what it bounds"}))
    written.push_back(cells.at(0) + " " + cells.at(1));
  std::vector<std::string> wanted;
  const Limits plain;
  each_limit(plain, [&](const std::string& name, std::uint64_t value, auto...) {
    wanted.push_back("`" + name + "` " + std::to_string(value));
  });
  EXPECT_THAT(written, ElementsAreArray(wanted));
}

TEST(Protocol, WorkedBytesAreTheCodes) {
  const auto talk = hold_conversation();
  ASSERT_EQ(talk.fault, "");
  ASSERT_EQ(talk.messages.size(), 12U);
  for (const auto& message : talk.messages)
    for (std::size_t i = 0; i < message.frames.size(); ++i) {
      const auto marker = "Frame " + std::to_string(i + 1) + " of " + message.name + " ";
      EXPECT_EQ(protocol().block(protocol().after(marker)), hex_dump(message.frames[i])) << marker;
    }
  EXPECT_EQ(protocol().block(protocol().after("`request_promotion` of `n2`")), talk.request_text);
  EXPECT_EQ(protocol().block(protocol().after("The digest of the explanation octets")),
            talk.explanation_digest);
}

TEST(Protocol, ViewsAreTheDispatchers) {
  KernelAnswer answer;
  answer.snapshot.holder = "n1";
  answer.snapshot.nodes.resize(1);
  answer.snapshot.nodes[0].node = "n1";
  answer.snapshot.nodes[0].assigned = NodeRole::primary;
  std::map<std::string, Cells> written;
  for (const auto& cells :
       protocol().table_headed({"command", "facts", "tables and their columns"}))
    for (const auto& name : quoted_words(cells.at(0))) written[name] = cells;
  for (const auto name :
       {CommandName::inspect_cluster_state, CommandName::inspect_node,
        CommandName::inspect_replication_status, CommandName::inspect_promotion_state}) {
    const auto view = make_view(Command{name, "n1", "", {}, {}}, answer);
    ASSERT_TRUE(view.has_value()) << text_of(name);
    std::vector<std::string> facts;
    for (const auto& fact : view->facts) facts.push_back(fact.name);
    std::vector<std::string> tables;
    for (const auto& table : view->tables) {
      tables.push_back(table.name);
      for (const auto& column : table.columns) tables.push_back(column.name);
    }
    const auto& cells = written[std::string(text_of(name))];
    ASSERT_EQ(cells.size(), 3U) << text_of(name);
    EXPECT_THAT(quoted_words(cells[1]), ElementsAreArray(facts)) << text_of(name);
    EXPECT_THAT(quoted_words(cells[2]), ElementsAreArray(tables)) << text_of(name);
  }
}

// Page one names every message that a client sends or gets, and no other.
TEST(Protocol, TheOperationsAreTheRoutes) {
  std::string all;
  for (const auto& cells :
       protocol().table_headed({"operation", "what is sent", "by", "what comes back", "who may"})) {
    EXPECT_EQ(cells.size(), 5U);
    all += ' ' + cells.at(1) + ' ' + cells.at(3) + ' ';
  }
  all += "ERROR BROKER_ERROR ";  // a refusal is one of them
  for (const auto& route : route_table()) {
    const bool concerns = route.sender == ActorRole::client || route.receiver == ActorRole::client;
    // Of link messages these are the actors'.
    const bool internal = route.type == MessageType::ping || route.type == MessageType::pong ||
                          route.type == MessageType::goodbye;
    EXPECT_EQ(all.find(' ' + upper(route.name) + ' ') != std::string::npos, concerns && !internal)
        << route.name;
  }
}

TEST(Protocol, EveryMinorSaysWhatItBrought) {
  const auto rows = protocol().table_headed({"minor", "what it brought"});
  ASSERT_EQ(rows.size(), kMinor);
  std::string list = "minor         = ";
  for (unsigned minor = 1; minor <= kMinor; ++minor) {
    EXPECT_EQ(rows[minor - 1].at(0), std::to_string(minor));
    list += (minor > 1 ? " / %x0" : "%x0") + std::to_string(minor);
  }
  EXPECT_LT(protocol().after(list), protocol().lines().size()) << list;
  for (const auto& [name, fields] : vocabulary().structs)
    for (const auto& field : fields) {
      const auto at = field.type.find("since minor ");
      if (at == std::string::npos) continue;
      const auto minor = static_cast<std::size_t>(std::stoi(field.type.substr(at + 12)));
      ASSERT_LE(minor, rows.size());
      EXPECT_THAT(quoted_words(rows[minor - 1].at(1)), testing::Contains(field.name)) << name;
    }
}

TEST(Protocol, VersionIsTheCodes) {
  const auto version =
      "| version | major " + std::to_string(kMajor) + ", minor " + std::to_string(kMinor) + " |";
  EXPECT_LT(protocol().after(version), protocol().lines().size()) << version;
}

}  // namespace
}  // namespace aeromq::docs
