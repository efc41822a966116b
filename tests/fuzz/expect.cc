#include "tests/fuzz/expect.h"

#include "messages/catalogue.h"

namespace aeromq::fuzz {

void expect_tellable(const Error& error) {
  expect(!error.code.empty() && !error.message.empty(), "an error has a code and a sentence");
  expect(!has_control_characters(error.message) && !has_control_characters(error.field),
         "an error of our own is safe for a terminal");
  const ErrorAnswer answer{error, 0};
  const auto read = decode<ErrorAnswer>(encode(answer));
  expect(read.has_value() && *read == answer, "an error of our own can be sent");
}

}  // namespace aeromq::fuzz
