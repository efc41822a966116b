// audit tail|query|timeline|verify|export: over the road as an auditor, or offline from a log's
// files. Never writes to the log.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iterator>

#include "audit/export.h"
#include "audit/query.h"
#include "client/ctl/link.h"
#include "client/ctl/verbs.h"
#include "process/output.h"

namespace aeromq::ctl {
namespace {

using Ask = std::function<Result<AuditPage>(const AuditQuery&)>;
using Take = std::function<Result<void>(AuditPage&)>;

/// Asks page after page up to what was durable at the first: reading adds records of its own.
Result<AuditPage> ask_all(const Ask& ask, AuditQuery query, const Take& take) {
  auto page = ask(query);
  if (!page) return page;
  const auto last = page->durable;
  auto left = query.limit;
  for (;;) {
    std::erase_if(page->records, [&](const auto& one) { return one.record.seq > last; });
    const auto got = page->records.size();
    if (auto taken = take(*page); !taken) return fail(taken.error());
    const auto next = page->next_seq;
    const bool pages = query.kind == AuditQueryKind::query ||
                       query.kind == AuditQueryKind::export_ ||
                       query.kind == AuditQueryKind::verify;
    if (!pages || next == 0 || next <= query.from_seq || next > last) return page;
    if (query.limit != 0) {
      left = left > got ? left - got : 0;
      if (left == 0) return page;
      query.limit = left;
    }
    query.from_seq = next;
    page = ask(query);
    if (!page) return page;
  }
}

/// Offline there is no control plane that could have refused: 1, as docs/audit-log.md has it.
int show_failure(const Common& common, const AuditWish& wish, const Error& error) {
  const int code = show_error(common, error);
  return !wish.log.empty() && error.code == error_row(ErrorCode::audit_unreadable).code ? kExitFault
                                                                                        : code;
}

Error not_written(const std::string& file) {
  return make_error(ErrorCode::invalid_input,
                    "the export to " + file + " can't be written: " + std::strerror(errno),
                    std::string("file"));
}

/// One JSON line per record, with its stored octets.
std::string lines_of(const AuditPage& page) {
  std::string lines;
  for (const auto& record : page.records) lines += audit::json_line(record) + '\n';
  return lines;
}

/// A part of the log looks like a log: what is not whole does not stay.
int export_to_file(const Common& common, const AuditWish& wish, const Ask& ask) {
  const int fd = ::open(wish.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  if (file == nullptr) return show_error(common, not_written(wish.file));
  bool whole = true;
  const auto done = ask_all(ask, wish.query, [&](AuditPage& page) -> Result<void> {
    whole = std::fputs(lines_of(page).c_str(), file) >= 0 && std::fflush(file) == 0;
    return whole ? Result<void>() : fail(not_written(wish.file));
  });
  const bool closed = std::fclose(file) == 0;
  if (done && closed) return kExitDone;
  const auto error = done ? not_written(wish.file) : done.error();
  ::unlink(wish.file.c_str());
  const int code = show_failure(common, wish, error);
  return whole && closed ? code : kExitUnwritten;
}

int run_export(const Common& common, const AuditWish& wish, const Ask& ask) {
  if (!wish.file.empty()) return export_to_file(common, wish, ask);
  bool whole = true;
  const auto done = ask_all(ask, wish.query, [&](AuditPage& page) -> Result<void> {
    whole = process::put(lines_of(page));
    return whole ? Result<void>() : fail(Error{});
  });
  return done || !whole ? kExitDone : show_failure(common, wish, done.error());
}

/// A verification that goes on for minutes says so, to a person.
void show_progress(AuditQueryKind kind, const AuditPage& page) {
  if (kind != AuditQueryKind::verify || ::isatty(STDERR_FILENO) != 1) return;
  if (page.next_seq != 0)
    std::fprintf(stderr, "\rverified: %llu of %llu records ",
                 static_cast<unsigned long long>(page.next_seq - 1),
                 static_cast<unsigned long long>(page.durable));
  else
    std::fprintf(stderr, "\r\x1b[K");
}

int show_page(const Common& common, const AuditWish& wish, const Ask& ask) {
  AuditPage all;
  const auto keep = [&](AuditPage& page) -> Result<void> {
    auto records = std::move(all.records);
    std::ranges::move(page.records, std::back_inserter(records));
    all = std::move(page);
    page.next_seq = all.next_seq;
    all.records = std::move(records);
    show_progress(wish.query.kind, all);
    return {};
  };
  if (const auto done = ask_all(ask, wish.query, keep); !done)
    return show_failure(common, wish, done.error());
  show(common.format, audit_text(all), to_json(all));
  if (wish.query.kind != AuditQueryKind::verify) return kExitDone;
  return all.exit_code < 256 ? static_cast<int>(all.exit_code) : kExitFault;
}

}  // namespace

int run_audit(const Common& common, AuditWish wish) {
  if (!wish.query.request.empty()) {
    const auto request = RequestId::parse(wish.query.request);
    if (!request) return show_error(common, request.error());
    wish.query.request = request->text();
  }
  const auto run = [&](const Ask& ask) {
    return wish.query.kind == AuditQueryKind::export_ ? run_export(common, wish, ask)
                                                      : show_page(common, wish, ask);
  };
  if (!wish.log.empty()) {
    auto reader = audit::LogReader::open(wish.log, {});
    if (!reader) return show_failure(common, wish, reader.error());
    return run([&](const AuditQuery& query) { return audit::answer_query(*reader, query); });
  }
  auto client = open_client(common);
  if (!client) return show_error(common, client.error());
  return run([&](const AuditQuery& query) -> Result<AuditPage> {
    auto reading = client->audit(query);
    if (!reading) return fail(reading.error());
    return std::move(reading->page);
  });
}

}  // namespace aeromq::ctl
