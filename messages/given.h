// The sentences that a yes gives back. Whoever asks for a confirmation gives them, the person or
// program repeats them octet for octet, and nothing else is a yes.
#pragma once
#include <optional>

#include "messages/catalogue.h"

namespace aeromq {

struct Given {
  std::string sentence;                 ///< "promote node2 on batman": action, node, cluster
  std::string responsibility_sentence;  ///< for an override; else empty
  friend bool operator==(const Given&, const Given&) = default;
};

/// The sentences of exactly this explanation. Same explanation, same octets.
Given given_for(const Explanation& explanation);

/// What is wrong with the words of a yes; nothing if they are the given ones. Errors, each with the
/// field of Confirm: CONFIRMATION_MISMATCH, RESPONSIBILITY_NOT_ACCEPTED, and INVALID_INPUT for a
/// sentence of responsibility where none was given.
std::optional<Error> fault_of_words(const Given& given, const std::string& sentence,
                                    const std::string& accept_responsibility);

}  // namespace aeromq
