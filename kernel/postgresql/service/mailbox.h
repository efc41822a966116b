// What the kernel process's threads hand to each other: one mailbox that wakes the main thread's
// epoll, and threads that do one errand after another.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace aeromq::postgresql {

class PostgresqlKernel;

/// Results on their way to the main thread. Any thread puts, one takes.
class Mailbox {
 public:
  using Letter = std::function<void(PostgresqlKernel&)>;
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  int fd() const { return fd_; }  ///< readable when something waits
  void put(Letter letter);
  std::vector<Letter> take_all();

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
  int fd_ = -1;
};

/// One thread and its errands, in order. It may be in a blocking call for minutes, so nobody waits
/// for its end: the process ends with it.
class Runner {
 public:
  using Errand = std::function<void()>;
  explicit Runner(const char* name);
  void put(Errand errand);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace aeromq::postgresql
