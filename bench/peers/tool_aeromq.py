"""aeromq on the cluster of scripts/pg_cluster: kernel and agents of this tree, the operator's own client."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import threading

import servers
from command import Command, ask
from servers import Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
REASON = "OPS-812: switchover"


def bin_dir():
    """Where the programs are: AEROMQ_BIN, or the first build that has them."""
    for folder in (os.environ.get("AEROMQ_BIN", ""), ROOT / "build/release/bin", ROOT / "build/demo/bin",
                   ROOT / "build/dev/bin"):
        if folder and os.access(pathlib.Path(folder, "aeromq-pg-agent"), os.X_OK):
            return pathlib.Path(folder)
    raise RuntimeError("no aeromq-pg-agent: build the demo preset, or set AEROMQ_BIN")


class Confirmed(Command):
    """aeromq-ctl --two-step with a program as the person: it says yes to what it was shown."""

    def __init__(self, argv, held=False):
        self._yes = threading.Event()
        if not held:
            self._yes.set()
        self._lines = []
        self.request = None
        self.checks = []
        super().__init__(argv, env=dict(os.environ), as_is=True, pipes=True)
        threading.Thread(target=self._converse, daemon=True).start()

    def _converse(self):
        for line in self._process.stdout:
            self._lines.append(line.strip())
            value = json.loads(line) if line.startswith("{") else {}
            self.request = self.request or value.get("request")
            if "token" in value:
                self.checks = self.checks or value["explanation"].get("checks", [])
                self._yes.wait(60)
                self._process.stdin.write(json.dumps({"confirm": value["token"], "sentence": value["sentence"]})
                                          + "\n")
                self._process.stdin.flush()

    def confirm(self):
        """For one that was held: now the person says yes."""
        self._yes.set()

    def last(self):
        """The answer: the last line that is one."""
        found = [json.loads(line) for line in self._lines if line.startswith('{"')]
        found = [value for value in found if "token" not in value and "switchover" not in value]
        return found[-1] if found and "outcome" in found[-1] else {}

    def output(self):
        return "\n".join(self._lines)[-3000:]


class Aeromq:
    """A planned switchover is two acts of one person each: demote, then promote."""

    name = "aeromq"
    as_is = True          # commands run as the user who started bench/peers/run

    def __init__(self, folder, synchronous):
        self.folder = pathlib.Path(folder)
        self.synchronous = synchronous
        self.control = str(self.folder) + "-control"
        self.bin = bin_dir()
        self.nodes, self._up, self.acts = [], None, []

    # Setting up.

    def _fixture(self, *words):
        done = subprocess.run([str(ROOT / "scripts/pg_cluster"), *words], capture_output=True, text=True,
                              timeout=180, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pg_cluster {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def up(self):
        synchronous = ["--synchronous", "ANY 1 (n1, n2, n3)"] if self.synchronous else []
        for line in self._fixture("up", str(self.folder), *synchronous).splitlines():
            name, _, port, data = line.split()
            self.nodes.append(Node(name, int(port), data))
        log = open(self.control + ".log", "w")
        self._up = subprocess.Popen(
            [self.bin / "aeromq", "up", "--dir", self.control, "--postgresql",
             self._fixture("nodes", str(self.folder)).strip(), *synchronous], stdout=log, stderr=log)
        servers.poll("the folder of aeromq", 30, lambda: pathlib.Path(self.control, "agents").exists())
        servers.poll("the control plane is ready", 60, lambda: "ready" in open(log.name).read())
        # The servers' user may not be able to enter the folder where this was built.
        agents = servers.make_folder(str(self.folder) + "-bin")
        shutil.copy(self.bin / "aeromq-pg-agent", agents)
        self._fixture("agents", str(self.folder), "--folder", self.control, "--bin-dir", str(agents))
        servers.poll("both standbys stream", 60,
                     lambda: servers.truth(self.nodes).count("standby, from") == 2, 0.2)
        servers.poll("aeromq sees all", 60, lambda: self._passes("demote", self.nodes[0]), 0.2)

    # What an operator does.

    def ctl(self, *words):
        return [str(self.bin / "aeromq-ctl"), "-c", f"{self.control}/clients/operator.toml", *words]

    def _act(self, verb, node):
        self.acts.append(Confirmed(self.ctl(verb, node.name, "--reason", REASON, "--two-step")))
        return self.acts[-1]

    def _passes(self, verb, node):
        explained = ask(self.ctl("-o", "json", "explain", verb, node.name), env=dict(os.environ),
                        as_is=True)
        return explained.code == 0 and all(c["passes"] for c in json.loads(explained.output())["checks"])

    def steps(self, old, new):
        """Starts the two acts of a planned switchover, one after the other."""
        return [lambda: self._act("demote", old), lambda: self._act("promote", new)]

    def planned(self, old, new):
        """One command with two confirmations; the first act names who is to follow."""
        def begin():
            self.acts.append(Confirmed(self.ctl("switchover", old.name, new.name, "--reason", REASON,
                                                "--two-step")))
            return self.acts[-1]
        return [begin]

    def promote(self, node):
        """What a person does when nobody is primary: the ended command."""
        act = self._act("promote", node)
        act.wait(90)
        return act

    @contextlib.contextmanager
    def frozen_executor(self, old, new):
        """The first act, confirmed and dispatched while the kernel is frozen."""
        del new
        act = Confirmed(self.ctl("demote", old.name, "--reason", REASON, "--two-step"), held=True)
        self.acts.append(act)
        servers.poll("the explanation", 30, lambda: act.checks)
        kernel = [pid for pid, title in servers.children(self._up.pid).items() if "aeromq-kernel" in title]
        with servers.frozen(kernel[0]):
            act.confirm()
            servers.poll("dispatched is on record", 30, lambda: "dispatched" in self.record(old), 0.1)
            yield act

    def repeat(self, old, new):
        """Both commands once more: each is a new request, explained and confirmed anew."""
        done = []
        for begin in self.steps(old, new):
            done.append(begin())
            done[-1].wait(90)
            if done[-1].code != 0:
                break
        return done

    def questions(self, node):
        """'Did it happen?' is a command; one for each act so far."""
        del node
        return [self.ctl("outcome", act.request) for act in self.acts if act.request]

    def views(self, node):
        del node
        return [self.ctl("inspect", "cluster")]

    def record(self, node):
        """What remains about the acts, beside the client's output."""
        del node
        timelines = [ask(["sh", "-c", f"{self.bin}/aeromq-ctl audit timeline {act.request} --log "
                          f"{self.control}/audit"], env=dict(os.environ), as_is=True).output()
                     for act in self.acts if act.request]
        return "\n".join(timelines)

    def essence(self, command):
        """The lines that matter in what it printed."""
        if isinstance(command, Confirmed):
            last = command.last()
            failed = [c.get("code", c.get("name", "?")) for c in command.checks if not c.get("passes")]
            error = last.get("error", {})
            said = f"{last.get('outcome', 'no answer')} {error.get('code', '')} {error.get('text', '')}"
            return said.strip() + (f" (explained before: fails {', '.join(failed)})" if failed else "")
        return " / ".join(line.strip() for line in command.output().split("\n") if line.strip())[:400]

    def start_watchers(self):
        """They run already."""

    def kill_watcher(self, node):
        self._fixture("agent-kill", str(self.folder), node.name)

    def start_watcher(self, node):
        self._fixture("agent-start", str(self.folder), node.name)
        return "agent started"

    def environment(self):
        return dict(os.environ)

    def log_tail(self, node):
        """The end of what this server logs."""
        return "\n".join((self.folder / node.name / "postgresql.log").read_text().split("\n")[-30:])

    def versions(self):
        return ask([str(self.bin / "aeromq-ctl"), "--version"], env=dict(os.environ), as_is=True).output()

    def down(self):
        for verb in ("agents-down", "down"):
            try:
                self._fixture(verb, str(self.folder))
            except RuntimeError as fault:
                print(fault)
        if self._up:
            self._up.terminate()
            self._up.wait(30)
