// The worked example of docs/protocol.md, made by the code itself: a client's frames go through the
// broker's real core, which must accept each of them.
#pragma once
#include <string>
#include <vector>

#include "messages/bytes.h"

namespace aeromq::docs {

struct WorkedMessage {
  std::string name;           ///< "HELLO" ...
  std::vector<Bytes> frames;  ///< magic, header, body
};

struct Conversation {
  std::vector<WorkedMessage> messages;  ///< in the order of the document
  std::string request_text;             ///< the request id of SUBMIT, as people see it
  std::string explanation_digest;       ///< hexadecimal, as CONFIRM carries it
  std::string fault;                    ///< why the broker did not play its part; empty = it did
};

Conversation hold_conversation();

/// Hexadecimal as the document prints it: 16 octets a line, two digits each, one space between.
std::string hex_dump(const Bytes& bytes);

}  // namespace aeromq::docs
