// Result<T>: a value or an Error. The one place that names the expected library.
#pragma once
#include <tl/expected.hpp>

#include "messages/error.h"

namespace aeromq {

template <class T>
using Result = tl::expected<T, Error>;

/// The failed side of a Result: `return fail(make_error(...));`
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace aeromq
