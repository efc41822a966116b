// The fields of an event, once: the writer, the reader, the hash and the picture's tooltips go
// through this list, so none can forget one.
#pragma once
#include "chaos/history/event.h"

namespace aeromq::chaos {

/// Calls `text(name, member)` for each text field, `number(name, member)` for each number (without
/// seq and kind), in the order of the file. `event` may be const.
template <class E, class Text, class Number>
void for_each_field(E& event, Text&& text, Number&& number) {
  number("at_ns", event.at_ns);
  text("lane", event.lane);
  number("run", event.run);
  text("request", event.request);
  text("principal", event.principal);
  text("what", event.what);
  text("command", event.command);
  text("node", event.node);
  text("digest", event.digest);
  text("token", event.token);
  text("verdict", event.verdict);
  text("code", event.code);
  text("text", event.text);
  text("peer", event.peer);
  text("before", event.before);
  text("after", event.after);
  number("number", event.number);
  number("epoch", event.epoch);
}

}  // namespace aeromq::chaos
