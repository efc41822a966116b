"""TLS and passwords for a throw-away cluster: an authority, a certificate for each node, and the role
aeromq with scram over TLS only, as docs/postgresql.md asks for it.

    DIR/tls/ca.crt, ca.key       the authority
    DIR/tls/passfile             the role's password, for libpq
    DIR/NODE/server.crt, .key    what the node shows: 127.0.0.1, ::1, localhost and NODE.example
"""
import os
import subprocess
import tempfile

from . import servers
from .cluster import Fault, server_user

PASSWORD = "only for a test"
HBA = """# Loopback only: a throw-away cluster. The role aeromq as docs/postgresql.md has it.
hostssl all         aeromq 127.0.0.1/32 scram-sha-256
hostssl all         aeromq ::1/128      scram-sha-256
host    all         aeromq all          reject
host    replication aeromq all          reject
host    all         all    127.0.0.1/32 trust
host    replication all    127.0.0.1/32 trust
"""


def folder(cluster):
    return os.path.join(cluster.directory, "tls")


def openssl(*words):
    ran = subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, check=False)
    if ran.returncode:
        raise Fault(f"openssl {words[0]}: {ran.stdout.strip()}")


def give(path, mode=0o600):
    os.chmod(path, mode)
    if os.geteuid() == 0:
        os.chown(path, server_user().pw_uid, server_user().pw_gid)


def make_authority(path, name="aeromq test authority"):
    """path.key and path.crt"""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", path + ".key", "-out", path + ".crt", "-days", "30", "-subj", "/CN=" + name)
    os.chmod(path + ".crt", 0o644)


def make_certificate(authority, node, days=30):
    """The node's own; with days = -1 one that has expired."""
    key, request = node.folder + "/server.key", node.folder + "/server.csr"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", request, "-subj", "/CN=" + node.name)
    with tempfile.NamedTemporaryFile("w", suffix=".ext") as names:
        names.write("subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost,DNS:" + node.name +
                    ".example\n")
        names.flush()
        openssl("x509", "-req", "-in", request, "-CA", authority + ".crt", "-CAkey",
                authority + ".key", "-CAcreateserial", "-out", node.folder + "/server.crt",
                "-days", str(days), "-extfile", names.name)
    os.unlink(request)
    give(key)
    give(node.folder + "/server.crt", 0o644)


def prepare(cluster):
    """Before the servers start."""
    os.makedirs(folder(cluster), exist_ok=True)
    os.chmod(folder(cluster), 0o755)
    make_authority(folder(cluster) + "/ca")
    for node in cluster.nodes:
        make_certificate(folder(cluster) + "/ca", node)
        with open(node.folder + "/pg_hba.conf", "w", encoding="utf-8") as f:
            f.write(HBA)
        with open(node.folder + "/extra.conf", "a", encoding="utf-8") as f:
            f.write("ssl = on\n"
                    f"ssl_cert_file = '{node.folder}/server.crt'\n"
                    f"ssl_key_file = '{node.folder}/server.key'\n"
                    "listen_addresses = '127.0.0.1, ::1'\n")
        give(node.folder + "/extra.conf")
    with open(folder(cluster) + "/passfile", "w", encoding="utf-8") as f:
        f.write(f"*:*:*:aeromq:{PASSWORD}\n")
    give(folder(cluster) + "/passfile")


def set_password(cluster):
    """On the first node, the primary; the others receive it."""
    servers.psql(cluster, cluster.nodes[0], f"ALTER ROLE aeromq PASSWORD '{PASSWORD}'")
