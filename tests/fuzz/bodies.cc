#include "tests/fuzz/bodies.h"

#include "tests/fuzz/expect.h"

namespace aeromq::fuzz {
namespace {

constexpr std::size_t kMaxRecord = 65'535;  // audit::kMaxPayload, seen from a core

void expect_nested(const Envelope& sent) {
  if (sent.type == MessageType::observed)
    expect(decode<View>(decode<Observed>(sent.body)->view).has_value(),
           "a view that is shown can be read");
  if (sent.type == MessageType::surveyed)
    expect(decode<KernelSnapshot>(decode<Surveyed>(sent.body)->snapshot).has_value(),
           "a snapshot that is explained can be read");
  if (sent.type == MessageType::explained)
    expect(decode<Explanation>(decode<Explained>(sent.body)->explanation).has_value(),
           "an explanation can be read");
  if (sent.type == MessageType::acted) {
    const auto acted = decode<Acted>(sent.body);
    expect(acted->view.empty() || decode<View>(acted->view).has_value(),
           "a view after diagnostics can be read");
  }
}

}  // namespace

bool round_trip_as(MessageType type, ByteView body) {
  bool accepted = false;
  visit_body(type,
             [&]<class B>(std::type_identity<B>) { accepted = round_trip<B>(body).has_value(); });
  return accepted;
}

void expect_step(ActorRole role, const Step& step) {
  expect(role == ActorRole::writer || step.records.empty(), "only the writer records");
  expect(role == ActorRole::dispatcher || step.calls.empty(), "only the dispatcher calls");
  for (const auto& record : step.records) {
    const auto row = encode_row(record);
    expect(row.size() <= kMaxRecord, "a record fits into a frame of the log");
    const auto read = decode_row<Record>(row);
    expect(read.has_value() && *read == record, "a record can be read from the log");
  }
  for (const auto& call : step.calls) {
    const auto read = decode<KernelCall>(encode(call));
    expect(read.has_value() && *read == call, "a kernel call can be read");
  }
  for (const auto& sent : step.send) {
    const auto* route = find_route(sent.type);
    expect(route != nullptr && route->sender == role, "an actor sends its own messages only");
    expect(sent.principal.empty(), "the principal is the broker's word alone");
    expect(sent.body.size() <= kMaxBody, "what is sent fits into a message");
    expect(round_trip_as(sent.type, sent.body), "what is sent can be read");
    if (role == ActorRole::dispatcher || role == ActorRole::explainer) expect_nested(sent);
  }
}

}  // namespace aeromq::fuzz
