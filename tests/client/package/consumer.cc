// A program of somebody else's: sees client/client.h and nothing of how it is done.
#include <client/client.h>

#include <iostream>

int main() {
#if defined(ZMQ_VERSION) || defined(MSGPACK_VERSION) || defined(TOML_LIB_MAJOR)
#error "the public header shows what it is made of"
#endif
  const auto client = aeromq::client::Client::connect({"ipc:///nowhere", "", "", "", "", "me"});
  std::cout << (client ? "connected" : client.error().code) << '\n';
}
