// The client of the bare model: a closed loop over one connection, in the driver's own process.
#include "bench/bare/roles.h"

namespace aeromq::bench {

Client::Client(const Places& places, const Keys& keys)
    : socket_(connect_dealer(context_, places.clients(), &keys)) {}

void Client::begin(Kind kind, std::uint64_t slot) {
  Header header;
  header.kind = kind;
  header.number = slot;
  send(socket_, make_frames(header, kRequestBody));
}

Measured Client::load(const Slice& slice) {
  const auto first = slice.kind == "read" ? Kind::inspect : Kind::ask;
  std::vector<Clock::time_point> begun(static_cast<std::size_t>(slice.outstanding));
  Measured measured;
  const auto deadline = Clock::now() + slice.duration;
  for (std::size_t slot = 0; slot < begun.size(); ++slot) {
    begun[slot] = Clock::now();
    begin(first, slot);
  }
  for (auto open = begun.size(); open > 0;) {
    auto frames = receive(socket_);
    if (!frames) {
      wait_for(socket_);
      continue;
    }
    const auto header = header_of(*frames);
    auto& since = begun.at(header.number);
    if (header.kind == Kind::ask) {
      begin(Kind::confirm, header.number);
      continue;
    }
    measured.add(since);
    since = Clock::now();
    if (since < deadline)
      begin(first, header.number);
    else
      --open;
  }
  measured.finish();
  return measured;
}

}  // namespace aeromq::bench
