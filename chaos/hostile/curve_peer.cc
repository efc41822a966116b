#include "chaos/hostile/curve_peer.h"

#include <poll.h>
#include <sodium.h>

#include <stdexcept>

#include "process/entropy.h"
#include "transport/sockets.h"

namespace aeromq::chaos::hostile {
namespace {

constexpr int kShakeMs = 3000;
constexpr std::size_t kGreeting = 64;
constexpr std::size_t kShortFrame = 255;
constexpr std::uint8_t kLong = 2;
constexpr std::uint8_t kCommand = 4;
constexpr std::size_t kCookie = 96;

using hostile::append;
void append(Bytes& to, std::string_view more) { append(to, as_bytes(more)); }

void append_size(Bytes& to, std::uint64_t size, int octets) {
  constexpr int kOctet = 8;
  for (int shift = (octets - 1) * kOctet; shift >= 0; shift -= kOctet)
    to.push_back(static_cast<std::uint8_t>(size >> shift));
}

// A name with its length before it: of a command and of a property.
void append_name(Bytes& to, std::string_view name) {
  to.push_back(static_cast<std::uint8_t>(name.size()));
  append(to, name);
}

void append_property(Bytes& to, std::string_view name, std::string_view value) {
  append_name(to, name);
  append_size(to, value.size(), 4);
  append(to, value);
}

std::array<std::uint8_t, 32> key_of(const std::string& z85) {
  std::array<std::uint8_t, 32> key{};
  if (zmq_z85_decode(key.data(), z85.c_str()) == nullptr) throw std::runtime_error("no Z85 key");
  return key;
}

using Nonce = std::array<std::uint8_t, crypto_box_NONCEBYTES>;

Nonce nonce_of(std::string_view name, ByteView rest) {
  Nonce nonce{};
  std::ranges::copy(name, nonce.begin());
  std::ranges::copy(rest, nonce.begin() + static_cast<std::ptrdiff_t>(name.size()));
  return nonce;
}

Bytes box(ByteView plain, const Nonce& nonce, const std::array<std::uint8_t, 32>& to,
          const std::array<std::uint8_t, 32>& from) {
  Bytes out(plain.size() + crypto_box_MACBYTES);
  if (crypto_box_easy(out.data(), plain.data(), plain.size(), nonce.data(), to.data(),
                      from.data()) != 0)
    throw std::runtime_error("crypto_box_easy");
  return out;
}

std::optional<Bytes> unbox(ByteView sealed, const Nonce& nonce,
                           const std::array<std::uint8_t, 32>& from,
                           const std::array<std::uint8_t, 32>& to) {
  if (sealed.size() < crypto_box_MACBYTES) return std::nullopt;
  Bytes out(sealed.size() - crypto_box_MACBYTES);
  if (crypto_box_open_easy(out.data(), sealed.data(), sealed.size(), nonce.data(), from.data(),
                           to.data()) != 0)
    return std::nullopt;
  return out;
}

}  // namespace

void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes zmtp_frame(ByteView body, std::uint8_t flags) {
  Bytes out;
  const bool is_long = body.size() > kShortFrame;
  out.push_back(is_long ? flags | kLong : flags);
  append_size(out, body.size(), is_long ? 8 : 1);
  append(out, body);
  return out;
}

Bytes greeting(std::string_view mechanism, std::uint8_t major, std::uint8_t minor) {
  Bytes out{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, major, minor};
  append(out, mechanism);
  out.resize(kGreeting);
  return out;
}

std::array<std::uint8_t, 8> CurvePeer::next_nonce() {
  Bytes octets;
  append_size(octets, ++nonce_, 8);
  std::array<std::uint8_t, 8> nonce{};
  std::ranges::copy(octets, nonce.begin());
  return nonce;
}

Bytes CurvePeer::hello() {
  constexpr std::size_t kPadding = 72;
  constexpr std::size_t kZeros = 64;
  crypto_box_keypair(own_public_.data(), own_secret_.data());
  const auto nonce = next_nonce();
  Bytes body;
  append_name(body, "HELLO");
  append_size(body, 1, 1);
  append_size(body, 0, 1);
  body.resize(body.size() + kPadding);
  append(body, own_public_);
  append(body, nonce);
  append(body, box(Bytes(kZeros), nonce_of("CurveZMQHELLO---", nonce), server_, own_secret_));
  return zmtp_frame(body, kCommand);
}

Bytes CurvePeer::hello_of_stranger(const std::string& server_key) {
  CurvePeer peer{RawSocket{}};
  peer.server_ = key_of(server_key);
  auto octets = greeting("CURVE");
  append(octets, peer.hello());
  return octets;
}

// The body of the command behind its name.
std::optional<Bytes> CurvePeer::read_command(std::string_view name, Clock::time_point end) {
  const auto head = socket_.receive(2, end);
  if (!head || ((*head)[0] & kLong) != 0) return std::nullopt;
  auto body = socket_.receive((*head)[1], end);
  if (!body || body->size() < name.size() + 1) return std::nullopt;
  if (!std::ranges::equal(ByteView(*body).subspan(1, name.size()), as_bytes(name)))
    return std::nullopt;
  body->erase(body->begin(), body->begin() + static_cast<std::ptrdiff_t>(name.size() + 1));
  return body;
}

bool CurvePeer::shake_hands(const transport::KeyPair& keys, std::string_view socket_type) {
  constexpr std::size_t kNonce = 16;
  constexpr std::size_t kKey = 32;
  const auto end = Clock::now() + std::chrono::milliseconds(kShakeMs);
  const auto own = key_of(keys.public_key);
  const auto secret = key_of(keys.secret_key);
  if (!socket_.send(greeting("CURVE"), end) || !socket_.receive(kGreeting, end)) return false;
  if (!socket_.send(hello(), end)) return false;
  const auto welcome = read_command("WELCOME", end);
  if (!welcome || welcome->size() < kNonce) return false;
  const ByteView told(*welcome);
  const auto opened =
      unbox(told.subspan(kNonce), nonce_of("WELCOME-", told.first(kNonce)), server_, own_secret_);
  if (!opened || opened->size() != kKey + kCookie) return false;
  std::copy_n(opened->begin(), kKey, server_short_.begin());

  std::array<std::uint8_t, kNonce> vouch_nonce{};
  process::fill_random(vouch_nonce);
  Bytes promise;
  append(promise, own_public_);
  append(promise, server_);
  Bytes inner;
  append(inner, own);
  append(inner, vouch_nonce);
  append(inner, box(promise, nonce_of("VOUCH---", vouch_nonce), server_short_, secret));
  append_property(inner, "Socket-Type", socket_type);
  append_property(inner, "Identity", "");
  const auto nonce = next_nonce();
  Bytes initiate;
  append_name(initiate, "INITIATE");
  append(initiate, ByteView(*opened).subspan(kKey));
  append(initiate, nonce);
  append(initiate, box(inner, nonce_of("CurveZMQINITIATE", nonce), server_short_, own_secret_));
  return socket_.send(zmtp_frame(initiate, kCommand), end) &&
         read_command("READY", end).has_value();
}

std::optional<CurvePeer> CurvePeer::connect(const Door& door, const transport::KeyPair& keys,
                                            const std::string& source,
                                            std::string_view socket_type) {
  auto socket = RawSocket::dial(door.endpoint, source, kShakeMs);
  if (!socket) return std::nullopt;
  CurvePeer peer{std::move(*socket)};
  peer.server_ = key_of(door.server_key);
  if (!peer.shake_hands(keys, socket_type)) return std::nullopt;
  return peer;
}

Bytes CurvePeer::sealed(ByteView data, bool more, bool command) {
  const auto nonce = next_nonce();
  Bytes plain{static_cast<std::uint8_t>((more ? 1 : 0) | (command ? 2 : 0))};
  append(plain, data);
  Bytes body;
  append_name(body, "MESSAGE");
  append(body, nonce);
  append(body, box(plain, nonce_of("CurveZMQMESSAGEC", nonce), server_short_, own_secret_));
  return zmtp_frame(body, 0);
}

Load pester(const Arena& arena, const Door& door, std::string_view socket_type,
            Clock::time_point end, const std::function<Bytes(CurvePeer&)>& next) {
  constexpr int kPauseMs = 1;
  Load load;
  while (Clock::now() < end) {
    auto peer = CurvePeer::connect(door, arena.observer, arena.source, socket_type);
    if (!peer) {
      ++load.attempts;
      ++load.refused;
      ::poll(nullptr, 0, kPauseMs);
      continue;
    }
    // What nobody closes is ended by the clock: the dummy takes everything.
    while (Clock::now() < end && !peer->socket().ended()) {
      const auto octets = next(*peer);
      ++load.attempts;
      if (!peer->socket().send(octets, end)) {
        ++load.refused;
        break;
      }
      load.octets += octets.size();
    }
  }
  return load;
}

}  // namespace aeromq::chaos::hostile
