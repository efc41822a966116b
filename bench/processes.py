"""The programs that bench/run asks for slices, and the CPU that they use."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

STOP_SECONDS = 15
READY_SECONDS = 60
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def scratch_directory(parent):
    """A short path: the sockets in it must fit in 107 octets."""
    path = tempfile.mkdtemp(prefix="aeromq-bench-", dir=parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Server:
    """One bench_* program. Ends when its standard input does, and takes its children along."""

    def __init__(self, name, command, scratch):
        self.name = name
        self._errors = os.path.join(scratch, name + ".stderr")
        with open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=errors, text=True)
        self.pid = self._process.pid

    def _line(self):
        line = self._process.stdout.readline()
        if not line:
            with open(self._errors, errors="replace") as errors:
                raise RuntimeError(f"{self.name} ended early: {errors.read()[-2000:]}")
        return json.loads(line)

    def await_ready(self):
        self._line()

    def load(self, kind, outstanding, milliseconds):
        self._process.stdin.write(f"{kind} {outstanding} {milliseconds}\n")
        self._process.stdin.flush()
        return self._line()

    def stop(self):
        self._process.stdin.close()
        for end in (lambda: None, self._process.terminate, self._process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
                return

    def plane(self):
        """The pids below the program: everything but the client, which is the program itself."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    children.setdefault(int(_stat(entry)[1]), []).append(int(entry))
        found, todo = [], [self.pid]
        while todo:
            below = children.get(todo.pop(), [])
            found += below
            todo += below
        return found


def _stat(pid):
    """The fields of /proc/PID/stat from the third (state) on."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()


def cpu_seconds(pid):
    """User and system time of all threads that live; ns resolution where the kernel has it."""
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as schedstat:
                total += int(schedstat.read().split()[0])
        return total / 1e9
    except (FileNotFoundError, ProcessLookupError):
        with contextlib.suppress(OSError):
            fields = _stat(pid)
            return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
        return 0.0


def machine_busy_seconds():
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


class Watch:
    """CPU between construction and stop()."""

    def __init__(self, servers, side):
        self._side = servers[side].pid
        self._planes = {name: server.plane() for name, server in servers.items()}
        self._pids = [pid for plane in self._planes.values() for pid in plane]
        self._pids += [server.pid for server in servers.values()] + [os.getpid()]
        self._side_plane = self._planes[side]
        self._begin = self._read()

    def _read(self):
        return (time.monotonic(), machine_busy_seconds(),
                {pid: cpu_seconds(pid) for pid in self._pids})

    def stop(self):
        end = self._read()
        used = {pid: max(0.0, end[2][pid] - self._begin[2][pid]) for pid in self._pids}
        seconds = end[0] - self._begin[0]
        others = max(0.0, end[1] - self._begin[1] - sum(used.values()))
        return {"plane_cpu_s": sum(used[pid] for pid in self._side_plane),
                "client_cpu_s": used[self._side],
                "others_cpu": others / (seconds * (os.cpu_count() or 1))}


def syncs_of(server, action):
    """(fsync and fdatasync calls of the server's plane during `action`, what it returned)."""
    with tempfile.NamedTemporaryFile("r") as trace:
        command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,msync", "-o", trace.name]
        for pid in server.plane():
            command += ["-p", str(pid)]
        strace = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _await_attached(server.plane(), strace)
            result = action()
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait(STOP_SECONDS)
        return sum("sync(" in line for line in trace), result


def _await_attached(pids, strace):
    """Until strace traces every process, by the kernel's own word."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if strace.poll() is not None:
            raise RuntimeError("strace cannot attach (is it installed and allowed to?)")
        traced = 0
        for pid in pids:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:
                traced += f"TracerPid:\t{strace.pid}\n" in status.read()
        if traced == len(pids):
            return
        time.sleep(0.01)
    raise RuntimeError("strace did not attach to every process")
