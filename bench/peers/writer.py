"""A client that writes all the time, and what it saw: gaps between acknowledged rows, rows lost."""

import threading
import time

import psycopg2

import servers


class Writer:
    """One row a commit, each with a number of its own; an unanswered row is never sent again."""

    def __init__(self, nodes, dbname="postgres", user="postgres"):
        hosts = ",".join("127.0.0.1" for _ in nodes)
        ports = ",".join(str(n.port) for n in nodes)
        self._target = (f"host={hosts} port={ports} user={user} dbname={dbname} connect_timeout=2 "
                        "target_session_attrs=read-write application_name=writer")
        self.acknowledged = []      # (row, monotonic time, port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        connection = psycopg2.connect(self._target)
        connection.autocommit = True
        connection.cursor().execute("create table if not exists ledger (id bigint primary key)")
        connection.close()
        self._thread.start()
        servers.poll("100 acknowledged rows", 30, lambda: len(self.acknowledged) >= 100)

    def _work(self):
        row, connection = 0, None
        while not self._stop.is_set():
            try:
                if connection is None:
                    connection = psycopg2.connect(self._target)
                    connection.autocommit = True
                    cursor, port = connection.cursor(), connection.info.port
                row += 1
                cursor.execute("insert into ledger values (%s)", (row,))
                self.acknowledged.append((row, time.monotonic(), port))
                self._stop.wait(0.005)
            except psycopg2.Error:
                if connection is not None:
                    connection.close()
                connection = None
                self._stop.wait(0.01)

    def stop(self):
        self._stop.set()
        self._thread.join(10)

    def outage(self, begin):
        """Longest time without an acknowledged row since then, and whether rows came again."""
        moments = [begin] + [t for _, t, _ in list(self.acknowledged) if t > begin]
        now = time.monotonic()
        gaps = [b - a for a, b in zip(moments, moments[1:])] or [0.0]
        silent = now - moments[-1]
        if silent > 5:
            return f"since {silent:.0f} s, not over"
        return f"{max(gaps):.2f} s"

    def lost(self, node):
        """Acknowledged rows that this server does not have: 'n of m'."""
        told = [row for row, _, _ in list(self.acknowledged)]   # before the look: it goes on writing
        rows = servers.query(node, "select id from ledger", seconds=30)
        if rows is None:
            return "not readable"
        there = {int(r) for r in rows.split()}
        return f"{sum(1 for row in told if row not in there)} of {len(told)}"
