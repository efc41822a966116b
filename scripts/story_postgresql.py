#!/usr/bin/env python3
"""One night's work on a PostgreSQL cluster: what `scripts/demo --kernel postgresql` shows. A writer is
at work all the time; in the end each row that it was told to be safe is there, or its loss was said.

Real servers, agents and signals, as in story.py. Each step checks what it should. With --secure only up
to the planned switch, over TLS with verify-full and scram, to an IPv4 and an IPv6 address and a name.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from stage import (BIN, DIR, PATIENCE_S, Terminal, Unexpected, ctl, ctrl_c,  # noqa: E402
                   decided, expect, perform, title, wait_for)

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
PLACE = tempfile.mkdtemp(prefix="aeromq-demo-pg-")
CLUSTER = PLACE + "/cluster"
ACKNOWLEDGED = PLACE + "/acknowledged"
AGENT_BIN = PLACE + "/bin"
SLOW_S = 120
SECURE = "--secure" in sys.argv[1:]


def script(name, *arguments, code=0, quiet=False):
    """Runs one of scripts/, shows it, checks its exit code, returns what it printed."""
    if not quiet:
        print(f"$ scripts/{name} " + " ".join(arguments))
    ran = subprocess.run([os.path.join(SCRIPTS, name), *arguments], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SLOW_S)
    if not quiet and ran.stdout:
        print("  " + ran.stdout.rstrip().replace("\n", "\n  "))
    if ran.returncode != code:
        raise Unexpected(f"{name} {arguments}: exit code {ran.returncode}\n{ran.stdout}")
    return ran.stdout


def start_writer():
    command = ["pg_writer", "run", "--dir", CLUSTER, "--acknowledged", ACKNOWLEDGED]
    print("$ scripts/" + " ".join(command) + " &")
    return subprocess.Popen([os.path.join(SCRIPTS, command[0]), *command[1:]],
                            stdout=subprocess.PIPE, text=True)


def acknowledgements():
    """The writer's (id, nanoseconds), oldest first."""
    if not os.path.exists(ACKNOWLEDGED):
        return []
    with open(ACKNOWLEDGED, encoding="ascii") as f:
        return [tuple(map(int, line.split())) for line in f if line.endswith("\n")]


def wait_for_writes():
    before = len(acknowledgements())
    wait_for("the writer is served", lambda: len(acknowledgements()) > before + 20)


def longest_gap_ms(rows):
    return max((b[1] - a[1] for a, b in zip(rows, rows[1:])), default=0) // 1_000_000


def count_rows(node):
    """Which acknowledged rows are missing on this node?"""
    command = ["missing", "--dir", CLUSTER, "--node", node, "--acknowledged", ACKNOWLEDGED]
    print("$ scripts/pg_writer " + " ".join(command))
    ran = subprocess.run([SCRIPTS + "/pg_writer", *command], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=SLOW_S)
    print("  " + (ran.stdout + ran.stderr).strip())
    if ran.returncode not in (0, 1):
        raise Unexpected("the rows could not be counted")
    return json.loads(ran.stdout)["missing"]


def explanation(verb, node):
    return json.loads(ctl("-o", "json", "explain", verb, node, quiet=True))


def failing(verb, node):
    return {check["code"]: check for check in explanation(verb, node)["checks"]
            if not check["passes"]}


def may_be_forced():
    """A survivor that only a person's word separates from write authority."""
    for node in ("n3", "n1"):
        checks = failing("force-promote", node)
        if checks and all(check["overridable"] for check in checks.values()):
            return node
    return None


def agent_status(node):
    command = [AGENT_BIN + "/aeromq-pg-agent", "status", "--config",
               f"{CLUSTER}/{node}/agent/agent.toml"]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         timeout=PATIENCE_S)
    return ran.stdout + ran.stderr


def act(*arguments, code=0):
    """A change as a person makes it at the terminal; its request id."""
    terminal = Terminal(*arguments)
    terminal.confirm()
    terminal.end(code)
    return terminal.request()


def outcome_of(request, words, code):
    print(f"\n({words})")
    ctl("outcome", request, code=code)


def planned_switch(told):
    title("A promotion is refused: there is a primary that can write")
    told.append((act("promote", "n2", "--reason", "OPS-812: disk on n1", code=20),
                 "the refused promotion", 20))

    title("The planned switch: demote, then promote")
    before = len(acknowledgements())
    told.append((act("demote", "n1", "--reason", "OPS-812: disk on n1"), "the demotion", 0))
    wait_for("n2 may be promoted", lambda: not failing("promote", "n2"))
    told.append((act("promote", "n2", "--reason", "OPS-812: disk on n1"), "the promotion", 0))
    wait_for_writes()
    ctl("inspect", "cluster")
    lost = count_rows("n2")
    if lost:
        raise Unexpected(f"the planned switch lost {lost}")
    gap = longest_gap_ms(acknowledgements()[max(before - 1, 0):])
    print(f"Every acknowledged row is there. The writer waited {gap} ms, a person's typing included.")


def forced_switch(told):
    title("The host of n2 is lost: server and agent, SIGKILL")
    wait_for("n1 and n3 stream", lambda: "streams to n1,n3" in script("pg_cluster", "status", CLUSTER,
                                                                      quiet=True))
    script("pg_cluster", "agent-kill", CLUSTER, "n2")
    script("pg_cluster", "kill", CLUSTER, "n2")
    wait_for("a survivor that only a person's word can promote", may_be_forced)
    target = may_be_forced()
    ctl("inspect", "cluster")

    title("Now an ordinary promotion is refused, and says why")
    told.append((act("promote", target, "--reason", "OPS-813: n2 is gone", code=20),
                 "the promotion without proof", 20))

    title("Force: what nobody can see is taken on a person's word, each part of it")
    terminal = Terminal("force-promote", target, "--reason", "OPS-813: n2 is gone, power cut by J.")
    terminal.confirm_all()
    terminal.end(0)
    told.append((terminal.request(), "the forced promotion", 0))
    wait_for_writes()
    ctl("inspect", "cluster")
    explain_loss(count_rows(target))
    return target, terminal.request()


def explain_loss(lost):
    if not lost:
        print("Every acknowledged row is there: this time the standbys had received all of them.")
        return
    print(f"Lost: {lost}. They were acknowledged by n2 alone, before a standby had them. Replication is\n"
          "asynchronous here, and that is the risk ACKNOWLEDGED_WRITES_UNPROVEN, acknowledged above.")


def story(up):
    title("An agent beside each server")
    script("pg_cluster", "agents", CLUSTER, "--folder", DIR, "--bin-dir", AGENT_BIN)
    wait_for("the writer is at work", lambda: len(acknowledgements()) > 50)
    wait_for("n1 may be demoted", lambda: not failing("demote", "n1"))

    title("Look: n1 is the primary, and somebody writes")
    ctl("inspect", "cluster")
    ctl("inspect", "replication")

    told = []  # (request id, words, exit code of `outcome`)
    planned_switch(told)
    if SECURE:
        return ctrl_c(up)
    target, forced = forced_switch(told)

    title("The host of n2 comes back: its agent does not start a second primary")
    script("pg_cluster", "agent-start", CLUSTER, "n2")
    wait_for("the agent of n2 says why", lambda: "not started: " in agent_status("n2"))
    print("$ aeromq-pg-agent status      (on the host of n2)\n" + agent_status("n2").rstrip())
    running = [row["name"] for row in json.loads(
        script("pg_cluster", "status", CLUSTER, "--json", quiet=True))["nodes"] if row["running"]]
    if "n2" in running:
        raise Unexpected("n2 runs")
    print("How it becomes a standby again: docs/postgresql.md")

    title("What became of each request?")
    for request, words, code in told:
        outcome_of(request, words, code)

    title("What was recorded, before each step was taken")
    ctl("audit", "timeline", forced, who="auditor")
    ctl("audit", "verify", who="auditor")
    ctrl_c(up)


def play():
    os.chmod(PLACE, 0o755)  # the servers may be another user
    # That user may not be able to enter the folder where this was built.
    os.makedirs(AGENT_BIN)
    shutil.copy(BIN + "/aeromq-pg-agent", AGENT_BIN)
    title("A primary, two standbys, and an application that writes")
    script("pg_cluster", "up", CLUSTER, "--template", os.path.join(os.path.dirname(BIN), "pg_template"),
           *(["--tls"] if SECURE else []))
    writer = start_writer()
    try:
        nodes = script("pg_cluster", "nodes", CLUSTER, quiet=True).strip()
        title("The control plane")
        if not SECURE:
            return perform(["up", "--dir", DIR, "--postgresql", nodes], story)
        nodes = nodes.replace("n2=127.0.0.1", "n2=[::1]").replace("n3=127.0.0.1", "n3=localhost")
        return perform(["up", "--dir", DIR, "--postgresql", nodes, "--passfile",
                        CLUSTER + "/tls/passfile", "--sslmode", "verify-full", "--sslrootcert",
                        CLUSTER + "/tls/ca.crt"], story)
    finally:
        writer.send_signal(signal.SIGTERM)
        summary = writer.communicate(timeout=PATIENCE_S)[0]
        print("The writer: " + summary.strip())


def main():
    try:
        return play()
    except Unexpected as fault:
        print(f"\nFAILED: {fault}", file=sys.stderr)
        return 1
    finally:
        if os.path.exists(CLUSTER):
            script("pg_cluster", "down", CLUSTER, quiet=True)
        shutil.rmtree(PLACE, ignore_errors=True)
        shutil.rmtree(DIR, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
