"""The throw-away cluster that other tests stand on: it is what it says, and leaves nothing behind.

    fixture_test.py SCRIPTS TEMPLATE_CACHE
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPTS, CACHE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PATIENCE_S = 60


def cluster(*arguments, code=0):
    ran = subprocess.run([SCRIPTS + "/pg_cluster", *arguments], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=PATIENCE_S)
    if ran.returncode != code:
        raise AssertionError(f"pg_cluster {arguments}: exit {ran.returncode}\n{ran.stdout}")
    return ran.stdout


def processes_below(folder):
    """Every process that stands in the folder or names it. Not this test's own."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            where = os.readlink(f"/proc/{pid}/cwd")
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().decode(errors="replace")
        except OSError:
            continue
        if int(pid) != os.getpid() and (where + "/").startswith(folder + "/") or folder in words:
            found.append((int(pid), words))
    return found


class Fixture(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aeromq-fixture-")
        os.chmod(self.folder, 0o755)  # the servers may be another user
        self.directory = self.folder + "/pg"
        self.acknowledged = self.folder + "/acknowledged"
        self.writer = None

    def tearDown(self):
        if self.writer and self.writer.poll() is None:
            self.writer.kill()
            self.writer.communicate()
        if os.path.exists(self.directory):
            cluster("down", self.directory)
        shutil.rmtree(self.folder)

    def up(self, *arguments):
        return cluster("up", self.directory, "--template", CACHE, *arguments)

    def status(self):
        return {row["name"]: row
                for row in json.loads(cluster("status", self.directory, "--json"))["nodes"]}

    def psql(self, node, user, database):
        with open(self.directory + "/cluster.json", encoding="utf-8") as f:
            said = json.load(f)
        port = next(n["port"] for n in said["nodes"] if n["name"] == node)
        return [said["bin"] + "/psql", "-XAtqw", "-h", "127.0.0.1", "-p", str(port), "-U", user,
                "-d", database]

    def ask(self, node, sql, user="postgres"):
        ran = subprocess.run([*self.psql(node, user, "postgres"), "-c", sql], text=True,
                             timeout=PATIENCE_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.stdout.strip()

    def wait(self, what, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited in vain: {what}")
            time.sleep(0.02)

    def start_writer(self):
        self.writer = subprocess.Popen(
            [SCRIPTS + "/pg_writer", "run", "--dir", self.directory, "--acknowledged",
             self.acknowledged], stdout=subprocess.PIPE, text=True)

    def acknowledged_count(self):
        if not os.path.exists(self.acknowledged):
            return 0
        with open(self.acknowledged, encoding="ascii") as f:
            return len(f.readlines())

    def end_writer(self):
        self.writer.send_signal(signal.SIGTERM)
        return json.loads(self.writer.communicate(timeout=PATIENCE_S)[0])

    def start_missing(self, node):
        return subprocess.Popen([SCRIPTS + "/pg_writer", "missing", "--dir", self.directory,
                                 "--node", node, "--acknowledged", self.acknowledged],
                                stdout=subprocess.PIPE, text=True)

    def missing(self, node):
        return self.end_missing(self.start_missing(node))

    def end_missing(self, started):
        said = started.communicate(timeout=PATIENCE_S)[0]
        return started.returncode, json.loads(said)["missing"]

    def acknowledge(self, number):
        with open(self.acknowledged, "a", encoding="ascii") as f:
            f.write(f"{number} 1\n")

    def test_is_a_primary_with_standbys_and_leaves_nothing(self):
        lines = self.up().splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["n1", "n2", "n3"])
        self.assertEqual(self.up().splitlines(), lines, "a repeated `up` changes nothing")
        rows = self.status()
        self.assertEqual([rows[n]["in_recovery"] for n in ("n1", "n2", "n3")], [False, True, True])
        self.assertEqual(rows["n1"]["streams_to"], ["n2", "n3"])
        self.assertEqual(self.ask("n2", "SELECT string_agg(slot_name, ',' ORDER BY slot_name)"
                                        " FROM pg_replication_slots"), "n1,n3")
        self.assertEqual(self.ask("n1", "SELECT rolsuper, rolreplication,"
                                        " pg_has_role('pg_monitor', 'MEMBER') FROM pg_roles"
                                        " WHERE rolname = current_user", "aeromq"), "f|t|t")
        # A server that nobody reaps yet, and a child of it that cannot notice, end with the rest.
        os.kill(rows["n3"]["pid"], signal.SIGSTOP)
        cluster("kill", self.directory, "n2")
        cluster("down", self.directory)
        self.assertFalse(os.path.exists(self.directory))
        self.assertEqual(processes_below(self.directory), [])
        cluster("down", self.directory)  # once more: nothing to do

    def test_a_killed_primary_comes_back_with_what_it_acknowledged(self):
        self.up("--synchronous", "ANY 1 (n1,n2,n3)")
        self.assertEqual(self.ask("n3", "SHOW synchronous_standby_names"), "ANY 1 (n1,n2,n3)")
        self.start_writer()
        self.wait("rows", lambda: self.acknowledged_count() > 20)
        cluster("kill", self.directory, "n1")
        self.assertFalse(self.status()["n1"]["running"])
        before = self.acknowledged_count()
        cluster("start", self.directory, "n1")
        self.wait("more rows", lambda: self.acknowledged_count() > before + 20)
        summary = self.end_writer()
        self.assertEqual(summary["acknowledged"], self.acknowledged_count())
        self.assertGreater(summary["longest_gap_ms"], 10)
        self.assertEqual(self.missing("n1"), (0, []))
        # The judge can say no: an id that was never there counts as lost.
        self.acknowledge(987654321)
        self.assertEqual(self.missing("n1"), (1, [987654321]))

    def test_what_is_acknowledged_while_rows_are_counted_is_not_missing(self):
        self.up("--nodes", "n1,n2")
        self.start_writer()
        self.wait("rows", lambda: self.acknowledged_count() > 5)
        self.end_writer()
        holder = subprocess.Popen(self.psql("n1", "app", "app"), stdin=subprocess.PIPE, text=True)
        holder.stdin.write("BEGIN; LOCK TABLE writes;\n")
        holder.stdin.flush()
        waiting = "SELECT count(*) FROM pg_locks WHERE "
        self.wait("the lock", lambda: self.ask(
            "n1", waiting + "granted AND mode = 'AccessExclusiveLock'") == "1")
        counting = self.start_missing("n1")
        self.wait("the count to wait", lambda: self.ask("n1", waiting + "NOT granted") == "1")
        self.acknowledge(987654321)  # as a writer would, had it just been told
        holder.communicate("COMMIT;\n", timeout=PATIENCE_S)
        self.assertEqual(self.end_missing(counting), (0, []))

    def test_refuses_a_folder_that_is_not_its_own(self):
        os.mkdir(self.directory)
        with open(self.directory + "/letter", "w", encoding="ascii") as f:
            f.write("dear")
        self.assertIn("not empty", cluster("up", self.directory, code=1))
        self.assertIn("no cluster", cluster("down", self.directory, code=1))
        self.assertTrue(os.path.exists(self.directory + "/letter"))
        shutil.rmtree(self.directory)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
