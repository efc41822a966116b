// One thread that does one job after the other, so that questions are answered meanwhile. What a
// finished job leaves to be done is done by the thread that owns the Worker.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace aeromq::postgresql {

class Worker {
 public:
  using After = std::function<void()>;  ///< may be empty
  using Job = std::function<After()>;

  Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  ///< the job at hand ends first; those that wait are dropped

  void post(Job job);
  bool idle();                    ///< nothing is done, waits, or is left to be taken up
  int fd() const { return fd_; }  ///< readable when a job has ended
  void finish();                  ///< does what ended jobs left; of the owner's thread

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::deque<After> ended_;
  bool busy_ = false;
  bool over_ = false;
  int fd_ = -1;
  std::thread thread_;
};

}  // namespace aeromq::postgresql
