"""Makes a cluster from nothing, or from a copy that an earlier one left: `up` and `down`."""
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess

from . import agents, servers, tls
from .cluster import Cluster, Fault, NODE_NAME, find_bin, free_ports, run, server_user

HBA = """# Loopback only, and without passwords: a throw-away cluster.
host all         all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
"""
# aeromq is what docs/postgresql.md asks a DBA for; app is an ordinary application.
ROLES = ["CREATE ROLE repl LOGIN REPLICATION", "CREATE ROLE aeromq LOGIN REPLICATION",
         "GRANT pg_monitor TO aeromq", "CREATE ROLE app LOGIN"]
# Nobody makes a database here any more. Each test copies all nodes, and copies of half the size.
WITHOUT_MODELS = ["UPDATE pg_database SET datistemplate = false", "DROP DATABASE template0",
                  "DROP DATABASE template1"]


def up(directory, names, synchronous="", template=None, with_tls=False):
    """A running cluster at `directory`; what is there already is only started."""
    directory = os.path.abspath(directory)
    check_names(names)
    if os.path.exists(Cluster.file(directory)):
        cluster = Cluster.load(directory)
        if cluster.complete:
            return up_again(cluster, names, synchronous)
        down(directory)  # an `up` that was interrupted
    if os.path.isdir(directory) and os.listdir(directory):
        raise Fault(f"{directory} is not empty and holds no cluster")
    cluster = Cluster(directory, dict(zip(names, free_ports(len(names)))), synchronous,
                      find_bin())
    make_folders(cluster)
    cluster.save()  # from here on `down` knows what to end
    with template_of(template, cluster) as copy:
        if copy and os.path.isdir(copy):
            servers.each(cluster.nodes, lambda node: copy_tree(
                os.path.join(copy, node.name), node.data))
        else:
            build(cluster)
            if copy:
                keep(cluster, copy)
            elif with_tls:
                servers.each(cluster.nodes, lambda node: servers.stop(cluster, node))
    if with_tls:
        tls.prepare(cluster)
    servers.each(cluster.nodes, lambda node: servers.start(cluster, node))
    servers.wait_streaming(cluster)
    if with_tls:
        tls.set_password(cluster)
    cluster.complete = True
    cluster.save()
    return cluster


def check_names(names):
    if not names or len(set(names)) != len(names):
        raise Fault("--nodes: each name once, at least one")
    for name in names:
        if not NODE_NAME.fullmatch(name):
            raise Fault(f"--nodes: {name!r} is not a name of lower case letters, digits and _")


def up_again(cluster, names, synchronous):
    if [node.name for node in cluster.nodes] != names or cluster.synchronous != synchronous:
        raise Fault(f"{cluster.directory} holds another cluster: take it down first")
    servers.each(cluster.nodes, lambda node: servers.start(cluster, node))
    return cluster


def own(path):
    if os.geteuid() == 0:
        os.chown(path, server_user().pw_uid, server_user().pw_gid)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    own(path)


def make_folders(cluster):
    os.makedirs(cluster.directory, exist_ok=True)
    own(cluster.directory)
    if run(["test", "-x", cluster.directory], check=False).returncode:
        raise Fault(f"user {server_user().pw_name} cannot enter {cluster.directory}: "
                    "take a folder whose parents everybody may search")
    for node in cluster.nodes:
        os.mkdir(node.folder)
        own(node.folder)
        write(node.folder + "/pg_hba.conf", HBA)
        write(node.settings, cluster.settings_of(node))


def build(cluster):
    first, *others = cluster.nodes
    run([cluster.bin + "/initdb", "-D", first.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--data-checksums", "--wal-segsize=1", "--no-sync", "--no-instructions"])
    # Every node's copy says the same, so pg_rewind may copy it from any node to any other.
    write(first.data + "/postgresql.conf", "include '../postgresql.conf'\n")
    servers.start(cluster, first)
    for sql in ROLES + ["CREATE DATABASE app OWNER app"] + WITHOUT_MODELS:
        # No standby could acknowledge it yet, were the cluster synchronous.
        servers.psql(cluster, first, sql,
                     more="dbname=postgres options='-c synchronous_commit=local'")
    servers.stop(cluster, first)
    for node in others:  # a cold copy: exact, and smaller than what base backups would leave
        copy_tree(first.data, node.data)
        write(node.data + "/standby.signal", "")
    servers.each(cluster.nodes, lambda node: servers.start(cluster, node))
    servers.each(cluster.nodes, lambda node: make_slots(cluster, node))


def make_slots(cluster, node):
    """Each node keeps a slot for each other: whoever becomes primary can serve the rest at once."""
    for other in cluster.nodes:
        if other is not node:
            servers.psql(cluster, node,
                         f"SELECT pg_create_physical_replication_slot('{other.name}')")


@contextlib.contextmanager
def template_of(cache, cluster):
    """The folder of the copy, there or not yet, while nobody else makes it. None: no cache."""
    if not cache:
        yield None
        return
    os.makedirs(cache, exist_ok=True)
    names = [node.name for node in cluster.nodes]
    version = run([cluster.bin + "/postgres", "--version"]).stdout.strip()
    here = os.path.dirname(os.path.abspath(__file__))
    # Whatever decides what the copy holds; ports and settings are written anew each time.
    key = hashlib.sha256(repr([names, version, server_user().pw_name]).encode())
    for source in ("build.py", "cluster.py"):
        with open(os.path.join(here, source), "rb") as f:
            key.update(f.read())
    name = "-".join(["pg", *names, key.hexdigest()[:12]])
    with open(os.path.join(cache, name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy = os.path.join(os.path.abspath(cache), name)
        if os.path.isdir(copy):
            fcntl.flock(lock, fcntl.LOCK_SH)  # many may copy at once
        yield copy


def copy_tree(source, target):
    copied = subprocess.run(["cp", "-a", "--reflink=auto", source, target], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if copied.returncode:
        raise Fault(f"cannot copy {source}: {copied.stdout.strip()}")


def keep(cluster, copy):
    """Stops all in order, the primary first, so that every node has received its last word."""
    servers.wait_streaming(cluster)
    for node in cluster.nodes:
        servers.stop(cluster, node)
    new = copy + f".new{os.getpid()}"
    os.mkdir(new)
    try:
        servers.each(cluster.nodes, lambda node: copy_tree(node.data, os.path.join(new, node.name)))
        os.rename(new, copy)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def down(directory):
    """Ends what the cluster file names and removes the folder. False: there was nothing."""
    if not os.path.exists(directory):
        return False
    cluster = Cluster.load(directory)
    for node in cluster.nodes:
        agents.stop(node)  # first: an agent could start its server again
    servers.each(cluster.nodes, servers.end)
    shutil.rmtree(cluster.directory)
    return True
