#include "kernel/postgresql/service/alarms.h"

#include "messages/text.h"

namespace aeromq::postgresql {

using kernel::Statement;

std::vector<Alarm> Alarms::standing() const {
  // A register of the first version, which only a reader opens as it is, has none.
  if (!Statement(*database_, "SELECT 1 FROM sqlite_master WHERE name = 'alarm_ends'").step())
    return {};
  std::vector<Alarm> all;
  Statement query(*database_,
                  "SELECT number, code, text, request FROM alarms WHERE number NOT IN "
                  "(SELECT alarm FROM alarm_ends) ORDER BY number");
  while (query.step()) {
    Alarm alarm{query.number_at(0), {query.text_at(1), Severity::alarm, query.text_at(2)}, {}};
    if (auto request = RequestId::from(query.blob_at(3))) alarm.request = *request;
    all.push_back(std::move(alarm));
  }
  return all;
}

void Alarms::write(const Finding& what, const RequestId& request, std::uint64_t wall_ms) {
  Statement(*database_, "INSERT INTO alarms(code, text, request, wall_ms) VALUES(?,?,?,?)")
      .text(what.code)
      .text(what.text)
      .blob(request.octets())
      .number(wall_ms)
      .run();
}

bool Alarms::clear(std::uint64_t number, std::uint64_t uid, const std::string& reason,
                   std::uint64_t wall_ms) {
  bool stands = false;
  for (const auto& alarm : standing()) stands = stands || alarm.number == number;
  if (!stands) return false;
  Statement(*database_, "INSERT INTO alarm_ends VALUES(?,?,?,?)")
      .number(number)
      .number(uid)
      .text(reason)
      .number(wall_ms)
      .run();
  return true;
}

Finding finding_of(const Alarm& alarm) {
  return {alarm.what.code, Severity::alarm,
          cut("alarm " + std::to_string(alarm.number) + ": " + alarm.what.text + " (request " +
                  alarm.request.text() + ")",
              512)};
}

Check alarm_check(const std::vector<Alarm>& standing) {
  std::string text;
  for (const auto& alarm : standing)
    text += (text.empty() ? "alarm " : "; alarm ") + std::to_string(alarm.number) + " " +
            alarm.what.code + ": " + alarm.what.text;
  return {"ALARM_STANDS", "P6-S1",
          cut(text, 900) + "; `aeromq-kernel clear-alarm NUMBER --reason TEXT` ends it", false,
          false};
}

}  // namespace aeromq::postgresql
