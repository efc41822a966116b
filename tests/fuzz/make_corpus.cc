// Writes the seeds of every family from real encoders: make_corpus FOLDER. The committed corpus is
// these seeds and what fuzzing found beyond them, minimised (scripts/fuzz --minimise).
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "actors/explainer/explainer.h"
#include "audit/format.h"
#include "audit/watermark.h"
#include "kernel/protocol.h"
#include "messages/audit_page.h"
#include "messages/digest.h"
#include "messages/snapshot.h"
#include "process/entry.h"
#include "tests/actors/model_kernel.h"
#include "tests/fuzz/bodies.h"
#include "transport/frames.h"

namespace aeromq {
namespace {

namespace fs = std::filesystem;

/// One family's folder; files are numbered.
class Family {
 public:
  Family(const fs::path& root, const char* name) : folder_(root / name) {
    fs::create_directories(folder_);
  }
  void add(std::initializer_list<std::uint8_t> choices, ByteView body = {}) {
    Bytes octets(choices);
    octets.insert(octets.end(), body.begin(), body.end());
    std::ofstream out(folder_ / ("seed-" + std::to_string(++count_)), std::ios::binary);
    out.write(reinterpret_cast<const char*>(octets.data()),
              static_cast<std::streamsize>(octets.size()));
  }

 private:
  fs::path folder_;
  int count_ = 0;
};

void append_block(Bytes& out, ByteView block) {
  out.push_back(static_cast<std::uint8_t>(block.size()));
  out.push_back(static_cast<std::uint8_t>(block.size() >> 8));
  out.insert(out.end(), block.begin(), block.end());
}

Bytes block(ByteView octets) {
  Bytes made;
  append_block(made, octets);
  return made;
}

RequestId request() {
  RequestId made;
  made.session.history.octets = {1, 2, 3, 4};
  made.session.dispatcher = 1;
  made.session.epoch = 1;
  made.session.lease_end_s = 1000;
  made.counter = 1;
  made.kernel_action = true;
  return made;
}

Submit submit_of(const CommandRow& row) {
  Submit made;
  made.command = text_of(row.name);
  if (row.takes_node) made.node = "n2";
  if (row.takes_reason) made.reason = "the primary's rack lost power";
  if (row.takes_about) made.about = request().text();
  return made;
}

/// Names "é" and "✓": text whose octets are not its letters.
const std::string kLetters = "\xC3\xA9\xE2\x9C\x93";

Error error() { return kernel_rejection("NODE_BEHIND", "n2 is behind " + kLetters, {"P6-S1"}); }

View view() {
  View made;
  made.command = "inspect_cluster_state";
  made.cluster = "orders";
  made.snapshot = 12;
  made.facts = {{"holder", "n1", ColumnKind::text}, {"timeline", "5", ColumnKind::number}};
  made.tables = {{"nodes",
                  {{"node", ColumnKind::text}, {"stale", ColumnKind::flag}},
                  {{{"n1", "false"}}, {{"n2", "true"}}}}};
  made.findings = {{"NODE_SILENT", Severity::warning, "n3 is silent " + kLetters}};
  return made;
}

OutcomeAnswer outcome() {
  OutcomeAnswer made;
  made.request = request();
  made.verdict = Verdict::executed;
  made.final_ = true;
  made.why = "the ledger has its row";
  made.action = "promote";
  made.node = "n2";
  made.effects = {{"holder", "n1", "n2"}};
  return made;
}

ActAnswer act_answer(ActStatus status) {
  ActAnswer made;
  made.status = status;
  made.code = status == ActStatus::executed ? "" : "NODE_BEHIND";
  made.text = "in the kernel's own words " + kLetters;
  made.invariants = {"P6-S1"};
  made.effects = {{"holder", "n1", "n2"}, {"fencing_epoch", "3", "4"}};
  made.snapshot = 13;
  return made;
}

Record record(Stage stage) {
  Record made;
  made.seq = 3;
  made.stage = stage;
  made.wall_ns = 1'700'000'000'000'000'000;
  made.request = request().text();
  made.principal = "alice";
  made.authority = Authority::operator_;
  made.command = "force_promotion";
  made.node = "n2";
  made.reason = "because " + kLetters;
  made.command_digest = to_hex(sha256({}).view());
  made.acknowledged = {"OLD_PRIMARY_NOT_PROVEN_DOWN"};
  made.responsibility = "I take responsibility";
  made.snapshot_summary = "holder n1";
  made.effects = {{"holder", "n1", "n2"}};
  made.outcome = RecordOutcome::executed;
  made.error_invariants = {"P7-F1"};
  made.cause = 2;
  return made;
}

KernelAnswer survey() {
  ModelKernel kernel;
  KernelCall call;
  call.kind = CallKind::survey;
  call.command = "force_promotion";
  call.node = "n2";
  return kernel.answer(call);
}

Explanation explanation(CommandName name) {
  const Command command{name, command_row(name).takes_node ? "n2" : "", "because", {}, {}};
  return explain(command, survey().snapshot, "");
}

AuditPage page() {
  AuditPage made;
  made.records = {{record(Stage::executed), sha256({}), {}}, {record(Stage::refused), {}, {1, 2}}};
  made.durable = 9;
  made.next_seq = 4;
  made.gaps = {"MISSING confirmed"};
  made.findings = {"torn tail"};
  made.summary = "9 records";
  return made;
}

/// One honest body of every message type, by number.
Bytes body_of(MessageType type) {
  const auto force = command_row(CommandName::force_promotion);
  const auto command = encode(submit_of(force));
  const auto explained = encode(explanation(CommandName::force_promotion));
  Token token;
  token.octets.fill(1);
  const auto op = Authority::operator_;
  switch (type) {
    case MessageType::submit:
      return command;
    case MessageType::confirm:
      return encode(Confirm{token,
                            sha256(explained),
                            {"OLD_PRIMARY_NOT_PROVEN_DOWN"},
                            "I do",
                            "force-promote n2 on orders"});
    case MessageType::abandon:
      return encode(Abandon{token});
    case MessageType::audit_query: {
      AuditQuery query;
      query.kind = AuditQueryKind::timeline;
      query.request = request().text();
      return encode(query);
    }
    case MessageType::observe:
      return encode(
          Observe{op, encode(submit_of(command_row(CommandName::inspect_cluster_state)))});
    case MessageType::survey:
      return encode(Survey{op, command});
    case MessageType::authorised_confirm:
      return encode(AuthorisedConfirm{op, body_of(MessageType::confirm)});
    case MessageType::audit_read:
      return encode(AuditRead{Authority::auditor, body_of(MessageType::audit_query)});
    case MessageType::refused_by_gate:
    case MessageType::refused_by_dispatcher:
    case MessageType::refused_by_explainer:
    case MessageType::refused_by_keeper:
    case MessageType::refused_by_reader:
      return encode(Refused{error(), op, command, {}, {}});
    case MessageType::observed:
      return encode(Observed{op, command, 12, 3, "holder n1", encode(view())});
    case MessageType::surveyed:
      return encode(Surveyed{op, command, encode(survey().snapshot), ""});
    case MessageType::acted:
      return encode(Acted{op, command, 7, false, act_answer(ActStatus::executed), {}});
    case MessageType::explained:
      return encode(Explained{op, command, explained, "holder n1"});
    case MessageType::asked:
      return encode(
          Asked{op, command, explained, "holder n1", token, 120'000, "force-promote n2", "I do"});
    case MessageType::confirmed:
      return encode(Confirmed{op,
                              command,
                              ConfirmationKind::enhanced,
                              sha256(token.view()),
                              sha256(explained),
                              12,
                              3,
                              {"OLD_PRIMARY_NOT_PROVEN_DOWN"},
                              "I do"});
    case MessageType::ended:
      return encode(Ended{EndReason::client_gone, op, command, sha256({}), sha256({})});
    case MessageType::audit_answer:
      return encode(
          AuditAnswer{Authority::auditor, body_of(MessageType::audit_query), encode(page())});
    case MessageType::confirmation_asked:
      return encode(ConfirmationAsked{token, ConfirmationKind::enhanced, 120'000, explained, 5,
                                      "force-promote n2", "I do"});
    case MessageType::dispatch:
      return encode(Dispatch{op, command, sha256(explained), 3, {}, 7});
    case MessageType::result:
      return encode(RequestResult{"force_promotion", 8, true, act_answer(ActStatus::executed), {}});
    case MessageType::error:
    case MessageType::broker_error:
      return encode(ErrorAnswer{error(), 9});
    case MessageType::audit_result:
      return encode(AuditResult{9, encode(page())});
    case MessageType::report:
      return encode(Report{4, error(), "stage lost", "dispatcher 1a2b", "dispatch", false, command,
                           body_of(MessageType::acted)});
    case MessageType::status: {
      Status status;
      status.parts = {{ActorRole::gate, true, "gate", {}, 7, 8, 9}};
      return encode(status);
    }
    default: {
      Bytes made;
      fuzz::visit_body(type, [&]<class B>(std::type_identity<B>) { made = encode(B{}); });
      return made;
    }
  }
}

void envelope_seeds(Family family) {
  for (const auto& route : route_table()) {
    Header header{route.type, {}, 7, is_link(route.type) ? RequestId{} : request(), "alice"};
    if (static_cast<int>(route.type) % 8 != 2) continue;
    Bytes frames;
    for (const auto& frame : transport::to_frames(header, body_of(MessageType::submit)))
      append_block(frames, frame);
    family.add({0, 3}, frames);
    family.add({1}, encode_header(header));
  }
  family.add({2}, request().octets());
  family.add({3}, as_bytes(request().text()));
}

void client_seeds(Family family) {
  for (const auto& row : command_table()) {
    const auto body = encode(submit_of(row));
    for (std::uint8_t principal = 0; principal < 3; ++principal)
      family.add({0, principal, static_cast<std::uint8_t>(row.kernel_action())}, body);
  }
  family.add({1, 0, 1}, body_of(MessageType::confirm));
  family.add({2, 2, 0}, body_of(MessageType::audit_query));
  family.add({3, 0, 1}, body_of(MessageType::abandon));
  family.add({4, 0, 0}, body_of(MessageType::hello));
  family.add({5, 0, 0}, body_of(MessageType::renew));
}

void answer_seeds(Family family) {
  const std::array kTypes{MessageType::result, MessageType::confirmation_asked, MessageType::error,
                          MessageType::broker_error, MessageType::audit_result};
  for (std::uint8_t i = 0; i < kTypes.size(); ++i)
    for (const auto progress : std::initializer_list<std::uint8_t>{0, 2})
      family.add({2, i, progress, 9}, body_of(kTypes[i]));
  const auto shown = encode(view());
  family.add({3, 0, 0, 0, 0}, shown);
  family.add({3, 1, 0, 9}, encode(explanation(CommandName::force_promotion)));
  family.add({3, 1, 0, 7}, encode(explanation(CommandName::request_promotion)));
  family.add({3, 1, 0, 4}, encode(explanation(CommandName::run_diagnostics)));
  family.add({3, 4, 0, 0}, encode(page()));
  family.add({1, 0}, shown);
  family.add({1, 1}, encode(explanation(CommandName::force_promotion)));
  family.add({1, 2}, encode(page()));
  family.add({1, 3}, encode(outcome()));
  for (std::size_t i = 0; i < EnumNames<Stage>::value.size(); ++i)
    family.add({1, 4}, encode(record(static_cast<Stage>(i))));
  family.add({1, 5}, body_of(MessageType::result));
  family.add({1, 6}, body_of(MessageType::status));
  const std::array kLink{MessageType::welcome, MessageType::hello_refused, MessageType::renewed,
                         MessageType::status,  MessageType::goodbye,       MessageType::probe};
  for (std::uint8_t i = 0; i < kLink.size(); ++i) family.add({0, i}, body_of(kLink[i]));
}

void actor_seeds(Family family) {
  // In the order of the accepts() lists: gate, explainer, keeper, writer, dispatcher, reader.
  const std::array kTypes{MessageType::submit,
                          MessageType::confirm,
                          MessageType::audit_query,
                          MessageType::surveyed,
                          MessageType::explained,
                          MessageType::authorised_confirm,
                          MessageType::abandon,
                          MessageType::void_confirmation,
                          MessageType::observed,
                          MessageType::asked,
                          MessageType::confirmed,
                          MessageType::acted,
                          MessageType::ended,
                          MessageType::refused_by_gate,
                          MessageType::audit_answer,
                          MessageType::refused_by_dispatcher,
                          MessageType::report,
                          MessageType::refused_by_explainer,
                          MessageType::refused_by_keeper,
                          MessageType::refused_by_reader,
                          MessageType::observe,
                          MessageType::survey,
                          MessageType::dispatch,
                          MessageType::audit_read};
  for (std::uint8_t i = 0; i < kTypes.size(); ++i) {
    const auto about_report = kTypes[i] == MessageType::report;
    const auto body = block(body_of(kTypes[i]));
    if (about_report)
      family.add({0, i, 0, 0, 0}, body);
    else
      family.add({0, i, 0, 0}, body);
  }
  for (std::uint8_t command = 0; command < command_table().size(); ++command) {
    const auto& row = command_table()[command];
    Bytes acts{2, command, 0};
    if (row.takes_node) acts.push_back(2);
    if (row.takes_about) acts.push_back(0);
    acts.insert(acts.end(), {0, 0});        // as it is, by alice
    acts.insert(acts.end(), {3, 0});        // the kernel's own answer
    acts.insert(acts.end(), {4, 0, 0, 0});  // the honest yes
    acts.insert(acts.end(), {3, 0});        // the answer to the act
    family.add({}, acts);
    acts[acts.size() - 6] = 5;  // the honest no
    family.add({}, acts);
  }
}

void broker_seeds(Family family) {
  // Twelve honest stages of one mutation, then of an inspection, an audit query, an abandon.
  Bytes acts;
  for (int i = 0; i < 12; ++i) {
    acts.insert(acts.end(), {2, 0, 0x80, 0});
    append_block(acts, as_bytes("body"));
  }
  family.add({}, acts);
  for (std::uint8_t pick = 0; pick < 8; ++pick) {
    auto other = acts;
    for (std::size_t at = 3; at < other.size(); at += 10) other[at] = pick;
    for (const auto event : std::initializer_list<std::uint8_t>{8, 9, 10, 11, 0, 1}) {
      auto cut = other;
      cut.resize(static_cast<std::size_t>(10 * (pick + 1)));
      cut.insert(cut.end(), {event, pick, 1, 8, 4, 9, 200, 0, 10, 11, 2});
      family.add({}, cut);
    }
  }
}

void kernel_seeds(Family family) {
  using namespace kernel;
  ModelKernel model;
  for (std::size_t kind = 0; kind < EnumNames<CallKind>::value.size(); ++kind) {
    KernelCall call;
    call.kind = static_cast<CallKind>(kind);
    call.command = "force_promotion";
    call.node = "n2";
    call.about = request();
    call.act = {request(), Action::force_promote, "n2", 3, {"X"}, sha256({}), "alice", "because",
                {}};
    family.add({1, 3}, encode(call));
    family.add({0, 0, 1, 2}, block(encode(call)));
    auto answer = model.answer(call);
    answer.outcome = {outcome()};
    answer.tables = view().tables;
    family.add({1, 4}, encode(answer));
  }
  family.add({1, 1}, encode(OpenDispatcher{1}));
  family.add({1, 2}, encode(Opened{}));
  family.add({1, 5}, encode(Fence{1, "drill"}));
  family.add({1, 6}, encode(Fenced{1, 2}));
  family.add({1, 7}, encode(error()));
  NodeReport report;
  report.role = NodeRole::replica;
  report.state = "streaming";
  report.fencing_epoch = report.timeline = 1;
  report.position = 0x4000;
  family.add({1, 0}, encode(report));
  family.add({1, 0}, encode(Assignment{"n1", NodeRole::primary, 1, 1, 2, {error()}}));
  // Reports, a demotion, time, a promotion: by the rules alone, then with the file.
  for (std::uint8_t action = 0; action < 3; ++action) {
    family.add({4, 0, 0,      0, 1, 0, 0, 9, 1,    0,    0, 0, 0, 0, 9, 0, 1,
                0, 0, action, 0, 0, 1, 2, 2, 0x40, 0x1F, 1, 0, 0, 0, 1, 0});
    family.add({0, 0, 1, 4, 0, 0, 1, 0, 0,      9, 3, 0, 1, 0, 0, 5, 0, 0x1F, 4,
                1, 0, 0, 0, 0, 9, 3, 1, action, 1, 0, 2, 0, 0, 1, 0, 0, 0,    1});
  }
  family.add({0, 0, 1, 1}, block(encode(Fence{1, "drill"})));
}

void audit_seeds(Family family) {
  using namespace audit;
  SegmentHeader header;
  header.number = header.first_seq = 1;
  header.root = header.tree.root();
  header.file_bytes = 65'536;
  header.origin = "seed";
  family.add({0, 0}, audit::encode_header(header));
  family.add({0, 1}, encode_commit({}));
  family.add({0, 2}, encode_start({}));
  family.add({0, 3}, encode_recovery({}));
  family.add({0, 4}, encode_seal({}));
  family.add({0, 5}, encode_stop({}));
  family.add({0, 6}, encode_watermark({}));
  family.add({0, 7}, as_bytes(segment_name(12, 345)));
  family.add({0, 8}, as_bytes(TreeHead{12, sha256({})}.text()));
  for (std::size_t i = 0; i < EnumNames<Stage>::value.size(); ++i)
    family.add({0, 9}, encode_row(record(static_cast<Stage>(i))));
  Bytes frame;
  append_frame(frame, FrameType::record, 0, 1, encode_row(record(Stage::executed)));
  family.add({0, 10}, frame);
  family.add({2, 1, 1}, frame);
  // START, records, COMMIT, a tail; with a control frame; with a COMMIT that was changed.
  family.add({3, 1, 1, 0, 1, 0, 1, 0, 1, 3, 1, 0, 1, 3, 7, 0});
  family.add({3, 1, 0, 0, 1, 0, 1, 0, 1, 3, 1, 0, 1, 1, 1, 0});
  family.add({3, 1, 0, 1, 1, 0, 1, 0, 3, 1, 0, 1, 0, 3, 6, 0, 3, 0x10, 0x10});
  family.add({3, 1, 1, 0, 1, 5, 1, 1, 4, 1, 20, 0, 9, 1, 2, 0});
  family.add({3, 0, 1, 2, 1, 0, 0, 5, 5, 1, 4, 0, 1, 2, 3, 4, 3, 1, 0, 0});
  for (std::uint8_t kind = 0; kind < 5; ++kind) {
    family.add({5, 0, kind, 1, 1, 4, 1, 1, 3, 0, 0, 0});
    family.add({5, 0, kind, 0, 0, 1, 1, 2, 0});
  }
  family.add({5, 1}, body_of(MessageType::audit_query));
}

void settings_seeds(Family family) {
  const std::string key = "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"";
  const std::string pair = "public_key = " + key + "\nsecret_key = " + key + "\n";
  const std::string curve = "server_key = " + key + "\n" + pair;
  family.add({0}, as_bytes("run = \"run\"\n[cluster]\nname = \"orders\"\nnodes = [\"n1\", \"n2\"]\n"
                           "[broker]\ncontrol = \"ipc://run/c.ipc\"\nclients = "
                           "\"tcp://127.0.0.1:7001\"\nfeed = \"ipc://run/f.ipc\"\nkeys = "
                           "\"keys/b.toml\"\nheartbeat_ms = 500\nstage_timeout_ms = 5000\n"
                           "token_ttl_ms = 120000\nlease_ms = 300000\n[audit]\ndir = \"audit\"\n"
                           "watermark = \"run/w\"\nsegment_bytes = 1048576\n[kernel]\nsocket = "
                           "\"run/k.sock\"\nregister = \"kernel/r.sqlite\"\nstale_after_ms = 3000\n"
                           "[dispatcher]\nid = 1\n[principals]\nfile = \"p.toml\"\n"));
  family.add({1}, as_bytes("[[principal]]\nname = \"alice\"\nkey = " + key +
                           "\nauthority = \"operator\"\n[[principal]]\nname = \"ada\"\nkey = \"\"\n"
                           "authority = \"auditor\"\n"));
  family.add({2}, as_bytes(pair));
  family.add({3}, as_bytes("endpoint = \"ipc://run/c.ipc\"\nfeed = \"ipc://f\"\n" + curve));
  family.add({4}, as_bytes("node = \"n1\"\nendpoint = \"ipc://run/n.ipc\"\n" + curve));
  family.add({5}, as_bytes("[[node]]\nname = \"n1\"\nkey = " + key + "\nhost = \"h:1\"\n"));
  family.add({6}, as_bytes("endpoint = \"ipc://run/c.ipc\"\n" + curve));
  const std::string token = "\"11111111111111111111111111111111\"";
  family.add({8}, as_bytes("{\"confirm\": " + token +
                           ", \"sentence\": \"yes\", \"acknowledge\": [\"A\", \"B\"], "
                           "\"accept_responsibility\": \"I do\"}"));
  family.add({8}, as_bytes("{\"abandon\": " + token + "}"));
  family.add({8}, as_bytes("{\"abandon\": " + token + ", \"abandon\": [null, {}, -1.5e9]}"));
  family.add({0}, as_bytes("run = 5\nodd = [1, {a = 2}]\n[broker]\nheartbeat_ms = -1\n"));
}

}  // namespace
}  // namespace aeromq

namespace {

int run_program(int argc, char** argv) {
  using namespace aeromq;
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  const fs::path root(argv[1]);
  envelope_seeds({root, "envelope"});
  client_seeds({root, "client"});
  broker_seeds({root, "broker"});
  answer_seeds({root, "answers"});
  actor_seeds({root, "actors"});
  kernel_seeds({root, "kernel"});
  audit_seeds({root, "audit"});
  settings_seeds({root, "settings"});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
