// Where the audit reader's queries are worked on: threads over the log's files, so that the actor
// answers the broker's pings however long a scan takes.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "actors/reader/audit_reader.h"
#include "audit/query.h"

namespace aeromq {

/// Its threads begin with the first query, and end with the process.
class LogDesk {
 public:
  static constexpr std::size_t kThreads = 3;
  static constexpr std::size_t kMostWaiting = 64;
  /// After this a page ends where it stands, and says where to go on.
  static constexpr std::uint64_t kPageMs = 3000;
  /// A short query is waited for this long, so that it is answered at once.
  static constexpr std::uint64_t kShortMs = 20;

  LogDesk(std::string dir, std::string watermark);
  AuditReader::Desk desk();

 private:
  struct Asked {
    RequestId request;
    AuditQuery query;
  };
  bool ask(const RequestId& request, const AuditQuery& query);
  std::vector<AuditReader::Answered> answered();
  void work();
  Result<AuditPage> look_up(std::optional<audit::LogReader>& log, const AuditQuery& query);

  std::string dir_;
  std::string watermark_;
  audit::VerifyJobs jobs_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable ready_;
  std::deque<Asked> waiting_;
  std::vector<AuditReader::Answered> done_;
  bool begun_ = false;
};

}  // namespace aeromq
