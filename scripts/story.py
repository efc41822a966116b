#!/usr/bin/env python3
"""One night's work, played by itself: what `scripts/demo` shows. Every step checks what it should.

Real processes, real files, real signals: nothing here is staged except the person's typing, which
goes through a pseudo-terminal as a person's would.
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/demo/bin")
DIR = tempfile.mkdtemp(prefix="aeromq-demo-")
REQUEST = re.compile(r"request ((?:[0-9A-Z]{4}-){7}[0-9A-Z]{4})")
PATIENCE_S = 30


class Unexpected(Exception):
    pass


def title(text):
    print(f"\n\033[1m--- {text}\033[0m" if sys.stdout.isatty() else f"\n--- {text}", flush=True)


def client(who):
    return os.path.join(DIR, "clients", who + ".toml")


def shown(arguments):
    return "$ aeromq-ctl " + " ".join(f'"{a}"' if " " in a else a for a in arguments)


def expect(what, got, wanted):
    if got != wanted:
        raise Unexpected(f"{what}: exit code {got}, expected {wanted}")


def ctl(*arguments, who="operator", code=0, quiet=False):
    """Runs aeromq-ctl, shows it, checks its exit code, returns what it printed."""
    if not quiet:
        print(shown(arguments) + (f"      (as {who})" if who != "operator" else ""))
    ran = subprocess.run([BIN + "/aeromq-ctl", "-c", client(who), *arguments],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    if not quiet:
        print((ran.stdout + ran.stderr).rstrip())
        if ran.returncode:
            print(f"(exit {ran.returncode})")
    expect(" ".join(arguments), ran.returncode, code)
    return ran.stdout


class Terminal:
    """aeromq-ctl on a terminal, and the person in front of it."""

    def __init__(self, *arguments, who="operator"):
        print(shown(arguments) + (f"      (as {who})" if who != "operator" else ""))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(BIN + "/aeromq-ctl", ["aeromq-ctl", "-c", client(who), *arguments])
        self.seen = ""

    def read_until(self, pattern):
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.seen):
            if time.monotonic() > deadline:
                raise Unexpected(f"waited in vain for {pattern!r} in:\n{self.seen}")
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    data = ""
                if not data:
                    raise Unexpected(f"ended before {pattern!r}:\n{self.seen}")
                self.seen += data
                sys.stdout.write(data.replace("\r\n", "\n"))
                sys.stdout.flush()

    def type(self, text):
        os.write(self.fd, (text + "\n").encode())

    def confirm(self):
        """Types what the prompt asks for, as a person reads it there."""
        self.read_until(r'Type "[^"]+"')
        self.type(re.findall(r'Type "([^"]+)"', self.seen)[-1])

    def request(self):
        return REQUEST.search(self.seen).group(1)

    def end(self, code):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    data = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    data = ""
                if data:
                    self.seen += data
                    sys.stdout.write(data.replace("\r\n", "\n"))
                    continue
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        got = os.waitstatus_to_exitcode(status)
        print(f"(exit {got})")
        expect("the command", got, code)


def pid_of(process):
    """The process id of a part, from the broker's own word or the process table."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/aeromq-" + process.encode()) and any(
                DIR.encode() in word for word in words[1:]) and b"reporter" not in words:
            return int(entry)
    raise Unexpected(f"no process aeromq-{process}")


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Unexpected(f"waited in vain: {what}")
        time.sleep(0.05)


def recorded(request, stage):
    """Is this stage of the request on disk? Read from the files, without the control plane."""
    ran = subprocess.run([BIN + "/aeromq-ctl", "-o", "json", "audit", "timeline", request, "--log",
                          DIR + "/audit"], capture_output=True, text=True, timeout=PATIENCE_S)
    return f'"{stage}"' in ran.stdout


def fresh_reports():
    snapshot = json.loads(ctl("-o", "json", "inspect", "cluster", quiet=True))
    return all(row["stale"] is False for row in snapshot["nodes"])


def reports_as(node, role):
    snapshot = json.loads(ctl("-o", "json", "inspect", "cluster", quiet=True))
    return any(row["node"] == node and row["reported"] == role for row in snapshot["nodes"])


def story(up):
    title("Look: three nodes, node a is the primary")
    wait_for("every node has reported", fresh_reports)
    ctl("inspect", "cluster")

    title("A promotion is refused by the kernel: a primary holds authority")
    terminal = Terminal("promote", "b", "--reason", "OPS-812: disk on a")
    terminal.confirm()
    terminal.end(20)

    title("First demote the old primary: explained, typed, recorded, done")
    terminal = Terminal("demote", "a", "--reason", "OPS-812: disk on a")
    terminal.confirm()
    terminal.end(0)
    wait_for("a's own report under the new epoch", lambda: promotable("b"))

    title("Now promote the replica")
    terminal = Terminal("promote", "b", "--reason", "OPS-812: disk on a")
    terminal.confirm()
    terminal.end(0)
    promoted = terminal.request()
    wait_for("b reports as primary", lambda: reports_as("b", "primary"))
    ctl("inspect", "cluster")

    title("An observer may look, not act")
    ctl("promote", "c", "--reason", "curious", "--two-step", who="observer", code=10)

    title("The same request id again, by a program that repeats itself: refused")
    duplicate()

    title("The dispatcher is killed in the middle of a dispatch")
    kernel = pid_of("kernel")
    terminal = Terminal("demote", "b", "--reason", "OPS-813: kernel update")
    terminal.read_until(r'Type "[^"]+"')
    os.kill(kernel, signal.SIGSTOP)  # a slow kernel: the call stays on its way
    try:
        terminal.confirm()
        lost = terminal.request()
        wait_for("the dispatch is on record", lambda: recorded(lost, "dispatched"))
        dispatcher = pid_of("dispatcher")
        print(f"\n$ kill -9 {dispatcher}      (aeromq-dispatcher)")
        os.kill(dispatcher, signal.SIGKILL)
        terminal.end(30)
    finally:
        os.kill(kernel, signal.SIGCONT)
    title("Did it happen? Only the kernel's ledger can tell")
    wait_for("a new dispatcher", lambda: "dispatcher" in ctl("status", quiet=True))
    wait_for("an answer from the kernel", lambda: decided(lost))
    ctl("outcome", lost)

    title("What was recorded, before each step was taken")
    ctl("audit", "timeline", promoted, who="auditor")
    ctl("audit", "timeline", lost, who="auditor")
    ctl("audit", "verify", who="auditor")

    title("Ctrl-C")
    up.send_signal(signal.SIGINT)
    expect("aeromq up", up.wait(PATIENCE_S), 0)


def decided(request):
    ran = subprocess.run([BIN + "/aeromq-ctl", "-c", client("operator"), "outcome", request],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    return ran.returncode == 0


def promotable(node):
    """Do all of the kernel's checks for this promotion pass, as its explanation shows them?"""
    explained = json.loads(ctl("-o", "json", "explain", "promote", node, quiet=True))
    return all(check["passes"] for check in explained["checks"])


def duplicate():
    ran = subprocess.run(["/usr/bin/python3", os.path.join(os.path.dirname(__file__), "..", "tests",
                                                           "interop", "repeat.py"),
                          client("operator")], capture_output=True, text=True, timeout=PATIENCE_S)
    print((ran.stdout + ran.stderr).rstrip())
    expect("the repeat", ran.returncode, 0)


def main():
    print(f"$ aeromq up --dir {DIR} --nodes a,b,c")
    up = subprocess.Popen([BIN + "/aeromq", "up", "--dir", DIR, "--nodes", "a,b,c"],
                          stdout=subprocess.PIPE, text=True)
    try:
        for line in up.stdout:
            print("  " + line.rstrip())
            if line.strip() == "ready":
                break
        story(up)
        print("\nEach step did what it should.")
        return 0
    except Unexpected as fault:
        print(f"\nFAILED: {fault}", file=sys.stderr)
        return 1
    finally:
        if up.poll() is None:
            up.terminate()
            up.wait(PATIENCE_S)
        shutil.rmtree(DIR, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
