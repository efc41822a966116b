"""Which processes are ours, read from /proc. A pid alone proves nothing: it is used again."""
import os
import signal
import time


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def stat(pid):
    """(state, parent) of a process, or None. Its name may hold spaces and parentheses."""
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (fields[0].decode(), int(fields[1])) if len(fields) > 1 else None


def alive(pid):
    """Also true for a zombie: its pid still blocks the server's lock file."""
    return stat(pid) is not None


def link(path):
    try:
        return os.readlink(path).removesuffix(" (deleted)")
    except OSError:
        return ""


def words(pid):
    return [word.decode(errors="replace") for word in read(f"/proc/{pid}/cmdline").split(b"\0")]


def all_pids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def named_by_lock_file(data):
    """The pid that the lock file of this PGDATA names, in a list, if it names one."""
    first = read(os.path.join(data, "postmaster.pid")).split(b"\n")[0]
    return [int(first)] if first.isdigit() else []


def postmaster(data):
    """The pid of the running postmaster of this PGDATA, or None."""
    return next((pid for pid in named_by_lock_file(data) if alive(pid) and belongs(pid, data)), None)


def belongs(pid, data):
    """A server process stands in its PGDATA and runs `postgres`."""
    return (link(f"/proc/{pid}/cwd") == os.path.realpath(data)
            and os.path.basename(link(f"/proc/{pid}/exe")) == "postgres")


def servers(data):
    """Each server process of this PGDATA, orphans and stopped ones too, and what these started."""
    own = {pid for pid in all_pids() if belongs(pid, data)}
    parents = {pid: found[1] for pid in all_pids() if (found := stat(pid))}
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in own} - own
        own |= children
        grown = bool(children)
    return own


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def wait(pids, seconds, done):
    deadline = time.monotonic() + seconds
    left = set(pids)
    while True:
        left = {pid for pid in left if not done(pid)}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def wait_reaped(pids, seconds):
    """Waits until nothing is left of them, not even a zombie; what is left then."""
    return wait(pids, seconds, lambda pid: not alive(pid))


def wait_ended(pids, seconds):
    """Waits until none runs. A zombie has ended: its parent may be slow, or be this process."""
    return wait(pids, seconds, lambda pid: (stat(pid) or ("Z", 0))[0] == "Z")


def kill_servers(data):
    """SIGKILL for every process of this PGDATA. A loop: a dying server may still start one."""
    for _ in range(100):
        pids = servers(data)
        if not pids:
            return
        send(pids, signal.SIGKILL)
        wait_ended(pids, 1)
