#include "tests/system/asking.h"

namespace aeromq::system_tests {

using nlohmann::json;

constexpr int kAnswerMs = 40000;

chaos::Ended Asked::answer(const std::string& line) {
  child->write(line);
  return child->wait(kAnswerMs);
}

json Asked::reply() const {
  json reply{{"confirm", pending["token"]},
             {"sentence", pending["sentence"]},
             {"acknowledge", json::array()},
             {"accept_responsibility", ""}};
  if (pending["confirmation"] != "enhanced") return reply;
  for (const auto& risk : pending["risks"]) reply["acknowledge"].push_back(risk["id"]);
  reply["accept_responsibility"] = pending["responsibility_sentence"];
  return reply;
}

std::string Asked::yes_line() const { return reply().dump() + "\n"; }

}  // namespace aeromq::system_tests
