// synchronous_standby_names as PostgreSQL's own grammar reads it.
#include <gtest/gtest.h>

#include "kernel/postgresql/sight/synchronous.h"

namespace aeromq::postgresql {
namespace {

using Method = SynchronousNames::Method;
using Names = std::vector<std::string>;

SynchronousNames read(std::string_view text) {
  const auto rule = parse_synchronous(text);
  EXPECT_TRUE(rule) << text << ": " << rule.error().message;
  return rule.value_or(SynchronousNames{});
}

TEST(PostgresqlSightSynchronous, ReadsEveryForm) {
  EXPECT_EQ(read(""), SynchronousNames{});
  EXPECT_EQ(read("  "), SynchronousNames{});
  EXPECT_EQ(read("a"), (SynchronousNames{Method::first, 1, {"a"}, false}));
  EXPECT_EQ(read("a, b"), (SynchronousNames{Method::first, 1, {"a", "b"}, false}));
  EXPECT_EQ(read("2 (a,b,c)"), (SynchronousNames{Method::first, 2, {"a", "b", "c"}, false}));
  EXPECT_EQ(read("FIRST 2 (a,b)"), (SynchronousNames{Method::first, 2, {"a", "b"}, false}));
  EXPECT_EQ(read("any 1 ( a , b )"), (SynchronousNames{Method::any, 1, {"a", "b"}, false}));
  EXPECT_EQ(read("*"), (SynchronousNames{Method::first, 1, {}, true}));
  EXPECT_EQ(read("ANY 2 (*)"), (SynchronousNames{Method::any, 2, {}, true}));
  EXPECT_EQ(read("\"a b\",\"x\"\"y\""),
            (SynchronousNames{Method::first, 1, {"a b", "x\"y"}, false}));
  EXPECT_EQ(read("\"any\",n1"), (SynchronousNames{Method::first, 1, {"any", "n1"}, false}));
  EXPECT_EQ(read("1 (10,n_1$)"), (SynchronousNames{Method::first, 1, {"10", "n_1$"}, false}));
}

TEST(PostgresqlSightSynchronous, RefusesWhatPostgresqlRefuses) {
  for (const auto* text :
       {"a b", "(a)", "0 (a)", "ANY (a)", "ANY 1 a", "any, b", "1 (a", "1 ()", "a,", ",a", "\"a",
        "1 (a) b", "a;b", "99999999999999999999 (a)", "FIRST"})
    EXPECT_FALSE(parse_synchronous(text)) << text;
}

TEST(PostgresqlSightSynchronous, NamesAreComparedWithoutRegardToCase) {
  EXPECT_TRUE(same_name("N1", "n1"));
  EXPECT_FALSE(same_name("n1", "n11"));
  const auto rule = read("ANY 1 (N1,n2,n3)");
  EXPECT_EQ(unseen_members(rule, "n1", {"N2"}), Names{"n3"});
}

TEST(PostgresqlSightSynchronous, ThePrimaryIsNoStandbyOfItsOwn) {
  const auto rule = read("ANY 1 (n1,n2,n3)");
  EXPECT_EQ(unseen_members(rule, "n1", {"n2", "n3"}), Names{});
  EXPECT_EQ(unseen_members(rule, "n2", {"n2", "n3"}), Names{"n1"});
  // Not known who it was: everybody listed counts.
  EXPECT_EQ(unseen_members(rule, "", {"n2"}), (Names{"n1", "n3"}));
  EXPECT_EQ(unseen_members(read("2 (a,a,b)"), "", {}), (Names{"a", "b"}));
}

}  // namespace
}  // namespace aeromq::postgresql
