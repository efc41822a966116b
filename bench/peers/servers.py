"""PostgreSQL servers and processes of a fixture: start, look, freeze, and the user they run as."""

import contextlib
import os
import pathlib
import pwd
import random
import signal
import socket
import subprocess
import time

BIN = "/usr/lib/postgresql/15/bin"
USER = "postgres"

# The same for every tool, so that only the tools differ.
PARAMETERS = {
    "shared_buffers": "16MB", "max_connections": "60", "wal_level": "replica", "hot_standby": "on",
    "wal_log_hints": "on", "wal_keep_size": "128MB", "max_wal_senders": "10",
    "max_replication_slots": "10", "wal_receiver_timeout": "5s", "wal_sender_timeout": "5s",
    "wal_retrieve_retry_interval": "200ms", "dynamic_shared_memory_type": "mmap",
    "log_line_prefix": "%m [%p] ",
}


class Node:
    """One PostgreSQL server of the fixture."""

    def __init__(self, name, port, data):
        self.name, self.port, self.data = name, port, str(data)


def as_postgres(command):
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return list(command)
    return ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", *command]


def environment():
    home = pwd.getpwnam(USER).pw_dir if os.getuid() == 0 else os.environ["HOME"]
    return {"PATH": f"{BIN}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": home, "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8", "USER": USER if os.getuid() == 0 else os.environ.get("USER", "")}


def make_folder(path):
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        entry = pwd.getpwnam(USER)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def write_file(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.write_text(text)
    path.chmod(mode)
    if os.getuid() == 0:
        entry = pwd.getpwnam(USER)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def free_ports(count):
    """Below the ports that the system hands out for outgoing connections: a server that is down for a
    while keeps its port. Held together until all are known, so that no two are the same."""
    with contextlib.ExitStack() as stack:
        found = []
        while len(found) < count:
            one = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", random.randrange(12000, 30000)))
                found.append(one.getsockname()[1])
        return found


def run(command, timeout=120, check=True, env=None):
    """Output of a short command that has to work."""
    # A file, because a server that a command starts keeps a pipe open.
    with open("/tmp/peers-output.%d" % os.getpid(), "w+") as output:
        done = subprocess.run(as_postgres(command), stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, timeout=timeout, env=env or environment(),
                              cwd="/tmp", check=False)
        output.seek(0)
        text = output.read()
    os.unlink(output.name)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{text}")
    return text


def poll(what, seconds, condition, step=0.02):
    """Waits for a condition; its value, or an exception that names it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(step)
    raise TimeoutError(f"not within {seconds} s: {what}")


def query(node, sql, user="postgres", database="postgres", seconds=5):
    """Rows as text, or None when the server does not answer."""
    command = ["psql", "-XAtq", "-F", "|", "-c", sql,
               f"host=127.0.0.1 port={node.port} user={user} dbname={database} connect_timeout=2"]
    try:
        done = subprocess.run(as_postgres(command), capture_output=True, text=True, timeout=seconds,
                              env=environment(), cwd="/tmp", check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def postmaster(node):
    """(pid, status) from postmaster.pid, or None."""
    try:
        lines = pathlib.Path(node.data, "postmaster.pid").read_text().split("\n")
        pid = int(lines[0])
        os.kill(pid, 0)
        return pid, lines[7].strip() if len(lines) > 7 else ""
    except (OSError, ValueError, IndexError):
        return None


def children(pid):
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid:
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                found[int(entry.name)] = title
    return found


def child(node, words):
    """The pid of the one child of this server whose title has these words."""
    there = postmaster(node)
    found = [pid for pid, title in children(there[0]).items() if words in title] if there else []
    if len(found) != 1:
        raise RuntimeError(f"{node.name}: {len(found)} processes '{words}'")
    return found[0]


def walsender(primary, standby_name):
    """The process of the primary that sends to this standby."""
    pid = query(primary, "select pid from pg_stat_replication where application_name = "
                f"'{standby_name}'")
    if not pid or not pid.isdigit():
        raise RuntimeError(f"{standby_name} does not stream from {primary.name}: {pid}")
    return int(pid)


@contextlib.contextmanager
def frozen(pid):
    """SIGSTOP, and SIGCONT at the end whatever happens."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def state(node):
    """One phrase: down, primary TLI n, or standby of whom."""
    there = postmaster(node)
    if not there:
        return "down"
    recovery = query(node, "select pg_is_in_recovery()")
    if recovery is None:
        return f"no answer ({there[1] or 'postmaster lives'})"
    if recovery == "f":
        return f"PRIMARY TLI {int(query(node, 'select pg_walfile_name(pg_current_wal_lsn())')[:8], 16)}"
    row = query(node, "select sender_port, received_tli from pg_stat_wal_receiver "
                "where status = 'streaming'")
    return f"standby, from port {row.split('|')[0]} TLI {row.split('|')[1]}" if row else \
        "standby, streams from nobody"


def truth(nodes):
    """What the servers themselves say, ports replaced by names."""
    words = []
    for node in nodes:
        phrase = state(node)
        for other in nodes:
            phrase = phrase.replace(f"port {other.port}", other.name)
        words.append(f"{node.name}: {phrase}")
    return "; ".join(words)


def primaries(nodes):
    return [n for n in nodes if query(n, "select pg_is_in_recovery()") == "f"]


def stop_server(node):
    """Immediate: nothing of it is needed any more."""
    there = postmaster(node)
    if not there:
        return
    for pid in [there[0], *children(there[0])]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    with contextlib.suppress(ProcessLookupError):
        os.kill(there[0], signal.SIGQUIT)
    with contextlib.suppress(TimeoutError):
        poll(f"{node.name} stopped", 20, lambda: not postmaster(node))
