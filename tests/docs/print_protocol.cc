// Prints what docs/protocol.md must hold, straight from the code.
#include <cstdio>

#include "conversation.h"
#include "messages/error.h"
#include "process/entry.h"
#include "vocabulary.h"

using namespace aeromq;

namespace {

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void print_routes() {
  print("| number | name | sender | receiver | follows |\n| --- | --- | --- | --- | --- |");
  for (const auto& route : route_table())
    print("| " + std::to_string(static_cast<int>(route.type)) + " | `" + std::string(route.name) +
          "` | " + std::string(text_of(route.sender)) + " | " +
          std::string(text_of(route.receiver)) + " | " + docs::follows_text(route) + " |");
}

void print_errors() {
  print("| number | code | domain | outcome | exit | sentence | invariants |");
  print("| --- | --- | --- | --- | --- | --- | --- |");
  for (const auto& row : error_table())
    print("| " + std::to_string(static_cast<int>(row.number)) + " | `" + std::string(row.code) +
          "` | " + std::string(text_of(row.domain)) + " | " + std::string(text_of(row.outcome)) +
          " | " + std::to_string(row.exit_code) + " | " + std::string(row.sentence) + " | " +
          std::string(row.invariants) + " |");
}

void print_all() {
  print_routes();
  print_errors();
  for (const auto& [name, words] : docs::vocabulary().enums) {
    std::string line = "Words of `" + name + "`:";
    for (const auto& word : words) line += " `" + word + "`";
    print(line);
  }
  for (const auto& [name, rows] : docs::vocabulary().structs) {
    print("Fields of `" + name +
          "`:\n\n| field | type | max | meaning |\n| --- | --- | --- | --- |");
    for (const auto& row : rows)
      print("| `" + row.name + "` | " + row.type + " | " + row.max + " | |");
  }
  const auto talk = docs::hold_conversation();
  print(talk.fault + talk.request_text + "\n" + talk.explanation_digest);
  for (const auto& message : talk.messages)
    for (std::size_t i = 0; i < message.frames.size(); ++i)
      print("Frame " + std::to_string(i + 1) + " of " + message.name + ":\n" +
            docs::hex_dump(message.frames[i]));
}

}  // namespace

int main(int argc, char** argv) {
  return aeromq::process::enter(argc, argv, [] {
    print_all();
    return 0;
  });
}
