// The audit writer's boundary: the log. A record counts as durable only when commit() has returned.
#pragma once
#include "actors/runtime/boundary.h"
#include "actors/writer/disk_room.h"
#include "audit/log_writer.h"
#include "messages/newest_fact.h"

namespace aeromq {

class LogBoundary final : public runtime::Boundary {
 public:
  /// `writer` must outlive the boundary. `dir`: the log's; empty: no newest fact is kept.
  explicit LogBoundary(audit::LogWriter& writer, std::string dir = {})
      : writer_(writer), dir_(std::move(dir)) {}

  /// Reads what the log has beyond its newest fact, all of it if there is none: a log of the first
  /// version, or a run that ended between the two files. Before anything else.
  Result<void> catch_up();

  Result<void> persist(const std::vector<Record>& records) override;
  Result<void> idle(const Moment& now) override;
  /// How much room there is for records.
  DiskRoom room() const { return {room_, dir_}; }

 private:
  Result<void> remember(const std::vector<Record>& records);
  void look_at_room();

  audit::LogWriter& writer_;
  std::string dir_;
  NewestFact fact_;
  bool busy_ = false;
  bool fact_waits_ = false;  ///< the newest fact could not be written: the disk was full
  Room room_ = Room::enough;
};

}  // namespace aeromq
