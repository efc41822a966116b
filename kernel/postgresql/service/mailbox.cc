#include "kernel/postgresql/service/mailbox.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace aeromq::postgresql {

struct Mailbox::Shared {
  std::mutex mutex;
  std::vector<Letter> letters;
};

Mailbox::Mailbox()
    : shared_(std::make_unique<Shared>()), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Mailbox::~Mailbox() {
  if (fd_ >= 0) ::close(fd_);
}

void Mailbox::put(Letter letter) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->letters.push_back(std::move(letter));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

std::vector<Mailbox::Letter> Mailbox::take_all() {
  std::uint64_t count = 0;
  // Emptied before the letters are taken: one that comes in between wakes us once more.
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->letters, {});
}

struct Runner::Shared {
  std::mutex mutex;
  std::condition_variable came;
  std::deque<Errand> errands;
};

Runner::Runner(const char* name) : shared_(std::make_shared<Shared>()) {
  std::thread thread([shared = shared_] {
    for (;;) {
      std::unique_lock lock(shared->mutex);
      shared->came.wait(lock, [&] { return !shared->errands.empty(); });
      const auto errand = std::move(shared->errands.front());
      shared->errands.pop_front();
      lock.unlock();
      errand();
    }
  });
  ::pthread_setname_np(thread.native_handle(), name);
  thread.detach();
}

void Runner::put(Errand errand) {
  const std::lock_guard lock(shared_->mutex);
  shared_->errands.push_back(std::move(errand));
  shared_->came.notify_one();
}

}  // namespace aeromq::postgresql
