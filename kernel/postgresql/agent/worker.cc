#include "kernel/postgresql/agent/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace aeromq::postgresql {

Worker::Worker() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) std::abort();
  thread_ = std::thread([this] { work(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
  thread_.join();
  ::close(fd_);
}

void Worker::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_all();
}

bool Worker::idle() {
  const std::lock_guard lock(mutex_);
  return !busy_ && jobs_.empty() && ended_.empty();
}

void Worker::finish() {
  eventfd_t ignored = 0;
  (void)::eventfd_read(fd_, &ignored);
  std::deque<After> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const auto& after : ended)
    if (after) after();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return over_ || !jobs_.empty(); });
    if (over_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    auto after = job();
    lock.lock();
    busy_ = false;
    ended_.push_back(std::move(after));
    ::eventfd_write(fd_, 1);
  }
}

}  // namespace aeromq::postgresql
