"""Patroni with one etcd: it makes, starts and watches its servers itself."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import servers
from command import Command, ask
from proxy import Proxy
from servers import BIN, Node, as_postgres, environment, make_folder, write_file

SCOPE = "peers"


class Patroni:
    """Switchover by `patronictl switchover`; ttl, loop_wait and retry_timeout as Patroni ships them."""

    name = "patroni"
    as_is = False         # commands run as the user postgres

    def __init__(self, folder, synchronous):
        self.folder = make_folder(folder)
        self.synchronous = synchronous
        ports = servers.free_ports(11)
        self.nodes = [Node(f"n{i + 1}", ports[i], self.folder / f"n{i + 1}" / "data")
                      for i in range(3)]
        self._rest = dict(zip(("n1", "n2", "n3"), ports[3:6]))
        self._road = dict(zip(("n1", "n2", "n3"), ports[6:9]))
        self._etcd_port, self._etcd_peer = ports[9], ports[10]
        self._etcd, self.managers, self.roads = None, {}, {}

    # Setting up.

    def up(self):
        self._start_etcd()
        for node in self.nodes:
            make_folder(pathlib.Path(node.data).parent)
            self._write_settings(node)
            self.roads[node.name] = Proxy(self._road[node.name], self._rest[node.name])
        self._start_manager(self.nodes[0])
        servers.poll("n1 leads", 60, lambda: servers.query(
            self.nodes[0], "select pg_is_in_recovery()") == "f")
        for node in self.nodes[1:]:
            self._start_manager(node)
        servers.poll("both standbys stream", 90,
                     lambda: servers.truth(self.nodes).count("standby, from") == 2, 0.2)
        servers.poll("patronictl sees them too", 60, lambda: ask(
            self.command("list", "-f", "tsv")).output().count("running") == 3)
        if self.synchronous:
            servers.poll("a synchronous standby", 60, lambda: servers.query(
                self.nodes[0], "select count(*) from pg_stat_replication where sync_state = 'sync'") == "1")

    def _start_etcd(self):
        client, peer = (f"http://127.0.0.1:{p}" for p in (self._etcd_port, self._etcd_peer))
        make_folder(self.folder / "etcd")
        log = open(self.folder / "etcd.log", "w")
        self._etcd = subprocess.Popen(as_postgres([
            "etcd", "--name", "e1", "--data-dir", str(self.folder / "etcd" / "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"e1={peer}"]), stdout=log, stderr=log, env=environment())
        servers.poll("etcd is healthy", 30, lambda: "is healthy" in self.etcdctl("endpoint", "health"))

    def etcdctl(self, *words):
        env = {**environment(), "ETCDCTL_API": "3"}
        return ask(["etcdctl", f"--endpoints=127.0.0.1:{self._etcd_port}", *words], env=env).output()

    def _write_settings(self, node):
        parameters = "".join(f"        {k}: '{v}'\n" for k, v in servers.PARAMETERS.items()
                             if k not in ("wal_level", "hot_standby"))
        synchronous = "    synchronous_mode: true\n" if self.synchronous else ""
        # Patroni takes one synchronous standby and switches to no other: the target of the scenarios.
        tags = "tags: {nosync: true}\n" if self.synchronous and node.name == "n3" else ""
        write_file(self._conf(node), f"""{tags}scope: {SCOPE}
name: {node.name}
restapi:
  listen: 127.0.0.1:{self._rest[node.name]}
  connect_address: 127.0.0.1:{self._road[node.name]}
etcd3:
  hosts: 127.0.0.1:{self._etcd_port}
bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
{synchronous}    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
{parameters}  initdb:
  - data-checksums
  - no-sync
  - encoding: UTF8
  pg_hba:
  - host all all 127.0.0.1/32 trust
  - host replication all 127.0.0.1/32 trust
postgresql:
  listen: 127.0.0.1:{node.port}
  connect_address: 127.0.0.1:{node.port}
  data_dir: {node.data}
  bin_dir: {BIN}
  pgpass: {self.folder}/{node.name}/pgpass
  authentication:
    superuser: {{username: postgres}}
    replication: {{username: repl}}
    rewind: {{username: rewinder}}
  parameters:
    unix_socket_directories: '{self.folder}/{node.name}'
""")

    def _start_manager(self, node):
        log = open(self.folder / node.name / "patroni.log", "a")
        self.managers[node.name] = subprocess.Popen(
            as_postgres(["patroni", str(self._conf(node))]), stdout=log, stderr=log,
            env=environment(), cwd="/tmp")

    def _conf(self, node):
        return self.folder / node.name / "patroni.yml"

    # What an operator does.

    def command(self, *words):
        return ["patronictl", "-c", str(self._conf(self.nodes[2])), *words]

    def _switchover(self, old, new):
        return self.command("switchover", SCOPE, "--leader", old.name, "--candidate", new.name, "--force")

    def steps(self, old, new):
        """Starts the commands of a planned switchover, one after the other."""
        return [lambda: Command(self._switchover(old, new))]

    def promote(self, node):
        """What a person does when nobody is primary: the ended command."""
        return ask(self.command("failover", SCOPE, "--candidate", node.name, "--force"))

    @contextlib.contextmanager
    def frozen_executor(self, old, new):
        """The command, while the leader's Patroni is frozen; its request is in that one's socket."""
        with servers.frozen(self.managers[old.name].pid):
            command = self.steps(old, new)[0]()
            servers.poll("the POST is on its way", 30, lambda: self.roads[old.name].posts, 0.1)
            yield command

    def repeat(self, old, new):
        """The same command once more: the ended command."""
        return [ask(self._switchover(old, new))]

    def views(self, node):
        del node
        return [self.command("list")]

    def essence(self, command):
        """The lines that matter in what it printed."""
        lines = command.output().split("\n")
        if command.shown.endswith((" list", " history")):
            rows = [[c.strip() for c in line.split("|")[1:-1]] for line in lines if line.count("|") > 4]
            return "; ".join(" ".join(r) for r in rows[1:]) or "no row"
        said = [line for line in lines if re.match(r"Switchover|Error|\d{4}-\d\d-\d\d", line)]
        return " / ".join(re.sub(r"^\d{4}-\S+ [\d:.,]+ ", "", line) for line in said) or lines[-1]

    def questions(self, node):
        """The nearest things to 'did it happen?'."""
        del node
        return [self.command("list"), self.command("history")]

    def record(self, node):
        """What remains about the act, beside the tool's output."""
        log = (self.folder / "n1" / "patroni.log").read_text().split("\n")
        words = ("manual failover", "switchover", "POST /")
        found = [line for line in log if any(w in line for w in words)]
        key = f"/service/{SCOPE}/failover"
        now = json.loads(self.etcdctl("get", key, "-w", "json")).get("kvs", [])
        values = [self.etcdctl("get", key, f"--rev={kv['mod_revision'] - back}", "--print-value-only")
                  for kv in now for back in (1, 0)]
        return "\n".join([ask(self.command("history")).output(),
                          f"etcd key failover, written {[kv['version'] for kv in now]} times (each "
                          f"request and its removal), the revision before and now: {values}",
                          "n1's patroni log:", *found[-8:]])

    def start_watchers(self):
        """They run already."""

    def kill_watcher(self, node):
        self.managers[node.name].kill()
        self.managers[node.name].wait(10)

    def start_watcher(self, node):
        self._start_manager(node)
        return "patroni started"

    def environment(self):
        return environment()

    def log_tail(self, node):
        """The end of what this node's manager and server log (one file here)."""
        lines = (self.folder / node.name / "patroni.log").read_text().split("\n")
        return "\n".join(line for line in lines[-40:] if "HTTP" not in line)

    def versions(self):
        return ask(self.command("version")).output() + "; " + ask(["etcd", "--version"]).output().split(
            "\n")[0]

    def down(self):
        for manager in self.managers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(manager.pid, signal.SIGCONT)
                manager.kill()
            manager.wait(10)
        for node in self.nodes:
            servers.stop_server(node)
        for road in self.roads.values():
            road.close()
        if self._etcd:
            self._etcd.kill()
            self._etcd.wait(10)
