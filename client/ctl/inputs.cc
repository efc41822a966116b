#include "client/ctl/inputs.h"

#include <poll.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace aeromq::ctl {
namespace {

bool watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

Inputs::Inputs() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0 || !watch(epoll_, stop_.fd())) std::abort();
}

Inputs::~Inputs() { ::close(epoll_); }

void Inputs::watch_lines() {
  if (lines_) return;
  lines_ = true;
  if (!ended_) plain_file_ = !watch(epoll_, STDIN_FILENO);
}

void Inputs::ignore_lines() {
  if (!lines_) return;
  lines_ = false;
  if (!plain_file_ && !ended_) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
}

void Inputs::forget_typed() {
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  buffer_.clear();
}

bool Inputs::interrupted() {
  if (stop_.next()) interrupted_ = true;
  return interrupted_;
}

std::optional<std::string> Inputs::next_line() {
  while (lines_ && !ended_ && buffer_.find('\n') == std::string::npos) {
    if (!plain_file_ && !readable(STDIN_FILENO)) return std::nullopt;
    char piece[4096];
    const auto got = ::read(STDIN_FILENO, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) buffer_.append(piece, static_cast<std::size_t>(got));
    if (got <= 0 || buffer_.size() > kMaxLine) {
      ended_ = true;
      // Else an ended input would wake us for ever.
      if (!plain_file_) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, STDIN_FILENO, nullptr);
    }
  }
  const auto end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Event wait_for_event(client::Client& client, Inputs& inputs) {
  for (;;) {
    if (inputs.interrupted()) return {Woken::interrupted, {}, {}};
    if (auto answered = client.next_answer(0)) return {Woken::answer, std::move(answered), {}};
    if (auto line = inputs.next_line()) return {Woken::line, {}, std::move(*line)};
    if (inputs.ended()) return {Woken::no_more_lines, {}, {}};
    client.poll(inputs.always_ready() ? 0 : -1, inputs.fd());
  }
}

std::optional<client::Answered> wait_for_answer(client::Client& client, Inputs& inputs) {
  for (;;) {
    if (auto answered = client.next_answer(0)) return answered;
    if (inputs.interrupted()) return std::nullopt;
    client.poll(-1, inputs.fd());
  }
}

}  // namespace aeromq::ctl
