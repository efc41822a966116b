// promote, demote, force-promote, diag diagnostics: what a person, or a program with --two-step,
// must confirm.
#include "client/ctl/confirmation.h"
#include "client/ctl/link.h"

namespace aeromq::ctl {

int run_confirmed(const Common& common, const Submit& command, Asking asking) {
  if (auto wrong = wrong_before(common, {&command, 1}, asking)) return show_error(common, *wrong);
  Inputs inputs;
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  return lead_to_its_end(common, inputs, *client, command, asking).exit_code;
}

}  // namespace aeromq::ctl
