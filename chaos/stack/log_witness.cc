#include "chaos/stack/log_witness.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace aeromq::chaos {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAlign = 4096;
constexpr std::size_t kFrameHead = 24;
constexpr std::size_t kMostPayload = 65535;
constexpr std::size_t kChunk = 65536;
constexpr unsigned char kRecord = 1;
constexpr unsigned char kCommit = 2;

// Places in a record's array: the table of its fields in docs/protocol.md. Fields that came later
// stand behind these, and only where they say something.
enum Place : std::size_t {
  kSeq = 0,
  kStage = 1,
  kRequest = 5,
  kPrincipal = 6,
  kCommand = 8,
  kCommandDigest = 12,
  kTokenDigest = 14,
  kExplanationDigest = 15,
  kOutcome = 24,
  kErrorCode = 26,
  kFields = 33
};

std::uint64_t little_endian(const std::string& octets, std::size_t at, unsigned size) {
  std::uint64_t value = 0;
  for (unsigned i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(octets.at(at + i));
  return value;
}

// The file's octets from `from` on, but for the zeros behind what was written.
std::string written_part(const fs::path& path, std::uint64_t from) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  std::string part;
  for (std::string chunk(kChunk, '\0'); file;) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    part.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
    if (chunk.find_first_not_of('\0') == std::string::npos) break;
  }
  return part;
}

}  // namespace

WitnessedRecord read_record(const std::string& octets) {
  const auto value = nlohmann::json::from_msgpack(octets, true, false);
  if (!value.is_array() || value.size() < kFields)
    throw std::runtime_error("an audit record that is none");
  WitnessedRecord record;
  record.number = value[kSeq];
  record.stage = value[kStage];
  record.request = value[kRequest];
  record.principal = value[kPrincipal];
  record.command = value[kCommand];
  record.digest = value[kCommandDigest];
  record.token = value[kTokenDigest];
  record.explanation = value[kExplanationDigest];
  record.outcome = value[kOutcome];
  record.code = value[kErrorCode];
  return record;
}

void LogWitness::read_segment(const fs::path& path, std::vector<WitnessedRecord>& taken) {
  auto& done = read_[path.filename().string()];
  if (done == 0) done = kAlign;  // the header
  const auto from = done;
  const auto part = written_part(path, from);
  std::vector<WitnessedRecord> batch;
  std::size_t at = 0;
  while (at + kFrameHead <= part.size() && part.compare(at, 4, "AMQF") == 0) {
    const auto kind = static_cast<unsigned char>(part[at + 4]);
    const auto size = little_endian(part, at + 8, 4);
    if (size > kMostPayload || at + kFrameHead + size > part.size()) return;
    if (kind == kRecord) batch.push_back(read_record(part.substr(at + kFrameHead, size)));
    at += kFrameHead + size;
    if (kind != kCommit) continue;
    for (auto& record : batch) {
      if (record.number <= last_) continue;  // adopted from a torn tail that was whole after all
      last_ = record.number;
      taken.push_back(std::move(record));
    }
    batch.clear();
    at = (at + kAlign - 1) / kAlign * kAlign;  // a part begins at a multiple
    done = from + at;
  }
}

std::vector<WitnessedRecord> LogWitness::take() {
  std::vector<WitnessedRecord> taken;
  std::set<fs::path> segments;  // their names begin with their number, in eight digits
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory_ / "log", none))
    if (entry.path().extension() == ".seg") segments.insert(entry.path());
  for (const auto& segment : segments) read_segment(segment, taken);
  return taken;
}

}  // namespace aeromq::chaos
