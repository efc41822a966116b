// Frames as they come from a socket: magic, header, request id, and their text forms.
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "transport/frames.h"

namespace aeromq::fuzz {
namespace {

void check_request(const RequestId& request) {
  const auto octets = request.octets();
  const auto read = RequestId::from(octets);
  expect(read.has_value() && *read == request, "a request id is its octets");
  const auto text = request.text();
  const auto typed = RequestId::parse(text);
  expect(typed.has_value() && *typed == request, "a request id is its text");
}

void whole_message(Input& input) {
  std::vector<Bytes> frames(input.choice(5));
  for (auto& frame : frames) frame = input.block();
  if (input.flag() && !frames.empty()) frames[0].assign(kMagic.begin(), kMagic.end());
  const auto received = transport::from_frames(frames);
  if (!received) return expect_tellable(received.error());
  expect(frames.size() == kFrames, "a message has exactly its frames");
  const auto again = transport::from_frames(transport::to_frames(received->header, received->body));
  expect(again.has_value() && again->header == received->header && again->body == received->body,
         "a message that was read can be sent on");
  if (!received->header.request.empty()) check_request(received->header.request);
}

}  // namespace
}  // namespace aeromq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aeromq;
  fuzz::Input input(data, size);
  const auto kind = input.choice(4);
  if (kind == 0) {
    fuzz::whole_message(input);
    return 0;
  }
  const auto octets = input.rest();
  if (kind == 1) {
    if (const auto header = decode_header(octets)) {
      const auto again = decode_header(encode_header(*header));
      fuzz::expect(again.has_value() && *again == *header, "a header that was read can be sent");
    }
  } else if (kind == 2) {
    const auto request = RequestId::from(octets);
    if (request)
      fuzz::check_request(*request);
    else
      fuzz::expect_tellable(request.error());
  } else {
    const auto request = RequestId::parse(as_text(octets));
    if (request)
      fuzz::check_request(*request);
    else
      fuzz::expect_tellable(request.error());
  }
  return 0;
}
