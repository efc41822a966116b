#include "transport/frames.h"

namespace aeromq::transport {

std::vector<Bytes> to_frames(const Header& header, ByteView body) {
  std::vector<Bytes> frames;
  frames.reserve(kFrames);
  frames.emplace_back(kMagic.begin(), kMagic.end());
  frames.push_back(encode_header(header));
  frames.emplace_back(body.begin(), body.end());
  return frames;
}

Result<Received> from_frames(std::vector<Bytes> frames) {
  if (frames.size() != kFrames)
    return fail(make_error(ErrorCode::malformed, "a message has exactly 3 frames"));
  if (auto magic = check_magic(frames[0]); !magic) return fail(magic.error());
  if (frames[2].size() > kMaxBody)
    return fail(make_error(ErrorCode::malformed, "the body is too long"));
  auto header = decode_header(frames[1]);
  if (!header) return fail(header.error());
  return Received{std::move(*header), std::move(frames[2])};
}

}  // namespace aeromq::transport
