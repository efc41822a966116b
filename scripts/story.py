#!/usr/bin/env python3
"""One night's work, played by itself: what `scripts/demo` shows. Every step checks what it should.

Real processes, real files, real signals: nothing here is staged except the person's typing, which
goes through a pseudo-terminal as a person's would.
"""
import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from stage import (BIN, DIR, PATIENCE_S, Terminal, Unexpected, client, ctl,  # noqa: E402
                   ctrl_c, decided, expect, perform, title, wait_for)


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

    ctrl_c(up)


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


if __name__ == "__main__":
    sys.exit(perform(["up", "--dir", DIR, "--nodes", "a,b,c"], story))
