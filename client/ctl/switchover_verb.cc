// switchover OLD NEW: a planned switch as two requests that this client makes one after the other,
// each explained and confirmed by its own words. The control plane knows of two commands and chains
// nothing. From the end of the first on nobody can write: whatever stops the second, what is true
// then and what can be done are told.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "client/ctl/confirmation.h"
#include "client/ctl/link.h"
#include "client/ctl/render/escape.h"

namespace aeromq::ctl {
namespace {

using std::chrono::steady_clock;

constexpr auto kAnswerWait = std::chrono::seconds(10);
constexpr auto kLastWordWait = std::chrono::seconds(5);
constexpr int kLookEveryMs = 200;

/// One look, beside requests whose answers may still come.
Result<View> look(client::Client& client, CommandName command) {
  const auto request = client.next_request(command);
  if (!request) return fail(request.error());
  Submit wish;
  wish.command = text_of(command);
  if (auto sent = client.send_submit(*request, wish); !sent) return fail(sent.error());
  const auto until = steady_clock::now() + kAnswerWait;
  while (steady_clock::now() < until) {
    auto answered = client.next_answer(100);
    if (!answered || answered->request != *request) continue;
    if (!answered->answer) return fail(answered->answer.error());
    if (const auto* failure = std::get_if<client::Failure>(&*answered->answer))
      return fail(failure->error);
    if (auto* shown = std::get_if<client::ViewAnswer>(&*answered->answer))
      return std::move(shown->view);
    break;
  }
  return fail(make_error(ErrorCode::not_reached, "no answer came"));
}

/// Where write authority is, asked now.
struct Standing {
  bool known = false;
  std::string holder;  ///< empty: nobody
  std::uint64_t fencing_epoch = 0;
  std::string why;  ///< not known
};

Standing ask_standing(client::Client& client) {
  const auto view = look(client, CommandName::inspect_cluster_state);
  if (!view) return {false, {}, 0, view.error().code + ": " + view.error().message};
  const auto holder = std::ranges::find(view->facts, "holder", &ViewFact::name);
  if (holder == view->facts.end()) return {false, {}, 0, "the view does not say"};
  return {true, holder->value, view->fencing_epoch, {}};
}

Standing ask_standing(const Common& common, client::Client& client) {
  if (client.alive()) return ask_standing(client);
  auto fresh = open_client(common);
  if (!fresh) return {false, {}, 0, fresh.error().code + ": " + fresh.error().message};
  return ask_standing(*fresh);
}

/// False while the view shows that `old` is no replica that knows of the fencing epoch, or that
/// `next` lacks something.
bool is_handed_over(const View& view, const std::string& old, const std::string& next) {
  for (const auto& table : view.tables) {
    const auto cell = [&](const Row& row, const char* name) -> std::string {
      const auto at = std::ranges::find(table.columns, name, &Column::name);
      const auto index = static_cast<std::size_t>(at - table.columns.begin());
      return index < row.cells.size() ? row.cells[index] : std::string();
    };
    for (const auto& row : table.rows)
      if ((cell(row, "node") == old &&
           (cell(row, "reported") != "replica" || cell(row, "stale") != "false" ||
            cell(row, "fencing_epoch") != std::to_string(view.fencing_epoch))) ||
          (cell(row, "node") == next && cell(row, "holds_acknowledged") == "false"))
        return false;
  }
  return true;
}

/// A command that is open to the person, and what it is for.
struct Way {
  std::string command;
  std::string purpose;
};

class Switchover {
 public:
  Switchover(const Common& common, const Submit& demotion, const Submit& promotion, Asking asking)
      : common_(common), demotion_(demotion), promotion_(promotion), asking_(asking) {}

  int run(Inputs& inputs, client::Client& client) {
    const auto first = lead_to_its_end(common_, inputs, client, demotion_, asking_);
    if (first.outcome != Outcome::executed) {
      if (first.outcome == Outcome::unknown) tell(first, std::nullopt, client);
      return first.exit_code;
    }
    wait_for_last_word(inputs, client);
    const auto second = lead_to_its_end(common_, inputs, client, promotion_, asking_);
    if (second.outcome == Outcome::executed)
      tell_gap(*first.sent, second.at);
    else
      tell(first, second, client);
    return second.exit_code;
  }

 private:
  const std::string& old() const { return demotion_.node; }
  const std::string& next() const { return promotion_.node; }

  /// The demotion's answer may be faster than the old primary's own word, and an explanation that
  /// is drawn before it says so. Bounded, and only looks: what is so then is for the explanation.
  void wait_for_last_word(Inputs& inputs, client::Client& client) const {
    const auto until = steady_clock::now() + kLastWordWait;
    while (steady_clock::now() < until && !inputs.interrupted()) {
      const auto view = look(client, CommandName::inspect_promotion_state);
      if (!view || is_handed_over(*view, old(), next())) return;
      pollfd signals{inputs.fd(), POLLIN, 0};
      ::poll(&signals, 1, kLookEveryMs);
    }
  }

  void put(const std::string& text, const Json& value) const {
    if (asking_ == Asking::two_step)
      print_line(value);
    else
      show(common_.format, text, value);
  }

  void tell_gap(Instant from, Instant to) const {
    const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
    put(fmt::format("{} holds write authority. From the confirmation of the demotion to the answer "
                    "of the promotion nobody could write: {}.{:03} s, as this end saw it\n",
                    escape(next()), gap / 1000, gap % 1000),
        {{"switchover", "done"}, {"holder", next()}, {"nobody_could_write_ms", gap}});
  }

  std::string change(const char* verb, const std::string& node) const {
    return ctl_command(common_, {verb, node, "--reason", promotion_.reason});
  }

  std::vector<Way> ways(const RequestId& undecided, const Standing& standing) const {
    std::vector<Way> all;
    if (!undecided.empty())
      all.push_back({outcome_command(common_, undecided),
                     "what became of it: first of all, since it may still happen"});
    all.push_back(
        {ctl_command(common_, {"inspect", "promotion"}), "who could be promoted, and who not"});
    if (standing.known && standing.holder == old())
      all.push_back(
          {ctl_command(common_, {"switchover", old(), next(), "--reason", promotion_.reason}),
           "the switch, from its beginning"});
    if (standing.known && !standing.holder.empty()) return all;
    all.push_back({change("promote", next()), "write authority to " + next()});
    all.push_back({change("promote", old()), "write authority back to " + old()});
    return all;
  }

  /// What is true now, and the commands that are open.
  void tell(const Ended& first, const std::optional<Ended>& second, client::Client& client) const {
    const auto standing = ask_standing(common_, client);
    const auto& last = second ? *second : first;
    const auto undecided = last.outcome == Outcome::unknown ? last.request : RequestId{};
    auto text = second ? fmt::format("The demotion of {} is executed; the promotion of {} is {}.\n",
                                     escape(old()), escape(next()), word(last))
                       : fmt::format(
                             "The demotion of {} is {}; the promotion of {} was not asked "
                             "for.\n",
                             escape(old()), word(last), escape(next()));
    text += escape(words_of(standing)) + '\n';
    const auto open = ways(undecided, standing);
    text += "Open to you:\n";
    auto commands = Json::array();
    for (const auto& way : open) {
      text += "  " + escape(way.command) + "\n      " + escape(way.purpose) + '\n';
      commands.push_back({{"command", way.command}, {"purpose", way.purpose}});
    }
    put(text, {{"switchover", second ? "stopped between" : "stopped"},
               {"demotion", one(first)},
               {"promotion", second ? one(*second) : Json(nullptr)},
               {"holder", standing.known ? Json(standing.holder) : Json(nullptr)},
               {"fencing_epoch", standing.known ? Json(standing.fencing_epoch) : Json(nullptr)},
               {"true_now", words_of(standing)},
               {"commands", std::move(commands)}});
  }

  static const char* word(const Ended& ended) {
    return ended.outcome == Outcome::unknown ? "not known" : "not executed";
  }
  static Json one(const Ended& ended) {
    return {{"request", ended.request.empty() ? "" : ended.request.text()},
            {"outcome", std::string(text_of(ended.outcome))}};
  }
  static std::string words_of(const Standing& standing) {
    if (!standing.known) return "Who holds write authority now could not be asked: " + standing.why;
    const auto epoch = ", under fencing epoch " + std::to_string(standing.fencing_epoch);
    return standing.holder.empty()
               ? "No node holds write authority now" + epoch + ": nobody can write"
               : standing.holder + " holds write authority now" + epoch;
  }

  const Common& common_;
  const Submit& demotion_;
  const Submit& promotion_;
  Asking asking_;
};

}  // namespace

int run_switchover(const Common& common, const Submit& wish, Asking asking) {
  Submit demotion = wish;
  demotion.command = text_of(CommandName::request_demotion);
  Submit promotion;
  promotion.command = text_of(CommandName::request_promotion);
  promotion.node = wish.successor;
  promotion.reason = wish.reason;
  const std::array both{demotion, promotion};
  if (auto wrong = wrong_before(common, both, asking)) return show_error(common, *wrong);
  Inputs inputs;
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  return Switchover(common, demotion, promotion, asking).run(inputs, *client);
}

}  // namespace aeromq::ctl
