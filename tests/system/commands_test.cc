// Each of the ten commands and every other verb in all three formats (A1-A10, A12-A14, C6).
#include "tests/system/system_test.h"

namespace aeromq::system_tests {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kFormats{"table", "json", "yaml"};

// "key: value", "key:", "- value", "- key: value", each at an even depth that grows by one step.
bool is_yaml(const std::string& text) {
  std::istringstream lines(text);
  std::size_t depth = 0;
  bool opened = true;
  for (std::string line; std::getline(lines, line);) {
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || indent % 2 != 0) return false;
    if (indent / 2 > depth && !opened) return false;
    auto rest = line.substr(indent);
    depth = indent / 2;
    if (rest.starts_with("- ")) {
      rest = rest.substr(2);
      ++depth;
    }
    const auto colon = rest.find(':');
    const bool item = depth != indent / 2;
    if (colon == std::string::npos && !item) return false;
    opened = item || rest.back() == ':';
    if (colon != std::string::npos && rest[0] != '"' && colon + 1 < rest.size() &&
        rest[colon + 1] != ' ')
      return false;
  }
  return !text.empty();
}

bool reads_as(const std::string& format, const std::string& text) {
  if (format == "json") return parsed(text).is_object();
  if (format == "yaml") return is_yaml(text);
  return !text.empty() && !parsed(text).is_object() && text.back() == '\n';
}

class Commands : public SystemTest {
 protected:
  struct Look {
    Words words;
    Words shown;  ///< in every format
  };
  static std::vector<Look> looks() {
    return {{{"inspect", "cluster"}, {"a", "b", "c", "running"}},
            {{"inspect", "node", "b"}, {"b"}},
            {{"inspect", "replication"}, {"a", "b", "c"}},
            {{"inspect", "promotion"}, {"a", "b", "c"}},
            {{"diag", "wal"}, {"a", "b", "c"}},
            {{"diag", "snapshots"}, {"a", "b", "c", "base-"}},
            {{"status"}, {"confirmation-keeper", "audit-writer", "dispatcher"}}};
  }

  /// One command that is confirmed, as a person at a terminal does it.
  static std::string by_hand(const std::string& format, const Words& words,
                             const std::vector<std::string>& answers) {
    auto screen = terminal(format, words);
    for (const auto& answer : answers) {
      EXPECT_TRUE(screen->wait_for("(expires ", kSoonMs)) << screen->shown();
      EXPECT_TRUE(screen->wait_for("): ", kSoonMs));
      screen->type(answer + "\r");
    }
    EXPECT_EQ(screen->wait(kSoonMs), 0) << screen->shown();
    return screen->shown();
  }
};

TEST_F(Commands, EveryLookInEveryFormat) {
  for (const auto& look : looks())
    for (const auto& format : kFormats)
      for (const std::string who : {"operator", "observer", "auditor"}) {
        const auto ended = ctl_in(format, who, look.words);
        const auto where = look.words.back() + " " + format + " " + who + "\n" + ended.out;
        EXPECT_EQ(ended.exit_code, 0) << where << ended.err;
        EXPECT_TRUE(reads_as(format, ended.out)) << where;
        for (const auto& text : look.shown) EXPECT_THAT(ended.out, HasSubstr(text)) << where;
      }
}

TEST_F(Commands, TableShowsEachNodeOnALineOfItsOwn) {
  const auto table = ctl_in("table", "observer", {"inspect", "cluster"}).out;
  for (const std::string name : {"a", "b", "c"}) EXPECT_THAT(table, HasSubstr("\n| " + name + " "));
  EXPECT_THAT(table, HasSubstr("fencing epoch"));
  const auto one = ctl_in("table", "observer", {"inspect", "node", "b"}).out;
  EXPECT_EQ(one.find("| c "), std::string::npos) << one;
}

TEST_F(Commands, OneSnapshotPerView) {
  for (const auto& look : looks()) {
    if (look.words[0] == "status") continue;
    auto view = parsed(ctl("observer", look.words).out);
    ASSERT_TRUE(view.is_object());
    EXPECT_GT(view["snapshot"].get<std::uint64_t>(), 0U);
    EXPECT_GT(view["record"].get<std::uint64_t>(), 0U);
    std::size_t numbers = 0;
    const std::function<void(const json&)> walk = [&](const json& value) {
      if (value.is_object() && value.contains("snapshot") && value["snapshot"].is_number())
        ++numbers;
      if (value.is_structured())
        for (const auto& member : value) walk(member);
    };
    walk(view);
    EXPECT_EQ(numbers, 1U) << view.dump(2);
  }
}

TEST_F(Commands, ExplainsAndLeavesNothingPending) {
  for (const std::string verb : {"promote", "demote", "force-promote"})
    for (const auto& format : kFormats) {
      const auto ended = ctl_in(format, "operator", {"explain", verb, "b"});
      EXPECT_EQ(ended.exit_code, 0) << verb << format << ended.err;
      if (format != "table") {
        EXPECT_TRUE(reads_as(format, ended.out)) << ended.out;
      }
      for (const char* text : {"b of cluster aeromq", "P6-A1", "NODE_UNKNOWN"})
        EXPECT_THAT(ended.out, HasSubstr(text)) << verb << format;
    }
  EXPECT_TRUE(poll_until(kSoonMs, [] {
    const auto status = stack().inspect({"status"});
    return status && (*status)["pending_confirmations"] == 0;
  }));
}

TEST_F(Commands, DiagnosticsByHandInEveryFormat) {
  for (const auto& format : kFormats) {
    const auto shown = by_hand(format, {"diag", "diagnostics"}, {"run diagnostics on aeromq"});
    EXPECT_THAT(shown, HasSubstr("Cost: "));
    EXPECT_THAT(shown, ::testing::ContainsRegex("[Rr]egister.integrity")) << format;
  }
  auto asked = ask("operator", {"diag", "diagnostics"});
  EXPECT_NE(asked.pending["explanation"]["cost"], "");
  auto result = last_object(asked.yes().out);
  EXPECT_EQ(result["facts"]["register_integrity"], "ok") << result.dump(2);
}

TEST_F(Commands, ChangesByHandInEveryFormat) {
  for (const auto& format : kFormats) {
    const auto old = holder();
    ASSERT_NE(old, "");
    const auto before = stack().ledger();
    by_hand(format, {"demote", old, "--reason", "maintenance"}, {"demote " + old + " on aeromq"});
    const auto next = promotable();
    const auto shown = by_hand(format, {"promote", next, "--reason", "maintenance"},
                               {"promote " + next + " on aeromq"});
    EXPECT_THAT(shown, HasSubstr("request ")) << "the id stands before anything is sent";
    EXPECT_THAT(shown, HasSubstr("write_authority"));
    EXPECT_EQ(holder(), next);
    demote_holder();
    const auto forced = promotable();
    by_hand(format, {"force-promote", forced, "--reason", "drill"},
            {"force-promote " + forced + " on aeromq", "OLD_PRIMARY_NOT_PROVEN_DOWN",
             "I take responsibility: force-promote " + forced + " on aeromq"});
    EXPECT_EQ(holder(), forced);
    const auto after = stack().ledger();
    EXPECT_EQ(after.executed.size(), before.executed.size() + 4);
    EXPECT_EQ(after.fencing_epoch, before.fencing_epoch + 4);
  }
}

TEST_F(Commands, ChangesByProgram) {
  auto demotion = ask("operator", legal());
  ASSERT_EQ(demotion.pending["confirmation"], "standard");
  auto told = last_object(demotion.yes().out);
  EXPECT_EQ(told["outcome"], "executed");
  EXPECT_EQ(told["request"], demotion.request);
  EXPECT_TRUE(executed(demotion.request));
  EXPECT_THAT(stages(demotion.request),
              ::testing::ElementsAre("requested", "confirmation_asked", "confirmed", "dispatched",
                                     "executed"));
  auto promotion = ask("operator", legal());
  EXPECT_EQ(promotion.yes().exit_code, 0);
  for (const auto& format : kFormats) {
    const auto outcome = ctl_in(format, "observer", {"outcome", promotion.request});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("executed"));
    if (format != "table") {
      EXPECT_TRUE(reads_as(format, outcome.out)) << outcome.out;
    }
  }
}

TEST_F(Commands, AuditOnlineAndOffline) {
  auto asked = ask("operator", {"diag", "diagnostics"});
  ASSERT_EQ(asked.yes().exit_code, 0);
  const auto log = (stack().dir() / "audit").string();
  for (const bool online : {true, false})
    for (const auto& format : kFormats)
      for (Words words : {Words{"tail", "-n", "5"}, Words{"query", "--request", asked.request},
                          Words{"timeline", asked.request}, Words{"verify"}, Words{"export"}}) {
        const bool exported = words[0] == "export";
        const auto verb = words[0] + " " + format + (online ? " online" : " offline");
        words.insert(words.begin(), "audit");
        if (!online) words.insert(words.end(), {"--log", log});
        const auto ended = ctl_in(format, "auditor", words);
        EXPECT_EQ(ended.exit_code, 0) << verb << ended.out << ended.err;
        if (words[1] == "verify") {
          EXPECT_THAT(ended.out, HasSubstr("sound: ")) << verb;
        }
        if (!exported && format != "table") {
          EXPECT_TRUE(reads_as(format, ended.out)) << verb << "\n" << ended.out;
        }
        if (words[1] != "verify" && words[1] != "tail") {
          EXPECT_THAT(ended.out, HasSubstr(asked.request)) << verb;
        }
        if (words[1] == "verify") continue;
        if (words[1] == "timeline") {
          EXPECT_THAT(ended.out, HasSubstr("confirmed")) << verb;
        }
        EXPECT_EQ(ended.out.find(asked.pending["token"].get<std::string>()), std::string::npos)
            << "G4: a token is never shown";
      }
}

TEST_F(Commands, ExportToAFileOnlyOnce) {
  const auto file = stack().dir() / "exported.jsonl";
  const Words words{"audit", "export", "-f", file};
  EXPECT_EQ(ctl("auditor", words).exit_code, 0);
  EXPECT_GT(std::filesystem::file_size(file), 0U);
  const auto again = ctl("auditor", words);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(parsed(again.err)["field"], "file");
}

TEST_F(Commands, VersionAndHelp) {
  const auto version = ctl("operator", {"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, HasSubstr("aeromq-ctl 0."));
  const auto help = ctl("operator", {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* verb : {"inspect", "diag", "promote", "demote", "force-promote", "outcome",
                           "explain", "audit", "status"})
    EXPECT_THAT(help.out, HasSubstr(verb));
  for (const auto& entry : std::filesystem::directory_iterator(stack().bin())) {
    const auto name = entry.path().filename().string();
    if (name != "aeromq" && name != "aeromq-kernel" && name != "aeromq-broker") continue;
    const auto told = chaos::run({entry.path(), "--version"}, kSoonMs);
    EXPECT_EQ(told.exit_code, 0) << name;
    EXPECT_THAT(told.out, HasSubstr("0.")) << name;
  }
}

// A13: with all nodes silent nothing but a command could change the register.
class ReadOnly : public SystemTest {
 protected:
  void TearDown() override {
    for (const char* name : {"a", "b", "c"}) fault(name, "");
  }
};

TEST_F(ReadOnly, LookingLeavesTheRegisterAsItWas) {
  for (const char* name : {"a", "b", "c"}) fault(name, "stop");
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(wait_stale(name));
  const auto file = stack().register_file();
  const auto before = chaos::dump_register(file);
  ASSERT_THAT(before, HasSubstr("fencing_epoch"));
  for (const std::string who : {"operator", "observer", "auditor"})
    for (const Words& words :
         {Words{"inspect", "cluster"}, Words{"inspect", "node", "a"},
          Words{"inspect", "replication"}, Words{"inspect", "promotion"}, Words{"diag", "wal"},
          Words{"diag", "snapshots"}, Words{"status"}, Words{"inspect", "node", "nowhere"}})
      ctl(who, words);
  for (const std::string verb : {"promote", "demote", "force-promote"})
    EXPECT_EQ(ctl("operator", {"explain", verb, "b"}).exit_code, 0);
  auto asked = ask("operator", {"diag", "diagnostics"});
  EXPECT_EQ(asked.yes().exit_code, 0);
  ctl("operator", {"outcome", asked.request});
  for (const Words& words :
       {Words{"audit", "tail"}, Words{"audit", "verify"}, Words{"audit", "export"}})
    EXPECT_EQ(ctl("auditor", words).exit_code, 0);
  EXPECT_EQ(stack().kernel({"show"}).exit_code, 0);
  EXPECT_EQ(chaos::dump_register(file), before);
}

}  // namespace
}  // namespace aeromq::system_tests
