#!/usr/bin/python3
"""flood.py CLIENT.toml KIND CONNECTIONS SECONDS [unread]: what no honest client does, as fast as it goes.

KIND is looks, changes, repeats, strays, renewals or status.  Each connection sends without waiting for
answers; with `unread` it reads none of them either.  Prints one object in JSON: messages sent, answers by
error code or number of the message, and the last request id.
"""
import json
import sys
import time

import zmq

from aeromq_client import *
from aeromq_wire import *

LOOK = encode("Submit", dict(command="inspect_cluster_state", node="", reason="", about=""))
CHANGE = encode("Submit", dict(command="request_demotion", node="a", reason="r" * 1000, about=""))


class Flood(Client):
    def __init__(self, path, kind):
        super().__init__(path, "flood")
        self.kind, self.answers, self.last = kind, {}, b""

    def send_one(self):
        if self.kind == "renewals":
            return self.send(RENEW, encode("Renew", {}))
        if self.kind == "status":
            return self.send(STATUS_QUERY, encode("StatusQuery", {}))
        if self.kind != "repeats" or not self.last:
            self.last = self.next_id(1 if self.kind in ("changes", "strays") else 0)
        body = {"changes": CHANGE, "strays": b"\x80"}.get(self.kind, LOOK)
        self.send(CONFIRM if self.kind == "strays" else SUBMIT, body, self.last)

    def flood(self, most):
        """Sends up to `most` messages, as many as the socket takes."""
        for sent in range(most):
            if not self.socket.poll(0, zmq.POLLOUT):
                return sent
            try:
                self.send_one()
            except Refusal:                          # the connection ended
                return sent
        return most

    def drain(self):
        while self.alive and self.socket.poll(0):
            kind, _, body = self._parse(self.socket.recv_multipart())
            said = body["error"]["code"] if kind in (ERROR, BROKER_ERROR) else str(kind)
            if kind != PROBE:
                self.answers[said] = self.answers.get(said, 0) + 1


def main(path, kind, connections, seconds, unread=""):
    floods = [Flood(path, kind) for _ in range(int(connections))]
    end, sent, answers = time.monotonic() + float(seconds), 0, {}
    while time.monotonic() < end:
        for one in floods:
            if one.alive:
                sent += one.flood(200)
            if not unread:
                one.drain()
        time.sleep(0.001)
    time.sleep(0.2)
    for one in floods:
        one.drain()
        for said, number in one.answers.items():
            answers[said] = answers.get(said, 0) + number
    print(json.dumps({"sent": sent, "answers": answers, "last": id_text(floods[0].last) if floods[0].last else ""}))
    for one in floods:
        one.close()


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
