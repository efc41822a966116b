#include "chaos/postgresql/sql.h"

#include <libpq-fe.h>

namespace aeromq::chaos::postgresql {
namespace {

void note_warning(void* warned, const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::string(severity) == "WARNING") *static_cast<bool*>(warned) = true;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

void Session::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Session::Session(const std::string& conninfo)
    : connection_(PQconnectdb(conninfo.c_str())), warned_(std::make_unique<bool>(false)) {
  PQsetNoticeReceiver(connection_.get(), note_warning, warned_.get());
}
Session::~Session() = default;

bool Session::alive() const { return PQstatus(connection_.get()) == CONNECTION_OK; }
std::string Session::error() const { return PQerrorMessage(connection_.get()); }

SqlEnd Session::run(const std::string& sql) {
  *warned_ = false;
  SqlEnd end;
  auto* result = PQexec(connection_.get(), sql.c_str());
  const auto status = PQresultStatus(result);
  end.done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  end.sqlstate = field(result, PG_DIAG_SQLSTATE);
  if (!end.done) end.message = PQerrorMessage(connection_.get());
  for (int row = 0; end.done && row < PQntuples(result); ++row) {
    auto& taken = end.rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column)
      taken.emplace_back(PQgetvalue(result, row, column));
  }
  PQclear(result);
  end.warned = *warned_;
  end.alive = alive();
  return end;
}

std::optional<std::vector<SqlRow>> Session::ask(const std::string& sql) {
  auto end = run(sql);
  if (!end.done) return std::nullopt;
  return std::move(end.rows);
}

}  // namespace aeromq::chaos::postgresql
