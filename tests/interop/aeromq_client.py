"""A client of the aeromq control protocol (AMCP 0.1), written from docs/protocol.md alone.

One Client is one connection is one session.  Nothing here ever sends anything twice: when a
connection ends, open a new Client and *ask* what became of the request (Client.ask).
"""
import hashlib
import os
import time
import tomllib

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

from aeromq_wire import *                    # numbers, request ids, encode and decode

MAGIC = b"AMCP\x00\x03"                      # name, major 0, minor 3


class Refusal(Exception):
    """An `Error` of the document: from the wire, or found by the client itself (record 0)."""

    def __init__(self, domain, code, message, outcome, field="", invariants=(), record=0):
        self.domain, self.code, self.message, self.outcome = domain, code, message, outcome
        self.field, self.invariants, self.record = field, list(invariants), record
        super().__init__(printable(f"{code} ({domain}): {message}"
                                   + (f" [field {field}]" if field else "")
                                   + f"; outcome: {outcome}; record {record}"))


class Request:
    """One command, asked for once: its id (to be shown first), and the octets of its body."""

    def __init__(self, octets, command, body):
        self.id, self.text, self.command, self.body = octets, id_text(octets), command, body
        self.digest = hashlib.sha256(body).hexdigest()     # the ledger's command_digest


def settings(path):
    """The client settings file; ipc paths become absolute."""
    with open(path, "rb") as file:
        found = tomllib.load(file)
    for key in ("endpoint", "feed"):
        kind, _, rest = found.get(key, "").partition("ipc://")
        if rest and not kind and not rest.startswith("/"):
            found[key] = "ipc://" + os.path.join(os.path.dirname(os.path.abspath(path)), rest)
    return found


class Client:
    """One connection.  `with Client("operator.toml") as c:`; every refusal is a Refusal."""

    def __init__(self, path, name="interop", greet=True):
        conf = path if isinstance(path, dict) else settings(path)
        self.socket, self.alive = zmq.Context.instance().socket(zmq.DEALER), True
        for option, value in ((zmq.RECONNECT_IVL, -1), (zmq.IMMEDIATE, 1), (zmq.LINGER, 0),
                              (zmq.MAXMSGSIZE, 65536), (zmq.SNDHWM, 1000), (zmq.RCVHWM, 1000),
                              (zmq.HANDSHAKE_IVL, 2000), (zmq.HEARTBEAT_IVL, 500),
                              (zmq.HEARTBEAT_TIMEOUT, 1500), (zmq.HEARTBEAT_TTL, 1500),
                              (zmq.CURVE_SERVERKEY, conf["server_key"].encode()),
                              (zmq.CURVE_PUBLICKEY, conf["public_key"].encode()),
                              (zmq.CURVE_SECRETKEY, conf["secret_key"].encode())):
            self.socket.setsockopt(option, value)
        self.monitor = self.socket.get_monitor_socket()
        self.boot, self.sent, self.received = bytes(16), 0, 0
        self.counter, self.used, self.confirmed, self.inbox = 0, set(), set(), []
        self.given = {}                          # request id -> its question, with the sentences
        self.socket.connect(conf["endpoint"])
        if not self._wait_writable(5):
            self.close()
            raise self._silence(None, "no connection")
        if greet:
            self._greet(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self.socket.closed:
            self.alive = False
            self.socket.disable_monitor()
            self.monitor.close()
            self.socket.close(0)

    # -- one message at a time

    def _ended(self):
        """Reads what the monitor tells; True once the connection is gone."""
        while self.alive and self.monitor.poll(0):
            event = recv_monitor_message(self.monitor)["event"]
            if event in (zmq.EVENT_DISCONNECTED, zmq.EVENT_CLOSED, zmq.EVENT_MONITOR_STOPPED,
                         zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
                         zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL):
                self.alive = False
        return not self.alive

    def _wait_writable(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._ended():
            if self.socket.poll(50, zmq.POLLOUT):
                return True
        return False

    def send(self, kind, body, request=b""):
        """Hands one message to the socket, at once or not at all."""
        header = msgpack.packb([kind, self.boot, self.sent + 1, request, ""], use_bin_type=True)
        if self.socket.closed or self._ended():
            raise self._silence(request, "the connection ended")
        try:
            self.socket.send_multipart([MAGIC, header, body], zmq.DONTWAIT)
        except zmq.ZMQError as error:
            self.close()
            raise self._silence(request, str(error)) from None
        self.sent += 1

    def receive(self, seconds):
        """The next message as (type, request id, body map), or None when there is silence."""
        end = time.monotonic() + seconds
        while not self.socket.closed:
            ended = self._ended()                 # looked at first: what came before is still read
            if self.socket.poll(0 if ended else 50):
                kind, request, body = self._parse(self.socket.recv_multipart())
                if kind != PROBE:
                    return kind, request, body
            elif ended or time.monotonic() > end:
                return None

    def _parse(self, frames):
        if len(frames) != 3 or frames[0] != MAGIC or not 1 <= len(frames[1]) <= MAX_HEADER:
            raise Malformed("frames", "not three frames of AMCP 0.1")
        try:
            header = msgpack.unpackb(frames[1])
        except (ValueError, TypeError) as error:
            raise Malformed("header", str(error)) from None
        if type(header) is not list or len(header) != 5:
            raise Malformed("header", "no array of five")
        kind, boot, seq, request, principal = header
        check("uint", kind, "type"), check("bin=16", boot, "boot_id"), check("uint", seq, "seq")
        check("rid", request, "request_id")
        if principal != "" or kind not in BODY_OF or kind != BROKER_ERROR and (kind in LINK) != (request == b""):
            raise Malformed("header", f"type {kind} does not fit")
        if seq != self.received + 1 or (self.received and boot != self.boot):
            raise Malformed("header", "seq or boot id does not follow")
        self.received, self.boot = seq, boot
        return kind, request, decode(BODY_OF[kind], frames[2])

    def _silence(self, request, why):
        """Section 12: what a client knows when no answer came."""
        if request in self.confirmed:
            return Refusal("Transport", "ANSWER_LOST", "no answer came; ask for the outcome, never "
                           f"send again: {why}", "unknown")
        return Refusal("Transport", "NOT_REACHED", "no answer from the control plane; nothing was "
                       f"confirmed: {why}", "not executed")

    def wait_for(self, request, expected, seconds):
        """The answer about `request` (b"" for link messages); a refusal is raised, silence too."""
        end = time.monotonic() + seconds
        try:
            while True:
                found = next((m for m in self.inbox if m[1] == request), None)
                if found:
                    self.inbox.remove(found)
                    break
                message = self.receive(max(0.0, end - time.monotonic()))
                if message is None:
                    raise self._silence(request, "silence" if self.alive else "connection ended")
                self.inbox.append(message)
            kind, _, body = found
            if kind in (ERROR, BROKER_ERROR, HELLO_REFUSED) and (kind != HELLO_REFUSED or kind in expected):
                raise Refusal(record=body.get("record", 0), **body["error"])
            if kind not in expected:
                raise Malformed("type", f"message {kind} does not follow here")
            return body
        except Malformed as error:               # "MUST close the connection"
            self.close()
            raise self._silence(request, f"unreadable, closed: {error}") from None

    # -- link

    def _greet(self, name):
        self.send(HELLO, encode("Hello", {
            "role": "client", "name": name, "incarnation": os.urandom(16), "minor": MAGIC[5],
            "pid": os.getpid(), "build": "interop 1"}))
        self.welcome = self.wait_for(b"", (WELCOME, HELLO_REFUSED), 5)
        if self.welcome["minor"] != MAGIC[5]:
            self.close()
            raise self._silence(None, "another minor version")
        self.session, self.principal = self.welcome["session"], self.welcome["principal"]
        self.lease_end = time.monotonic() + self.welcome["lease_ms"] / 1000

    def renew(self):
        self.send(RENEW, encode("Renew", {}))
        renewed = self.wait_for(b"", (RENEWED,), 5)
        self.session, self.counter = renewed["session"], 0
        self.lease_end = time.monotonic() + renewed["lease_ms"] / 1000

    def status(self):
        self.send(STATUS_QUERY, encode("StatusQuery", {}))
        return self.wait_for(b"", (STATUS,), 5)

    # -- requests

    def next_id(self, class_bit):
        self.counter += 1
        return pack_id(self.session, self.counter, class_bit)

    def request(self, command, node="", reason="", about="", successor=""):
        """Makes a request; nothing is sent yet, so that its id can be shown or stored."""
        body = encode("Submit", {"command": command, "node": node, "reason": reason, "about": about,
                                 "successor": successor})
        return Request(self.next_id(COMMANDS[command][1]), command, body)

    def _open(self, request, kind, body):
        if request.id in self.used:
            raise ValueError("a request is never sent twice")
        self.used.add(request.id)
        self.send(kind, body, request.id)

    def submit(self, request):
        """RequestResult of an inspection, or ConfirmationAsked of a command that is confirmed."""
        self._open(request, SUBMIT, request.body)
        asked = COMMANDS[request.command][0]
        answer = self.wait_for(request.id, (ASKED,) if asked else (RESULT,), 30)
        if asked and not answer.get("sentence"):
            raise Malformed("sentence", "none was given to confirm with")
        self.given[request.id] = answer
        return answer

    def confirm(self, request, token, explanation_digest, acknowledge=(), responsibility=None,
                sentence=None):
        """The person's yes, once; from here on silence means: outcome unknown.

        It gives back the sentences that came with the question, unless the caller has typed others.
        """
        given = self.given.get(request.id, {})
        if sentence is None:
            sentence = given.get("sentence", "")
        if responsibility is None:
            responsibility = given.get("responsibility_sentence", "")
        body = encode("Confirm", {"token": token, "explanation_digest": explanation_digest,
                                  "acknowledge": list(acknowledge),
                                  "accept_responsibility": responsibility, "sentence": sentence})
        if request.id in self.confirmed:
            raise ValueError("a request is never confirmed twice")
        self.send(CONFIRM, body, request.id)
        self.confirmed.add(request.id)
        return self.wait_for(request.id, (RESULT,), 30)

    def abandon(self, request, token):
        """The person's no; returns the refusal that it ends in."""
        self.send(ABANDON, encode("Abandon", {"token": token}), request.id)
        try:
            self.wait_for(request.id, (), 30)
        except Refusal as refusal:
            return refusal

    def inspect(self, command="inspect_cluster_state", node="", about=""):
        """The decoded View of an inspection."""
        return decode("View", self.submit(self.request(command, node, "", about))["view"])

    def ask(self, text):
        """What became of a request: its OutcomeAnswer."""
        outcomes = self.inspect("inspect_promotion_state", about=text)["outcomes"]
        if len(outcomes) != 1 or id_text(outcomes[0]["request"]) != text:
            raise Malformed("outcomes", "not exactly one about this request")
        return outcomes[0]

    def audit(self, kind, request="", principal="", command="", stage="", from_seq=0, limit=0):
        """(record, AuditPage) of one audit query."""
        body = encode("AuditQuery", dict(kind=kind, request=request, principal=principal,
                                         command=command, stage=stage, from_seq=from_seq, limit=limit))
        query = Request(self.next_id(0), "audit", body)
        self._open(query, AUDIT_QUERY, body)
        answer = self.wait_for(query.id, (AUDIT_RESULT,), 65)
        return answer["record"], decode("AuditPage", answer["answer"])


def show_view(view):
    """Any View, for a person."""
    print(printable(f"{view['command']} of {view['cluster']}: snapshot {view['snapshot']}, "
                    f"fencing epoch {view['fencing_epoch']}"))
    for fact in view["facts"]:
        print(printable(f"  {fact['name']}: {fact['value'] or '(not known)'}"))
    for table in view["tables"]:
        lines = [[c["name"] for c in table["columns"]]] + [row["cells"] for row in table["rows"]]
        widths = [max(len(cell) for cell in column) for column in zip(*lines)]
        print(printable(f"  table {table['name']}:"))
        for line in lines:
            print(printable("    " + "  ".join(c.ljust(w) for c, w in zip(line, widths))).rstrip())
    for finding in view["findings"]:
        print(printable(f"  {finding['severity']} {finding['code']}: {finding['text']}"))
