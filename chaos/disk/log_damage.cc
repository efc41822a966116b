#include "chaos/disk/log_damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>
#include <stdexcept>

#include "audit/verify.h"
#include "chaos/disk/site.h"

namespace aeromq::chaos::disk {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAlign = 4096;
constexpr int kChanges = 60;  // for several segments of 64 KiB
constexpr int kVerifyMs = 30000;

/// A log as a damage finds it: its segments in order, and where the last one's zeros begin.
struct Log {
  std::vector<fs::path> segments;
  std::uint64_t end = 0;         ///< of the last batch of the last segment
  std::uint64_t last_batch = 0;  ///< where that begins
};

std::string octets_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::uint64_t at, const std::string& octets) {
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
}

void flip(const fs::path& path, std::uint64_t at, unsigned bit) {
  auto octet = octets_of(path).substr(at, 1);
  octet[0] = static_cast<char>(static_cast<unsigned char>(octet[0]) ^ (1U << (bit % 8)));
  put(path, at, octet);
}

using Random = std::mt19937_64;

/// What verify may say (its exit codes), and what a writer may do that starts over it while the
/// watermark remembers how far the log went.
struct Damage {
  const char* name;
  void (*apply)(const Log& log, Random& random);
  std::vector<int> verify;
  bool writer_starts;
};

std::uint64_t place(Random& random, std::uint64_t from, std::uint64_t to) {
  return from + random() % (to - from);
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all{
      {"garbage behind the last batch",
       [](const Log& log, Random& random) {
         std::string garbage(place(random, 1, 300), ' ');
         for (auto& octet : garbage) octet = static_cast<char>(1 + random() % 255);
         put(log.segments.back(), log.end, garbage);
       },
       {43},
       true},
      {"a piece of an older batch behind the last",
       [](const Log& log, Random& random) {
         const auto old = octets_of(log.segments.back()).substr(kAlign, place(random, 30, 200));
         put(log.segments.back(), log.end, old);
       },
       {43},
       true},
      {"a bit of an early record",
       [](const Log& log, Random& random) {
         flip(log.segments.front(), kAlign + place(random, 0, 100), unsigned(random()));
       },
       {40},
       false},
      {"a bit of a middle segment's record",
       [](const Log& log, Random& random) {
         flip(log.segments[1], 2 * kAlign + place(random, 0, 100), unsigned(random()));
       },
       {40},
       false},
      {"a bit of padding",
       [](const Log& log, Random& random) {
         flip(log.segments[1], 3 * kAlign - place(random, 1, 100), unsigned(random()));
       },
       {40},
       false},
      {"a bit of a segment's header",
       [](const Log& log, Random& random) {
         flip(log.segments[random() % log.segments.size()], place(random, 0, 170),
              unsigned(random()));
       },
       {40, 44},
       false},
      {"a zeroed sector inside",
       [](const Log& log, Random& random) {
         put(log.segments[1], kAlign * place(random, 1, 4), std::string(512, '\0'));
       },
       {40},
       false},
      {"a zeroed batch inside",
       [](const Log& log, Random& random) {
         put(log.segments[1], kAlign * place(random, 1, 4), std::string(kAlign, '\0'));
       },
       {40},
       false},
      {"the first segment gone",
       [](const Log& log, Random&) { fs::remove(log.segments.front()); },
       {44},
       false},
      {"a middle segment gone",
       [](const Log& log, Random&) { fs::remove(log.segments[1]); },
       {44},
       false},
      // Without what an auditor kept, the files alone can't tell; the watermark can.
      {"the last segment gone",
       [](const Log& log, Random&) { fs::remove(log.segments.back()); },
       {0, 43},
       false},
      {"the last batch zeroed",
       [](const Log& log, Random&) {
         put(log.segments.back(), log.last_batch, std::string(log.end - log.last_batch, '\0'));
       },
       {0, 43},
       false},
      {"a bit of the last batch",
       [](const Log& log, Random& random) {
         flip(log.segments.back(), log.last_batch + place(random, 0, 60), unsigned(random()));
       },
       {43, 45},
       false},
      {"the last segment cut short",
       [](const Log& log, Random& random) {
         fs::permissions(log.segments.back(), fs::perms::owner_read | fs::perms::owner_write);
         fs::resize_file(log.segments.back(), place(random, kAlign, log.last_batch));
       },
       {40, 43, 44, 45},
       false},
  };
  return all;
}

Log look(const fs::path& audit) {
  Log log;
  for (const auto& entry : fs::directory_iterator(audit / "log"))
    if (entry.path().extension() == ".seg") log.segments.push_back(entry.path());
  std::ranges::sort(log.segments);
  const auto octets = octets_of(log.segments.back());
  const auto last = octets.find_last_not_of('\0');
  log.end = (last / kAlign + 1) * kAlign;
  log.last_batch = log.end - kAlign;
  return log;
}

class DamagedLogs {
 public:
  DamagedLogs(const DiskOptions& options, const fs::path& dir, std::uint64_t seed, Tally& tally)
      : options_(options),
        random_(seed),
        seed_(seed),
        tally_(tally),
        site_({options.bin_dir, dir, {{"stale_after_ms", "1500"}, {"segment_bytes", "65536"}}, 0}) {
  }

  void run(unsigned number) {
    fill();
    for (unsigned i = 0; i < number; ++i)
      if (!damage_once(damages()[i % damages().size()])) return;
  }

 private:
  std::string where() const { return fmt::format("seed {}", seed_); }

  bool need(const Damage& damage, const std::string& predicate, bool holds,
            const std::string& what) {
    tally_.add(damage.name, where(), judged(predicate, holds, what));
    if (!holds) keep_evidence(options_, site_, seed_);
    return holds;
  }

  void fill() {
    Person person(site_.clients() / "operator.toml", "client.operator.1", site_.notebook(), seed_);
    // The last segment needs a batch behind its first: a damaged first one is no tear.
    for (int i = 0; i < kChanges || look(site_.audit()).last_batch < 3 * kAlign; ++i)
      if (person.change().kind == EventKind::asked) throw std::runtime_error("nobody answers");
    site_.kill_all();
    fs::copy(site_.audit(), sound(), fs::copy_options::recursive);
    fs::copy_file(watermark(), sound() / "watermark");
  }

  fs::path sound() const { return site_.stack().dir() / "sound"; }
  fs::path watermark() const { return site_.disk() / "audit.watermark"; }

  void put_back() {
    fs::remove_all(site_.audit());
    fs::copy(sound(), site_.audit(), fs::copy_options::recursive);
    fs::remove(site_.audit() / "watermark");
    fs::permissions(site_.audit(), fs::perms::owner_all);
    fs::copy_file(sound() / "watermark", watermark(), fs::copy_options::overwrite_existing);
  }

  bool damage_once(const Damage& damage) {
    put_back();
    damage.apply(look(site_.audit()), random_);
    site_.notebook().note(harness_event(EventKind::fault, "torn", damage.name));
    tally_.count(damage.name, true);
    const auto verified = chaos::run({site_.stack().bin() / "aeromq-ctl", "-o", "json", "audit",
                                      "verify", "--log", site_.audit()},
                                     kVerifyMs);
    if (!need(damage, "I-AUDIT", std::ranges::count(damage.verify, verified.exit_code) == 1,
              fmt::format("verify ended with {}: {}", verified.exit_code, verified.out)))
      return false;
    const bool started = site_.serve();
    if (!need(damage, "I-AUDIT", started == damage.writer_starts,
              started ? "a writer went on over it" : "a writer refused what was never told"))
      return false;
    return started ? says_what_it_found(damage) : says_why_not(damage);
  }

  bool says_why_not(const Damage& damage) {
    const bool said = site_.stack().says("ended: exit code 70: it could not write", 0);
    const auto log = octets_of(site_.stack().dir() / "log" / "audit-writer.log");
    const bool named =
        std::ranges::any_of(std::array{"INTERIOR_CORRUPTION", "PADDING_CORRUPT", "LOSS",
                                       "MISSING_SEGMENT", "AMBIGUOUS"},
                            [&](const char* word) { return log.find(word) != std::string::npos; });
    site_.kill_all();
    fs::remove(site_.stack().dir() / "log" / "audit-writer.log");
    return need(damage, "I-AUDIT", said && named, "the refusal does not name its class: " + log);
  }

  // The tail stays where it is, a RECOVERY frame names it, and the log as a whole verifies.
  bool says_what_it_found(const Damage& damage) {
    site_.stack().stop();
    const auto verification = audit::verify_log(site_.audit(), {});
    const auto found = fmt::format("{}", fmt::join(verification.findings, "; "));
    const auto independently = verify_independently(site_.audit());
    return need(damage, "I-AUDIT",
                verification.code == audit::VerifyCode::ok && !verification.findings.empty(),
                "after the start: " + verification.summary() + found) &&
           need(damage, "I-AUDIT", independently.empty() || independently.starts_with("ok "),
                independently);
  }

  const DiskOptions& options_;
  Random random_;
  std::uint64_t seed_;
  Tally& tally_;
  Site site_;
};

}  // namespace

void damage_logs(const DiskOptions& options, const fs::path& dir, std::uint64_t seed,
                 unsigned damages, Tally& tally) {
  DamagedLogs(options, dir, seed, tally).run(damages);
}

}  // namespace aeromq::chaos::disk
