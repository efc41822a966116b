// status: the broker's own word about which parts live.
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"

namespace aeromq::ctl {

int run_status(const Common& common) {
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  const auto status = client->status();
  if (!status) return show_error(common, status.error());
  auto text = status_text(*status);
  auto value = wire_json(*status);
  value["principal"] = client->welcome().principal;
  value["cluster"] = client->welcome().cluster;
  show(common.format, text, value);
  return kExitDone;
}

}  // namespace aeromq::ctl
