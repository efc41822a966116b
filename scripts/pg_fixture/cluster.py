"""The description of a throw-away cluster, DIR/cluster.json, and where its files lie.

    DIR/cluster.json                    what was made here; `down` goes by it alone
    DIR/NODE/data                       PGDATA; its postgresql.conf only includes the next file
    DIR/NODE/postgresql.conf            who the node is: outside of PGDATA, so pg_rewind spares it
    DIR/NODE/extra.conf                 a test's own settings, if it writes any
    DIR/NODE/agent/                     the agent's settings, keys and journal
"""
import json
import os
import pwd
import random
import re
import shutil
import socket
import subprocess

HOST = "127.0.0.1"
# Below the ports that the system hands out for outgoing connections: a node that is down for a
# while keeps its port.
PORTS = range(12000, 30000)
# `aeromq up` places an agent this far above its server.
AGENT_PORT_OFFSET = 2000
NODE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


class Fault(Exception):
    """What went wrong, for a person."""


def server_user():
    """Who the servers run as: PostgreSQL refuses root, so root becomes postgres."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Fault("root needs a user `postgres`: scripts/install_dependencies --with-postgresql")


def as_server_user():
    """Arguments for subprocess that make the child the servers' user, without our PG* variables."""
    user = server_user()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    environment.update(LC_ALL="C", HOME=user.pw_dir, PGCONNECT_TIMEOUT="2")
    arguments = {"env": environment}
    if os.geteuid() == 0:
        arguments.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    return arguments


def run(arguments, check=True, timeout=120):
    """Runs a program as the servers' user; its own words are in the Fault."""
    try:
        ran = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=timeout, cwd="/",
                             **as_server_user())
    except subprocess.TimeoutExpired:
        raise Fault(f"{' '.join(arguments)}: not done after {timeout} s")
    except OSError as fault:
        raise Fault(f"{arguments[0]}: {fault.strerror}")
    if check and ran.returncode:
        raise Fault(f"{' '.join(arguments)}: exit {ran.returncode}\n{ran.stdout.strip()}")
    return ran


def find_bin():
    """The folder of pg_ctl: PG_BIN, Debian's place, or the PATH."""
    on_path = os.path.dirname(shutil.which("pg_ctl") or "")
    for folder in (os.environ.get("PG_BIN", ""), "/usr/lib/postgresql/15/bin", on_path):
        if folder and os.access(folder + "/pg_ctl", os.X_OK):
            return folder
    raise Fault("no PostgreSQL 15 here: scripts/install_dependencies --with-postgresql")


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count):
    found = []
    # Two clusters that are made at the same moment should not try the same ports.
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        near = {p + shift for p in found for shift in (0, AGENT_PORT_OFFSET, -AGENT_PORT_OFFSET)}
        if port not in near and is_free(port) and is_free(port + AGENT_PORT_OFFSET):
            found.append(port)
        if len(found) == count:
            return found
    raise Fault("no free ports")


class Node:
    def __init__(self, directory, name, port):
        self.name, self.host, self.port = name, HOST, port
        self.folder = os.path.join(directory, name)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "postgresql.log")
        self.settings = os.path.join(self.folder, "postgresql.conf")
        self.agent = os.path.join(self.folder, "agent")

    def as_json(self):
        return {"name": self.name, "host": self.host, "port": self.port, "data": self.data,
                "log": self.log, "folder": self.folder, "agent": self.agent,
                "agent_port": self.port + AGENT_PORT_OFFSET}


class Cluster:
    def __init__(self, directory, ports, synchronous, bin_dir):
        self.directory, self.synchronous, self.bin = directory, synchronous, bin_dir
        self.complete = False  # an `up` has ended well
        self.agent_bin = None  # where the agents' program is, once they were placed
        self.nodes = [Node(directory, name, port) for name, port in ports.items()]

    @staticmethod
    def file(directory):
        return os.path.join(directory, "cluster.json")

    @classmethod
    def load(cls, directory):
        directory = os.path.abspath(directory)
        try:
            with open(cls.file(directory), encoding="utf-8") as f:
                said = json.load(f)
        except FileNotFoundError:
            raise Fault(f"{directory} holds no cluster (no cluster.json)")
        ports = {node["name"]: node["port"] for node in said["nodes"]}
        cluster = cls(directory, ports, said["synchronous"], said["bin"])
        cluster.complete, cluster.agent_bin = said["complete"], said["agent_bin"]
        return cluster

    def save(self):
        said = {"directory": self.directory, "complete": self.complete, "bin": self.bin,
                "synchronous": self.synchronous, "server_user": server_user().pw_name,
                "url": self.url(), "admin_url": self.url("postgres", "postgres"),
                "agent_bin": self.agent_bin,
                "nodes": [node.as_json() for node in self.nodes]}
        with open(self.file(self.directory) + ".new", "w", encoding="utf-8") as f:
            json.dump(said, f, indent=1)
            f.write("\n")
        os.replace(self.file(self.directory) + ".new", self.file(self.directory))

    def url(self, user="app", database="app"):
        """For an application: it finds the primary by itself."""
        hosts = ",".join(f"{node.host}:{node.port}" for node in self.nodes)
        return (f"postgresql://{user}@{hosts}/{database}"
                "?target_session_attrs=read-write&connect_timeout=2")

    def node(self, name):
        for node in self.nodes:
            if node.name == name:
                return node
        raise Fault(f"no node {name} here, only {', '.join(n.name for n in self.nodes)}")

    def settings_of(self, node):
        """The node's own settings. Each node can be primary or standby of whoever is primary."""
        def listed(values):
            return ",".join(str(value) for value in values)

        conninfo = (f"host={listed(n.host for n in self.nodes)} "
                    f"port={listed(n.port for n in self.nodes)} user=repl "
                    f"application_name={node.name} target_session_attrs=primary connect_timeout=2")
        values = {
            "cluster_name": node.name, "listen_addresses": HOST, "port": node.port,
            "unix_socket_directories": "", "hba_file": os.path.join(node.folder, "pg_hba.conf"),
            "primary_conninfo": conninfo, "primary_slot_name": node.name,
            "synchronous_standby_names": self.synchronous, "hot_standby": "on",
            "wal_level": "replica", "wal_log_hints": "on", "wal_keep_size": "128MB",
            "max_slot_wal_keep_size": "1GB", "min_wal_size": "32MB", "max_wal_senders": 20,
            "max_replication_slots": 20, "max_connections": 50, "wal_receiver_timeout": "5s",
            "wal_sender_timeout": "5s", "wal_retrieve_retry_interval": "200ms",
            "shared_buffers": "16MB", "dynamic_shared_memory_type": "mmap",
            "log_line_prefix": "%m [%p] %b ", "logging_collector": "off",
        }
        lines = ["# Who this node is. Made by pg_cluster; a test's own settings go to extra.conf."]
        for name, value in values.items():
            quoted = str(value).replace("'", "''")
            lines.append(f"{name} = '{quoted}'")
        return "\n".join(lines + ["include_if_exists 'extra.conf'", ""])
