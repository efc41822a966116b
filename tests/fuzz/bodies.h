// The body type of every message of the route table, and what must hold of every Step of an actor.
#pragma once
#include <type_traits>

#include "actors/step.h"

namespace aeromq::fuzz {

/// Calls `visit` with std::type_identity<Body> for the body of `type`; false: no such message.
template <class F>
bool visit_body(MessageType type, F&& visit) {
  using T = MessageType;
  const auto as = [&]<class B>(std::type_identity<B> body) {
    visit(body);
    return true;
  };
  switch (type) {
    case T::hello:
      return as(std::type_identity<Hello>{});
    case T::welcome:
      return as(std::type_identity<Welcome>{});
    case T::hello_refused:
      return as(std::type_identity<HelloRefused>{});
    case T::ping:
      return as(std::type_identity<Ping>{});
    case T::pong:
      return as(std::type_identity<Pong>{});
    case T::goodbye:
      return as(std::type_identity<Goodbye>{});
    case T::renew:
      return as(std::type_identity<Renew>{});
    case T::renewed:
      return as(std::type_identity<Renewed>{});
    case T::status_query:
      return as(std::type_identity<StatusQuery>{});
    case T::status:
      return as(std::type_identity<Status>{});
    case T::opened:
      return as(std::type_identity<Opened>{});
    case T::submit:
      return as(std::type_identity<Submit>{});
    case T::confirm:
      return as(std::type_identity<Confirm>{});
    case T::abandon:
      return as(std::type_identity<Abandon>{});
    case T::audit_query:
      return as(std::type_identity<AuditQuery>{});
    case T::observe:
      return as(std::type_identity<Observe>{});
    case T::survey:
      return as(std::type_identity<Survey>{});
    case T::authorised_confirm:
      return as(std::type_identity<AuthorisedConfirm>{});
    case T::audit_read:
      return as(std::type_identity<AuditRead>{});
    case T::observed:
      return as(std::type_identity<Observed>{});
    case T::surveyed:
      return as(std::type_identity<Surveyed>{});
    case T::acted:
      return as(std::type_identity<Acted>{});
    case T::refused_by_gate:
    case T::refused_by_dispatcher:
    case T::refused_by_explainer:
    case T::refused_by_keeper:
    case T::refused_by_reader:
      return as(std::type_identity<Refused>{});
    case T::explained:
      return as(std::type_identity<Explained>{});
    case T::asked:
      return as(std::type_identity<Asked>{});
    case T::confirmed:
      return as(std::type_identity<Confirmed>{});
    case T::ended:
      return as(std::type_identity<Ended>{});
    case T::audit_answer:
      return as(std::type_identity<AuditAnswer>{});
    case T::confirmation_asked:
      return as(std::type_identity<ConfirmationAsked>{});
    case T::dispatch:
      return as(std::type_identity<Dispatch>{});
    case T::result:
      return as(std::type_identity<RequestResult>{});
    case T::error:
    case T::broker_error:
      return as(std::type_identity<ErrorAnswer>{});
    case T::audit_result:
      return as(std::type_identity<AuditResult>{});
    case T::void_confirmation:
      return as(std::type_identity<VoidConfirmation>{});
    case T::report:
      return as(std::type_identity<Report>{});
    case T::probe:
      return as(std::type_identity<Probe>{});
    case T::reported:
      return as(std::type_identity<Reported>{});
    case T::none:
      break;
  }
  return false;
}

/// round_trip of `body` as the body of `type`; true if it was accepted.
bool round_trip_as(MessageType type, ByteView body);

/// Sends only along the route table, bodies that their receiver can read and that fit a message;
/// records only from the writer, calls only from the dispatcher.
void expect_step(ActorRole role, const Step& step);

}  // namespace aeromq::fuzz
