// The kernel process: reads are answered at once, an act is one durable SQLite transaction.
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/bare/roles.h"

namespace aeromq::bench {
namespace {

class Ledger {
 public:
  explicit Ledger(const std::string& path) {
    check(sqlite3_open(path.c_str(), &database_));
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE ledger (id INTEGER PRIMARY KEY, row BLOB)");
    check(sqlite3_prepare_v2(database_, "INSERT INTO ledger (row) VALUES (?)", -1, &insert_,
                             nullptr));
  }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void commit(const void* row, std::size_t size) {
    check(sqlite3_bind_blob(insert_, 1, row, static_cast<int>(size), SQLITE_STATIC));
    if (sqlite3_step(insert_) != SQLITE_DONE) die(sqlite3_errmsg(database_));
    check(sqlite3_reset(insert_));
  }

 private:
  void run(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) {
    if (code != SQLITE_OK) die(sqlite3_errmsg(database_));
  }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) die("the path is too long");
  std::strcpy(address.sun_path, path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 1) != 0)
    die(path);
  return fd;
}

}  // namespace

void run_kernel(const Places& places) {
  Ledger ledger(places.dir + "/ledger.sqlite");
  const int listener = listen_at(places.kernel());
  std::puts("ready");
  std::fflush(stdout);
  const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (peer < 0) die("accept");
  std::array<char, kKernelCall> call{};
  while (::recv(peer, call.data(), call.size(), 0) == static_cast<ssize_t>(call.size())) {
    if (static_cast<Kind>(call[sizeof(std::uint64_t)]) == Kind::confirm)
      ledger.commit(call.data(), call.size());
    if (::send(peer, call.data(), call.size(), MSG_NOSIGNAL) < 0) break;
  }
  std::exit(0);
}

}  // namespace aeromq::bench
