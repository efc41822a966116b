// audit_append_driver DIR COUNT: appends COUNT records, one commit each, and prints the number of
// each record that is acknowledged. Exit 3 and the error on standard error once poisoned. A test
// tool; never part of the product.
#include <cstdio>
#include <cstdlib>

#include "audit/log_writer.h"
#include "process/entry.h"
#include "tests/audit/records.h"

namespace {

int run_program(int argc, char** argv) {
  using namespace aeromq;
  using namespace aeromq::audit;
  if (argc != 3) return 2;
  const Moment now{1'000'000'000, 1'700'000'000'000'000'000};
  LogWriterOptions options;
  options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
  options.version = "driver";
  auto writer = LogWriter::open(argv[1], options, now);
  const auto stop = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 3;
  };
  if (!writer) return stop(writer.error());
  const auto count = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto seq = (*writer)->next_seq();
    auto record = make_record(seq, Stage::control_plane);
    record.reason = std::string(static_cast<std::size_t>(i * 37 % 900), 'r');
    if (auto queued = (*writer)->append(encode_row(record)); !queued) return stop(queued.error());
    if (auto done = (*writer)->commit(now); !done) {
      // Poisoned: whatever is tried afterwards must fail too, without another write or sync.
      if ((*writer)->append(encode_row(record)) || (*writer)->commit(now) ||
          (*writer)->idle_commit(now) || (*writer)->close(now))
        return 4;
      return stop(done.error());
    }
    std::printf("%llu\n", static_cast<unsigned long long>(seq));
    std::fflush(stdout);
  }
  if (auto closed = (*writer)->close(now); !closed) return stop(closed.error());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [&] { return run_program(argc, argv); });
}
