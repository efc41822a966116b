// The audit writer's boundary: the log. A record counts as durable only when commit() has returned.
#pragma once
#include "actors/runtime/boundary.h"
#include "audit/log_writer.h"

namespace aeromq {

class LogBoundary final : public runtime::Boundary {
 public:
  /// `writer` must outlive the boundary.
  explicit LogBoundary(audit::LogWriter& writer) : writer_(writer) {}

  Result<void> persist(const std::vector<Record>& records) override;
  Result<void> idle(const Moment& now) override;

 private:
  audit::LogWriter& writer_;
  bool busy_ = false;
};

}  // namespace aeromq
