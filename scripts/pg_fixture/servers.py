"""Starts, stops, kills and asks the servers of a cluster."""
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from . import processes
from .cluster import Fault, run

START_S = 60
STREAM_S = 60


def each(nodes, work):
    """Does the work for all nodes side by side; the first Fault is raised when all have ended."""
    nodes = list(nodes)
    with ThreadPoolExecutor(max(len(nodes), 1)) as pool:
        return [done.result() for done in [pool.submit(work, node) for node in nodes]]


def psql(cluster, node, sql, user="postgres", more="dbname=postgres", check=True):
    """What a server answers, one line per row, fields split by |. None: no answer (check=False)."""
    target = f"host={node.host} port={node.port} user={user} connect_timeout=2 {more}"
    ran = run([cluster.bin + "/psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", sql],
              check=check)
    return ran.stdout.strip() if ran.returncode == 0 else None


def start(cluster, node):
    """True: started; False: it ran already."""
    if processes.postmaster(node.data):
        return False
    if not os.path.isdir(node.data):
        raise Fault(f"{node.name} has no data directory")
    # A killed server's children end a moment after it; until then its shared memory is in use.
    processes.wait_ended(processes.servers(node.data), 5)
    # And its number is in use until it is reaped, which its lock file takes for a running server.
    processes.wait_reaped(processes.named_by_lock_file(node.data), 5)
    began = os.path.getsize(node.log) if os.path.exists(node.log) else 0
    ran = run([cluster.bin + "/pg_ctl", "start", "-D", node.data, "-l", node.log, "-w", "-t",
               str(START_S)], check=False, timeout=START_S + 10)
    if ran.returncode:
        with open(node.log, encoding="utf-8", errors="replace") as f:
            f.seek(began)
            raise Fault(f"{node.name} did not start:\n{ran.stdout.strip()}\n{f.read().strip()}")
    return True


def stop(cluster, node, mode="fast"):
    """True: stopped; False: it did not run."""
    if not processes.postmaster(node.data):
        return False
    run([cluster.bin + "/pg_ctl", "stop", "-D", node.data, "-m", mode, "-w", "-t", str(START_S)],
        timeout=START_S + 10)
    return True


def kill(node):
    """SIGKILL for the postmaster alone, as a crash; returns when it and its children have ended."""
    pid = processes.postmaster(node.data)
    if not pid:
        return False
    children = processes.servers(node.data) - {pid}
    processes.send([pid], signal.SIGKILL)
    if processes.wait_ended([pid], 10):
        raise Fault(f"{node.name}: process {pid} was killed and has not ended")
    # Its children notice at once, unless somebody stopped them.
    processes.wait_ended(children, 2)
    processes.kill_servers(node.data)
    return True


def end(node):
    """No process and no shared memory of this node is left; what it had not written is lost."""
    pid = processes.postmaster(node.data)
    if pid:
        processes.send([pid], signal.SIGQUIT)
        processes.wait_ended([pid], 3)
    processes.kill_servers(node.data)
    remove_shared_memory(node.data)


def remove_shared_memory(data):
    """A killed server leaves the segment that its pid file names. Other segments are not ours."""
    lines = processes.read(os.path.join(data, "postmaster.pid")).split(b"\n")
    named = lines[6].split() if len(lines) > 6 else []
    for row in processes.read("/proc/sysvipc/shm").splitlines()[1:]:
        fields = row.split()
        if len(named) == 2 and fields[:2] == named and fields[6] == b"0":
            subprocess.run(["ipcrm", "-m", named[1].decode()], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def primary(cluster):
    """The first node that is out of recovery, or None."""
    for node in cluster.nodes:
        if psql(cluster, node, "SELECT pg_is_in_recovery()", check=False) == "f":
            return node
    return None


def wait_streaming(cluster):
    """Until every other node streams from the primary."""
    wanted = {node.name for node in cluster.nodes}
    deadline = time.monotonic() + STREAM_S
    seen = "no primary"
    while time.monotonic() < deadline:
        node = primary(cluster)
        if node:
            rows = psql(cluster, node, "SELECT application_name FROM pg_stat_replication"
                                       " WHERE state = 'streaming'", check=False) or ""
            if wanted <= set(rows.split()) | {node.name}:
                return node
            seen = f"from {node.name} stream: {rows.split()}"
        time.sleep(0.05)
    raise Fault(f"not all nodes stream after {STREAM_S} s; {seen}")


STATUS = """SELECT pg_is_in_recovery(),
  CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
       ELSE pg_current_wal_flush_lsn() END,
  (SELECT string_agg(application_name, ',' ORDER BY application_name) FROM pg_stat_replication
   WHERE state = 'streaming')"""


def status(cluster, node):
    """What the files, the process table and the server itself say of one node."""
    pid = processes.postmaster(node.data)
    said = {"name": node.name, "host": node.host, "port": node.port, "pid": pid,
            "running": pid is not None, "answers": False,
            "standby_signal": os.path.exists(node.data + "/standby.signal")}
    row = psql(cluster, node, STATUS, check=False) if pid else None
    if row:
        recovery, position, streamers = row.split("|")
        system = psql(cluster, node, "IDENTIFY_SYSTEM", "repl", "replication=1", check=False)
        said.update(answers=True, in_recovery=recovery == "t", position=position,
                    timeline=int(system.split("|")[1]) if system else None,
                    streams_to=streamers.split(",") if streamers else [])
    return said
