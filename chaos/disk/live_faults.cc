#include "chaos/disk/live_faults.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>

#include "chaos/disk/site.h"
#include "chaos/disk/tracer.h"
#include "chaos/stack/processes.h"

namespace aeromq::chaos::disk {
namespace {

constexpr int kReachMs = 6000;
constexpr int kFireMs = 3000;
constexpr int kEndMs = 8000;
constexpr std::uint64_t kImageOctets = 96U << 20;
constexpr std::uint64_t kFileLimit = 4096 + 100;
constexpr const char* kWriter = "aeromq-audit-writer";
constexpr const char* kKernel = "aeromq-kernel";

enum class How { trace, file_limit, fill };
enum class Then {
  writer_stays_dead,
  kernel_comes_back,
  all_goes_on,
  is_given_up,
  refuses_and_lives
};

struct Fault {
  const char* name;
  const char* process;
  const char* point;  ///< where the process is frozen while the fault is put in place
  How how;
  const char* calls;
  const char* injection;
  Then then;
};

constexpr std::array kFaults{
    Fault{"writer: sync EIO, question", kWriter, "audit-writer.asked.decided", How::trace,
          "fdatasync", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"writer: sync EIO, dispatch", kWriter, "audit-writer.confirmed.decided", How::trace,
          "fdatasync", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"writer: sync EIO, outcome (hole 14)", kWriter, "audit-writer.acted.decided", How::trace,
          "fdatasync", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"kernel: sync EIO", kKernel, "kernel.act.validated", How::trace, "fdatasync",
          "error=EIO:when=1", Then::kernel_comes_back},
    Fault{"writer: write EIO, dispatch", kWriter, "audit-writer.confirmed.decided", How::trace,
          "pwrite64", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"kernel: write EIO", kKernel, "kernel.act.validated", How::trace, "pwrite64",
          "error=EIO:when=1", Then::kernel_comes_back},
    Fault{"writer: write ENOSPC, outcome", kWriter, "audit-writer.acted.decided", How::trace,
          "pwrite64", "error=ENOSPC:when=1", Then::writer_stays_dead},
    Fault{"kernel: write ENOSPC, 2nd", kKernel, "kernel.act.validated", How::trace, "pwrite64",
          "error=ENOSPC:when=2", Then::kernel_comes_back},
    Fault{"writer: short write, dispatch", kWriter, "audit-writer.confirmed.decided", How::trace,
          "pwrite64", "retval=100:when=1", Then::writer_stays_dead},
    Fault{"writer: short write, outcome", kWriter, "audit-writer.acted.decided", How::trace,
          "pwrite64", "retval=100:when=1", Then::writer_stays_dead},
    Fault{"writer: file size limit", kWriter, "audit-writer.confirmed.decided", How::file_limit, "",
          "", Then::writer_stays_dead},
    Fault{"kernel: file size limit", kKernel, "kernel.act.validated", How::file_limit, "", "",
          Then::kernel_comes_back},
    Fault{"disk full", kWriter, "", How::fill, "", "", Then::refuses_and_lives},
    Fault{"writer: slow sync, 0.3 s", kWriter, "audit-writer.confirmed.decided", How::trace,
          "fdatasync", "delay_enter=300000:when=1", Then::all_goes_on},
    Fault{"kernel: slow sync, 0.3 s", kKernel, "kernel.act.validated", How::trace, "fdatasync",
          "delay_enter=300000:when=1", Then::all_goes_on},
    Fault{"writer: sync slower than the stage timeout", kWriter, "audit-writer.confirmed.decided",
          How::trace, "fdatasync", "delay_enter=1800000:when=1", Then::is_given_up},
    Fault{"writer: rotation, write of the seal EIO", kWriter, "audit-writer.log.rotate", How::trace,
          "pwrite64", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"writer: rotation, no room for the next", kWriter, "audit-writer.log.rotate", How::trace,
          "pwrite64", "error=ENOSPC:when=3", Then::writer_stays_dead},
    Fault{"writer: rotation, sync of the next EIO", kWriter, "audit-writer.log.rotate", How::trace,
          "fsync", "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"writer: rotation, sync of the folder EIO", kWriter, "audit-writer.log.rotate",
          How::trace, "fsync", "error=EIO:when=2", Then::writer_stays_dead},
    Fault{"writer: rotation, rename EIO", kWriter, "audit-writer.log.rotate", How::trace, "rename",
          "error=EIO:when=1", Then::writer_stays_dead},
    Fault{"writer: sync EIO, inspection", kWriter, "audit-writer.observed.decided", How::trace,
          "fdatasync", "error=EIO:when=1", Then::writer_stays_dead},
};

class Faults {
 public:
  Faults(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
         bool may_trace, bool may_mount, Tally& tally)
      : options_(options),
        random_(seed),
        seed_(seed),
        may_trace_(may_trace),
        tally_(tally),
        site_(
            {options.bin_dir,
             dir,
             {{"stale_after_ms", "1500"}, {"segment_bytes", "65536"}, {"stage_timeout_ms", "1000"}},
             may_mount ? kImageOctets : 0}),
        may_fill_(may_mount) {}

  void run(unsigned errors) {
    for (number_ = 1; number_ <= errors; ++number_) {
      fault_ = &kFaults[(seed_ * errors + number_) % kFaults.size()];
      if (fault_->how == How::trace && !may_trace_) {
        tally_.skip("no right to trace a process", 1);
        continue;
      }
      if (fault_->how == How::fill && !may_fill_) {
        tally_.skip("no right to mount a disk that can be filled", 1);
        continue;
      }
      if (!fail_once()) return;
    }
    site_.stack().stop();
    judge();
  }

 private:
  std::string where() const { return fmt::format("seed {} error {}", seed_, number_); }

  bool need(const std::string& predicate, bool holds, const std::string& what) {
    tally_.add(fault_->name, where(), judged(predicate, holds, what));
    if (!holds) keep_evidence(options_, site_, seed_);
    return holds;
  }

  bool judge() {
    const auto judgement = site_.judge_now();
    tally_.add(fault_->name, where(), judgement);
    if (!judgement.violations.empty()) keep_evidence(options_, site_, seed_);
    return judgement.violations.empty();
  }

  bool fail_once() {
    Operators people(site_.clients(), site_.notebook(), random_());
    const bool fired = fault_->how == How::fill ? fill() : strike();
    tally_.count(fault_->name, fired);
    bool good = true;
    if (fired && fault_->then == Then::writer_stays_dead) good = stays_dead();
    if (fired && fault_->then == Then::kernel_comes_back) good = comes_back();
    if (fired && fault_->then == Then::all_goes_on) good = goes_on();
    if (fired && fault_->then == Then::refuses_and_lives) good = refuses_and_lives();
    people.stop();
    if (fired && good && fault_->then == Then::writer_stays_dead) good = refuses();
    tracer_.reset();
    random_() % 2 == 0 ? site_.kill_all() : site_.stack().stop();
    site_.stack().disarm();
    repair();
    // Also where the drill itself failed: what it did to the log counts.
    const bool sound = judge();
    if (!good || !sound) return false;
    if (!need("L-REJOIN", site_.serve(), "did not serve after the repair")) return false;
    Person person(site_.clients() / "operator.toml", "client.operator.0", site_.notebook(), seed_);
    site_.ask_for_outcomes(person);
    return true;
  }

  // Freed blocks come back some time after the journal's next commit: there is room again when a
  // file fits and can be synced.
  void repair() {
    std::error_code ignored;
    if (!std::filesystem::remove(filler(), ignored)) return;
    constexpr off_t kRoom = 8 << 20;
    poll_until(kEndMs, [&] {
      const int fd = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      ::syncfs(fd);
      const bool fits = ::posix_fallocate(fd, 0, kRoom) == 0;
      ::close(fd);
      return fits;
    });
    std::filesystem::remove(filler(), ignored);
  }

  std::filesystem::path filler() const { return site_.disk() / "filler"; }

  void note_fault() {
    site_.notebook().note(harness_event(
        EventKind::fault, fault_->how == How::fill ? "full" : "io_error", fault_->name));
  }

  // No armed point: the segment that is open and its reserve still take records, no next one does.
  bool fill() {
    pid_ = site_.stack().pid_of(kWriter);
    note_fault();
    std::ofstream file(filler(), std::ios::binary);
    const std::string piece(1U << 16, 'x');
    while (file.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) continue;
    return pid_ > 1;
  }

  // Between its points the writer makes the next segment ahead: an error there is survived, for
  // that is no part of the log yet. What is meant is the segment that is written. A rotation is
  // about all.
  std::filesystem::path aim() const {
    if (fault_->process != std::string_view(kWriter) ||
        std::string_view(fault_->point).ends_with(".rotate"))
      return {};
    std::error_code ignored;
    const auto open = fmt::format("/proc/{}/fd", pid_);
    for (const auto& entry : std::filesystem::directory_iterator(open, ignored)) {
      const auto file = std::filesystem::read_symlink(entry.path(), ignored);
      if (file.extension() == ".seg") return file;
    }
    return {};
  }

  // The process is frozen at the point, so that the call that fails is exactly the one meant.
  bool strike() {
    pid_ = site_.stack().pid_of(fault_->process);
    if (pid_ <= 1) return false;
    site_.arm_stop(fault_->point, 1);
    const bool reached = poll_until(kReachMs, [&] { return !site_.stack().armed(); });
    if (!reached || !wait_stopped(pid_, kReachMs)) return false;
    if (fault_->how == How::file_limit) {
      const rlimit limit{kFileLimit, RLIM_INFINITY};
      if (::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr) != 0) return false;
    } else {
      tracer_ = std::make_unique<Tracer>(pid_, fault_->calls, fault_->injection,
                                         site_.stack().dir() / "strace", aim());
    }
    ::kill(pid_, SIGCONT);
    const bool fired =
        poll_until(kFireMs, [&] { return tracer_ ? tracer_->fired() > 0 : !is_alive(pid_); });
    if (fired) note_fault();
    return fired;
  }

  bool stays_dead() {
    const auto words = fmt::format("(pid {}) ended: exit code 70: it could not write", pid_);
    return need("L-DONE", site_.stack().says(words, kEndMs),
                "the writer did not end with 70 and its supervisor's word");
  }

  // The reserve is for what was dispatched: a new mutation is told of the disk, and nobody ends. It
  // is one segment, here of 64 KiB: what is on its way may use it up, and then the writer ends as
  // after any other error.
  bool refuses_and_lives() {
    Person person(site_.clients() / "operator.toml", "client.operator.0", site_.notebook(), seed_);
    const bool refused = poll_until(kEndMs, [&] {
      const auto told = person.change("", true);
      return told.code == "AUDIT_UNAVAILABLE" && told.verdict == "not_executed";
    });
    if (!is_alive(pid_)) return stays_dead() && refuses();
    return need("I-AUDIT", refused, "a full disk was told to nobody");
  }

  // With nobody to record, everything is refused, said so, and nothing executes (G9).
  bool refuses() {
    const auto before = site_.stack().ledger();
    Person person(site_.clients() / "operator.toml", "client.operator.0", site_.notebook(), seed_);
    for (const auto* holder : {"a", ""}) {
      const auto told = person.change(holder, true);
      if (!need("I-AUDIT", told.code == "AUDIT_UNAVAILABLE" && told.verdict == "not_executed",
                "without a writer a command was told " + told.verdict + " " + told.code))
        return false;
    }
    const bool heard = heard_of_it();
    return need("I-AUDIT", site_.stack().ledger() == before, "executed without a writer") &&
           need("L-DONE", site_.stack().pid_of(kWriter) == -1, "a poisoned writer runs again") &&
           need("I-VERBATIM", heard, "nobody was told why");
  }

  // Whoever waited when it happened was told of the disk, or that their stage is lost.
  bool heard_of_it() const {
    bool after = false;
    for (const auto& event : site_.notebook().history()) {
      if (event.kind == EventKind::fault) after = false;
      if (event.kind == EventKind::told && event.code == "AUDIT_UNAVAILABLE") after = true;
    }
    return after;
  }

  bool comes_back() {
    if (!need("L-DONE", poll_until(kEndMs, [&] { return !is_alive(pid_); }),
              "the kernel lived on after an error of its disk"))
      return false;
    return need("L-REJOIN", looks_well(), "no answer after the kernel's end");
  }

  bool goes_on() { return need("L-DONE", looks_well() && is_alive(pid_), "a slow disk was fatal"); }

  bool looks_well() {
    return poll_until(kEndMs, [&] {
      Person person(site_.clients() / "observer.toml", "client.observer.0", site_.notebook(), 0);
      return person.look().has_value();
    });
  }

  const DiskOptions& options_;
  std::mt19937_64 random_;
  std::uint64_t seed_;
  bool may_trace_;
  Tally& tally_;
  Site site_;
  bool may_fill_;
  unsigned number_ = 0;
  const Fault* fault_ = &kFaults.front();
  pid_t pid_ = -1;
  std::unique_ptr<Tracer> tracer_;
};

}  // namespace

void fail_disk(const DiskOptions& options, const std::filesystem::path& dir, std::uint64_t seed,
               unsigned errors, bool may_trace, Tally& tally) {
  auto probe = dir;
  probe += ".probe";
  const bool may_mount = Image::permitted(probe);
  std::filesystem::remove_all(probe);
  Faults(options, dir, seed, may_trace, may_mount, tally).run(errors);
}

}  // namespace aeromq::chaos::disk
