"""The agents beside the servers: places their settings, starts, stops and kills them."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import tomllib

from . import processes
from .cluster import Fault, run, as_server_user, server_user

PROGRAM = "aeromq-pg-agent"
READY_S = 60  # an agent may start its server first


def pid_file(node):
    return os.path.join(node.agent, "agent.pid")


def running(node):
    """The pid of this node's agent, or None. The pid file alone proves nothing."""
    said = processes.read(pid_file(node)).strip()
    if not said.isdigit():
        return None
    words = processes.words(int(said))
    ours = os.path.basename(words[0]) == PROGRAM and os.path.join(node.agent, "agent.toml") in words
    return int(said) if ours else None


def place(cluster, node, folder):
    """Copies the node's files out of the control plane's folder; a journal that is there stays."""
    source = os.path.join(folder, "agents", node.name)
    if not os.path.isdir(source):
        raise Fault(f"{source} is not there: aeromq up --postgresql makes it")
    os.makedirs(node.agent, exist_ok=True)
    for name in os.listdir(source):
        shutil.copy(os.path.join(source, name), node.agent)
    path = os.path.join(node.agent, "agent.toml")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    values = {"data": node.data, "bin": cluster.bin, "log": node.log}
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^(# *)?{key} *=.*$", lambda _: f'{key} = "{value}"', text)
        if count != 1:
            raise Fault(f"{path}: no line `{key} = ...`")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    if os.geteuid() == 0:
        user = server_user()
        for path in [node.agent, *(os.path.join(node.agent, n) for n in os.listdir(node.agent))]:
            os.chown(path, user.pw_uid, user.pw_gid)


def endpoint(node):
    with open(os.path.join(node.agent, "postgresql.toml"), "rb") as f:
        for said in tomllib.load(f)["node"]:
            if said["name"] == node.name:
                return said["agent"]
    raise Fault(f"{node.agent}/postgresql.toml does not name {node.name}")


def listens(where):
    scheme, _, address = where.partition("://")
    host, _, port = address.rpartition(":")
    unix = scheme == "ipc"
    family = socket.AF_UNIX if unix else socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        # A socket file alone says nothing: a killed agent leaves it.
        return probe.connect_ex(address if unix else (host.strip("[]"), int(port))) == 0


def start(node, bin_dir):
    """Starts the agent and waits until it listens. False: it ran already."""
    if running(node):
        return False
    program = os.path.join(os.path.abspath(bin_dir), PROGRAM)
    if run(["test", "-x", program], check=False).returncode:
        raise Fault(f"user {server_user().pw_name} cannot run {program}")
    with open(os.path.join(node.agent, "agent.log"), "ab") as log:
        child = subprocess.Popen(
            [program, "serve", "--config", os.path.join(node.agent, "agent.toml")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            **as_server_user())
    with open(pid_file(node), "w", encoding="utf-8") as f:
        f.write(f"{child.pid}\n")
    where = endpoint(node)
    deadline = time.monotonic() + READY_S
    while not listens(where):
        if child.poll() is not None or time.monotonic() > deadline:
            stop(node)
            with open(os.path.join(node.agent, "agent.log"), encoding="utf-8",
                      errors="replace") as f:
                tail = "".join(f.readlines()[-15:])
            raise Fault(f"the agent of {node.name} does not listen at {where}:\n{tail}")
        time.sleep(0.02)
    child.returncode = 0  # it outlives us: not a child that we forgot
    return True


def stop(node, number=signal.SIGTERM):
    """Ends the agent; its server goes on. False: it did not run."""
    pid = running(node)
    if pid:
        processes.send([pid], number)
        if processes.wait_ended([pid], 10):
            processes.send([pid], signal.SIGKILL)
            processes.wait_ended([pid], 10)
    if os.path.exists(pid_file(node)):
        os.unlink(pid_file(node))
    return pid is not None
