#include "chaos/history/history.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "chaos/history/fields.h"
#include "messages/digest.h"

namespace aeromq::chaos {
namespace {

using nlohmann::json;

constexpr std::size_t kUsualLine = 192;  ///< octets set aside for a line

void put_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out.append(digits, end);
}

// UTF-8 passes as it is; what JSON demands is escaped.
void put_text(std::string& out, std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // from here on nothing has to be escaped
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto octet = static_cast<unsigned char>(value[i]);
    if (octet >= 0x20 && octet != '"' && octet != '\\') continue;
    out.append(value, plain, i - plain);
    plain = i + 1;
    out += '\\';
    if (octet >= 0x20) {
      out += value[i];
      continue;
    }
    out += "u00";
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  out.append(value, plain);
  out += '"';
}

void put_key(std::string& out, std::string_view name) {
  out += ",\"";
  out += name;
  out += "\":";
}

void put_line(std::string& out, const Event& event) {
  out += "{\"seq\":";
  put_number(out, event.seq);
  put_key(out, "kind");
  put_text(out, text_of(event.kind));
  for_each_field(
      event,
      [&](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        put_key(out, name);
        put_text(out, value);
      },
      [&](std::string_view name, std::uint64_t value) {
        if (value == 0) return;
        put_key(out, name);
        put_number(out, value);
      });
  if (event.final_) out += ",\"final\":true";
  out += '}';
}

auto wrong(std::string what) {
  return fail(make_error(ErrorCode::invalid_input, std::move(what), "history"));
}

std::optional<EventKind> kind_named(std::string_view name) {
  const auto& names = EnumNames<EventKind>::value;
  const auto* at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<EventKind>(at - names.begin());
}

// nlohmann keeps the last of two equal keys; a strict reader has to see both.
json parse_strictly(std::string_view line, bool& doubled) {
  std::set<std::string> keys;
  const auto see = [&](int depth, json::parse_event_t what, json& value) {
    if (what == json::parse_event_t::key && depth == 1)
      doubled = doubled || !keys.insert(value.get<std::string>()).second;
    return true;
  };
  return json::parse(line, see, false);
}

// Both lists keep their order, whatever their clocks say; of two equal times `first` goes first.
History woven(History first, History second) {
  History both;
  both.reserve(first.size() + second.size());
  auto next = second.begin();
  for (auto& event : first) {
    while (next != second.end() && next->at_ns < event.at_ns) both.push_back(std::move(*next++));
    both.push_back(std::move(event));
  }
  std::move(next, second.end(), std::back_inserter(both));
  return both;
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 8> octets;
  for (auto& octet : octets) {
    octet = static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  out.append(octets.data(), octets.size());
}

}  // namespace

std::string json_line(const Event& event) {
  std::string line;
  line.reserve(kUsualLine);
  put_line(line, event);
  return line;
}

Result<Event> read_event(std::string_view line) {
  bool doubled = false;
  const auto object = parse_strictly(line, doubled);
  if (object.is_discarded() || !object.is_object()) return wrong("not a JSON object");
  if (doubled) return wrong("a field stands twice");
  Event event;
  std::size_t known = 0;
  std::string fault;
  const auto text = [&](const char* name, std::string& value) {
    const auto at = object.find(name);
    if (at == object.end()) return;
    ++known;
    if (at->is_string())
      value = at->get<std::string>();
    else
      fault = std::string(name) + " is not text";
  };
  const auto number = [&](const char* name, std::uint64_t& value) {
    const auto at = object.find(name);
    if (at == object.end()) return;
    ++known;
    if (at->is_number_unsigned())
      value = at->get<std::uint64_t>();
    else
      fault = std::string(name) + " is not a number";
  };
  std::string kind;
  text("kind", kind);
  number("seq", event.seq);
  for_each_field(event, text, number);
  if (const auto at = object.find("final"); at != object.end()) {
    ++known;
    if (at->is_boolean())
      event.final_ = at->get<bool>();
    else
      fault = "final is not true or false";
  }
  if (!fault.empty()) return wrong(fault);
  if (known != object.size()) return wrong("an unknown field");
  const auto found = kind_named(kind);
  if (!found) return wrong("unknown kind \"" + kind + "\"");
  event.kind = *found;
  if (event.lane.empty()) return wrong("no lane");
  return event;
}

void write_history(const History& history, const std::filesystem::path& path) {
  std::string text;
  text.reserve(history.size() * kUsualLine);
  for (const auto& event : history) {
    put_line(text, event);
    text += '\n';
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file)
    throw std::filesystem::filesystem_error("cannot write a history", path,
                                            std::make_error_code(std::errc::io_error));
}

Result<History> read_history(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return wrong("cannot read " + path.string());
  History history;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const auto at = path.string() + ":" + std::to_string(number) + ": ";
    auto event = read_event(line);
    if (!event) return wrong(at + event.error().message);
    const auto last = history.empty() ? 0 : history.back().seq;
    if (event->seq <= last) return wrong(at + "seq does not rise");
    history.push_back(std::move(*event));
  }
  return history;
}

Digest history_hash(const History& history) {
  std::string octets;
  octets.reserve(history.size() * kUsualLine);
  for (const auto& event : history) {
    // Each field is its place, then its value; what is empty has no place, an event ends with one.
    char place = 0;
    append_number(octets, event.seq);
    octets += static_cast<char>(event.kind);
    octets += event.final_ ? '\1' : '\0';
    for_each_field(
        event,
        [&](const char*, const std::string& value) {
          ++place;
          if (value.empty()) return;
          octets += place;
          append_number(octets, value.size());
          octets += value;
        },
        [&](const char*, std::uint64_t value) {
          ++place;
          if (value == 0) return;
          octets += place;
          append_number(octets, value);
        });
    octets += '\0';
  }
  return sha256(as_bytes(octets));
}

Result<History> merge_histories(std::vector<History> parts) {
  History merged;
  std::vector<History> unnumbered;
  for (auto& part : parts) {
    const auto numbered = std::ranges::count_if(part, [](const Event& e) { return e.seq != 0; });
    if (numbered == 0) {
      unnumbered.push_back(std::move(part));
      continue;
    }
    if (numbered != std::ssize(part)) return wrong("one part has events with and without a seq");
    if (!std::ranges::is_sorted(part, {}, &Event::seq)) return wrong("the seq of a part falls");
    std::ranges::move(part, std::back_inserter(merged));
  }
  std::ranges::stable_sort(merged, {}, &Event::seq);
  if (std::ranges::adjacent_find(merged, {}, &Event::seq) != merged.end())
    return wrong("one seq in two places");
  for (auto& part : unnumbered) merged = woven(std::move(merged), std::move(part));
  for (std::size_t i = 0; i < merged.size(); ++i) merged[i].seq = i + 1;
  return merged;
}

}  // namespace aeromq::chaos
