// One command on its way to a confirmation and its end: asked, shown, answered by a person or a
// program, told. The request id is told before anything that could execute is sent; from the
// confirmation on only an answer says what happened, so an interrupt is "unknown" then.
#pragma once
#include "client/ctl/inputs.h"
#include "client/ctl/verbs.h"

namespace aeromq::ctl {

using Instant = std::chrono::steady_clock::time_point;

/// How it ended.
struct Ended {
  int exit_code = kExitFault;
  Outcome outcome = Outcome::not_executed;
  RequestId request;
  std::optional<Instant> sent;  ///< when the confirmation left; nothing: it never did
  Instant at;                   ///< when the end was known
};

/// Leads `command` to its end and tells it. A new request, sent once.
Ended lead_to_its_end(const Common& common, Inputs& inputs, client::Client& client,
                      const Submit& command, Asking asking);

/// What is wrong with these commands before anything is sent: their words, or no terminal to ask
/// at.
std::optional<Error> wrong_before(const Common& common, std::span<const Submit> commands,
                                  Asking asking);

/// One line for a program. False if it could not be written.
bool print_line(const Json& value);

}  // namespace aeromq::ctl
