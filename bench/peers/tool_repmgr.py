"""repmgr: one primary, two cloned standbys, and an sshd of our own for its remote steps."""

import getpass
import os
import pathlib
import re
import subprocess

import servers
from command import Command, ask
from servers import BIN, Node, as_postgres, environment, make_folder, query, run, write_file


class Repmgr:
    """Switchover by `repmgr standby switchover`, given on the standby that shall be primary."""

    name = "repmgr"
    as_is = False         # commands run as the user postgres

    def __init__(self, folder, synchronous):
        self.folder = make_folder(folder)
        self.synchronous = synchronous
        ports = servers.free_ports(4)
        self.ssh_port = ports[3]
        self.nodes = [Node(f"n{i + 1}", ports[i], self.folder / f"n{i + 1}" / "data")
                      for i in range(3)]
        self._sshd, self._repmgrd = None, {}

    # Setting up.

    def up(self):
        self._start_sshd()
        first = self.nodes[0]
        for node in self.nodes:
            make_folder(pathlib.Path(node.data).parent)
            self._write_settings(node)
        run([f"{BIN}/initdb", "-D", first.data, "-A", "trust", "-U", "postgres", "-k", "-N"])
        self._write_server_settings(first)
        self._start(first)
        query(first, "create role repmgr superuser login replication")
        query(first, "create database repmgr owner repmgr")
        run(self.command(first, "primary", "register"))
        for node in self.nodes[1:]:
            run([*self.command(node, "standby", "clone", "--fast-checkpoint"), "-h", "127.0.0.1",
                 "-p", str(first.port), "-U", "repmgr", "-d", "repmgr"])
            self._write_server_settings(node)
            self._start(node)
            run(self.command(node, "standby", "register"))
        servers.poll("both standbys stream", 30, lambda: query(
            first, "select count(*) from pg_stat_replication where state = 'streaming'") == "2")
        if self.synchronous:
            for node in self.nodes:
                query(node, "alter system set synchronous_standby_names = 'ANY 1 (n1, n2, n3)'")
                query(node, "select pg_reload_conf()")

    def _start_sshd(self):
        ssh = make_folder(self.folder / "ssh")
        for key in ("host", "user"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / key)])
        settings = write_file(ssh / "sshd_config", "\n".join([
            f"Port {self.ssh_port}", "ListenAddress 127.0.0.1", f"HostKey {ssh}/host",
            f"AuthorizedKeysFile {ssh}/user.pub", "StrictModes no", "UsePAM no",
            f"PidFile {ssh}/sshd.pid", "PasswordAuthentication no", "PrintMotd no", ""]))
        self._sshd = subprocess.Popen(as_postgres(["/usr/sbin/sshd", "-D", "-f", str(settings), "-E",
                                                   str(ssh / "log")]), env=environment())
        user = servers.USER if os.getuid() == 0 else getpass.getuser()
        servers.poll("sshd answers", 10, lambda: subprocess.run(
            as_postgres(["ssh", *self._ssh_options(), f"{user}@127.0.0.1", "true"]),
            env=environment(), stderr=subprocess.DEVNULL, check=False).returncode == 0)

    def _ssh_options(self):
        return ["-q", "-p", str(self.ssh_port), "-i", f"{self.folder}/ssh/user", "-o",
                "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                "ConnectTimeout=10"]

    def _write_settings(self, node):
        control = f"{BIN}/pg_ctl -D {node.data} -w"
        write_file(self._conf(node), "\n".join([
            f"node_id={node.name[1:]}", f"node_name='{node.name}'",
            f"conninfo='host=127.0.0.1 port={node.port} user=repmgr dbname=repmgr connect_timeout=2'",
            f"data_directory='{node.data}'", f"pg_bindir='{BIN}'", f"repmgr_bindir='{BIN}'",
            "use_replication_slots=yes", f"ssh_options='{' '.join(self._ssh_options())}'",
            f"service_start_command='{control} -l {self.folder}/{node.name}/log start'",
            f"service_stop_command='{control} -m fast stop'",
            f"service_restart_command='{control} -m fast -l {self.folder}/{node.name}/log restart'",
            "failover=automatic",
            f"promote_command='{BIN}/repmgr -f {self._conf(node)} standby promote'",
            f"follow_command='{BIN}/repmgr -f {self._conf(node)} standby follow --upstream-node-id=%n'",
            f"service_reload_command='{control} reload'", ""]))

    def _write_server_settings(self, node):
        lines = [f"{key} = '{value}'" for key, value in servers.PARAMETERS.items()]
        lines += [f"port = {node.port}", "listen_addresses = '127.0.0.1'",
                  "unix_socket_directories = ''", "shared_preload_libraries = 'repmgr'"]
        path = pathlib.Path(node.data, "postgresql.conf")
        base = path.read_text().split("# peers\n")[0]
        write_file(path, base + "# peers\n" + "\n".join(lines) + "\n", 0o600)

    def _start(self, node):
        run([f"{BIN}/pg_ctl", "-D", node.data, "-w", "-l", f"{self.folder}/{node.name}/log", "start"])

    def _conf(self, node):
        return self.folder / node.name / "repmgr.conf"

    # What an operator does.

    def command(self, node, *words):
        return [f"{BIN}/repmgr", "-f", str(self._conf(node)), *words]

    def steps(self, old, new):
        """Starts the commands of a planned switchover, one after the other."""
        del old
        return [lambda: Command(self.command(new, "standby", "switchover", "--siblings-follow"))]

    def promote(self, node):
        """What a person does when nobody is primary: the ended command."""
        return ask(self.command(node, "standby", "promote", "--siblings-follow"))

    def repeat(self, old, new):
        """The same command once more: the ended command."""
        del old
        return [ask(self.command(new, "standby", "switchover", "--siblings-follow"))]

    def views(self, node):
        return [self.command(node, "cluster", "show")]

    def essence(self, command):
        """The lines that matter in what it printed."""
        lines = command.output().split("\n")
        if "cluster show" in command.shown:
            rows = [[c.strip() for c in line.split("|")] for line in lines if line.count("|") > 6]
            found = [f"{r[1]} {r[2]} {r[3]} <- {r[4] or '-'}" for r in rows[1:]]
            warned = [line.strip() for line in lines if line.strip().startswith("- ")]
            return "; ".join(found + warned)
        if "cluster event" in command.shown:
            return "; ".join(re.sub(r" *\| *", " ", line).strip() for line in lines[2:]
                             if re.search("switchover|promote|follow|rejoin", line)) or "no event of it"
        loud = [line for line in lines if re.match("ERROR|WARNING", line)]
        return " / ".join((loud or lines[-1:])[-3:]) if loud or command.code else lines[-1]

    def questions(self, node):
        """The nearest things to 'did it happen?', asked on this node."""
        return [self.command(node, "cluster", "show"), self.command(node, "cluster", "event")]

    def record(self, node):
        """What remains about the act, beside the tool's output."""
        rows = query(node, "select event_timestamp::timestamptz(0), node_id, event, successful, details "
                     "from repmgr.events where event ~ 'switchover|promote|rejoin|follow' "
                     "order by event_timestamp", user="repmgr", database="repmgr")
        return f"repmgr.events on {node.name}:\n{rows}"

    def start_watchers(self):
        """repmgrd everywhere: only the scenario of a dead host runs it."""
        for node in self.nodes:
            self.start_watcher(node)
        servers.poll("repmgrd runs on all", 60, lambda: ask(self.command(
            self.nodes[0], "service", "status")).output().count("running | ") >= 6, 0.5)

    def kill_watcher(self, node):
        self._repmgrd[node.name].kill()
        self._repmgrd[node.name].wait(10)

    def start_watcher(self, node):
        log = open(self.folder / node.name / "repmgrd.log", "a")
        self._repmgrd[node.name] = subprocess.Popen(
            as_postgres([f"{BIN}/repmgrd", "-f", str(self._conf(node)), "--daemonize=false",
                         "--no-pid-file"]), stdout=log, stderr=log, env=environment(), cwd="/tmp")
        return "repmgrd started; the server itself is left to a person (repmgr node rejoin)"

    def environment(self):
        return environment()

    def log_tail(self, node):
        """The end of what this server logs."""
        return "\n".join((self.folder / node.name / "log").read_text().split("\n")[-30:])

    def versions(self):
        return ask([f"{BIN}/repmgr", "--version"]).output()

    def down(self):
        for watcher in self._repmgrd.values():
            watcher.kill()
            watcher.wait(10)
        for node in self.nodes:
            servers.stop_server(node)
        if self._sshd:
            self._sshd.terminate()
            self._sshd.wait(10)
