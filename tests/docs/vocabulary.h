// What the code says of the wire, as rows that a document can be compared with: the fields of every
// message body and of everything in it, found by walking fields() at compile time.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "messages/routes.h"

namespace aeromq::docs {

struct FieldRow {
  std::string name;
  std::string type;  ///< ", since minor N": it may be missing
  std::string max;   ///< octets of text or bin, elements of a list; "-" where there is no bound
  friend bool operator==(const FieldRow&, const FieldRow&) = default;
};

struct Vocabulary {
  std::map<std::string, std::vector<FieldRow>> structs;  ///< by C++ name
  std::map<std::string, std::vector<std::string>> enums;
  std::map<MessageType, std::string> bodies;  ///< the struct that each message carries
};

/// Everything that travels on the road, on the feed, or encoded inside a message.
const Vocabulary& vocabulary();

/// The `follows` column of a route: "opens a request", names joined by ", ", or "-".
std::string follows_text(const Route& route);

}  // namespace aeromq::docs
