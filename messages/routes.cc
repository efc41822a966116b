#include "messages/routes.h"

#include <algorithm>

namespace aeromq {
namespace {

using enum ActorRole;
using T = MessageType;

// `none` in `follows` = opens a request: nothing came before it.
constexpr std::array kRoutes{
    Route{T::hello, "hello", client, broker, {}},
    Route{T::welcome, "welcome", broker, client, {}},
    Route{T::hello_refused, "hello_refused", broker, client, {}},
    Route{T::ping, "ping", broker, client, {}},
    Route{T::pong, "pong", client, broker, {}},
    Route{T::goodbye, "goodbye", broker, client, {}},
    Route{T::renew, "renew", client, broker, {}},
    Route{T::renewed, "renewed", broker, client, {}},
    Route{T::status_query, "status_query", client, broker, {}},
    Route{T::status, "status", broker, client, {}},
    Route{T::opened, "opened", dispatcher, broker, {}},

    Route{T::submit, "submit", client, gate, {T::none}},
    Route{T::confirm, "confirm", client, gate, {T::confirmation_asked}},
    Route{T::abandon, "abandon", client, keeper, {T::confirmation_asked}},
    Route{T::audit_query, "audit_query", client, gate, {T::none}},

    Route{T::observe, "observe", gate, dispatcher, {T::submit}},
    Route{T::survey, "survey", gate, dispatcher, {T::submit}},
    Route{T::authorised_confirm, "authorised_confirm", gate, keeper, {T::confirm}},
    Route{T::audit_read, "audit_read", gate, reader, {T::audit_query}},
    Route{T::refused_by_gate, "refused_by_gate", gate, writer,
          {T::submit, T::confirm, T::audit_query}},

    Route{T::observed, "observed", dispatcher, writer, {T::observe}},
    Route{T::surveyed, "surveyed", dispatcher, explainer, {T::survey}},
    Route{T::acted, "acted", dispatcher, writer, {T::dispatch}},
    Route{T::refused_by_dispatcher, "refused_by_dispatcher", dispatcher, writer,
          {T::observe, T::survey, T::dispatch}},

    Route{T::explained, "explained", explainer, keeper, {T::surveyed}},
    Route{T::refused_by_explainer, "refused_by_explainer", explainer, writer, {T::surveyed}},

    Route{T::asked, "asked", keeper, writer, {T::explained}},
    Route{T::confirmed, "confirmed", keeper, writer, {T::authorised_confirm}},
    // The token's clock is the keeper's alone, so its end may cross anything on the way.
    Route{T::ended, "ended", keeper, writer,
          {T::asked, T::confirmation_asked, T::abandon, T::void_confirmation, T::confirm,
           T::authorised_confirm}},
    Route{T::refused_by_keeper, "refused_by_keeper", keeper, writer,
          {T::explained, T::authorised_confirm, T::abandon}},

    Route{T::audit_answer, "audit_answer", reader, writer, {T::audit_read}},
    Route{T::refused_by_reader, "refused_by_reader", reader, writer, {T::audit_read}},

    Route{T::confirmation_asked, "confirmation_asked", writer, client, {T::asked}},
    Route{T::dispatch, "dispatch", writer, dispatcher, {T::confirmed}},
    Route{T::result, "result", writer, client, {T::observed, T::acted}},
    Route{T::error, "error", writer, client,
          // After anything that the writer was given: it also says that it could not record it.
          {T::observed, T::asked, T::confirmed, T::acted, T::ended, T::audit_answer,
           T::refused_by_gate, T::refused_by_dispatcher, T::refused_by_explainer,
           T::refused_by_keeper, T::refused_by_reader}},
    Route{T::audit_result, "audit_result", writer, client, {T::audit_answer}},

    Route{T::void_confirmation, "void_confirmation", broker, keeper, {T::confirmation_asked}},
    Route{T::report, "report", broker, writer, {}},
    Route{T::broker_error, "broker_error", broker, client, {}},
    Route{T::probe, "probe", broker, client, {}},
    Route{T::reported, "reported", writer, broker, {}},
};

}  // namespace

std::span<const Route> route_table() { return kRoutes; }

const Route* find_route(MessageType type) {
  const auto at = std::ranges::find(kRoutes, type, &Route::type);
  return at == kRoutes.end() ? nullptr : &*at;
}

std::string_view name_of(MessageType type) {
  const auto* route = find_route(type);
  return route == nullptr ? "unknown" : route->name;
}

}  // namespace aeromq
